"""The words of a file and where they stand."""
