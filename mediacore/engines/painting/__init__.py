"""Covering regions of a file so that nothing under them is left."""
