"""Calls of a service: the wire, and what answers mean."""
