"""The main job on this machine alone: real files over five channels, both ways, and every promise checked."""
