"""The named steps of the two stories; ``mediacore.pipeline`` tells the order, these do the work."""
