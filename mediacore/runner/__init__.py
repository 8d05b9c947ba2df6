"""The runner: configuration, commands and the web edge. It decides nothing and wires everything."""
