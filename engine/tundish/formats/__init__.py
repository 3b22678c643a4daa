"""Formats: bytes to records and back, in a stream and without I/O. One file per format, and what it needs."""
