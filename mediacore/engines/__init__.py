"""What can be done to a file; one module per operation or family, heavy imports live only here."""
