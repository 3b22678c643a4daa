"""Calls that are made again and again, for what is new."""
