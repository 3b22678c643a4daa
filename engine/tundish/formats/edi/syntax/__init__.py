"""Bytes to interchanges, groups and messages: delimiters, headers and trailers, character sets; no message types.

`reader` is the door: one message in memory at a time, whatever the size of the unit.
"""
