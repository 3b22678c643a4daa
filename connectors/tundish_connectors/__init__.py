"""Connectors that come with Tundish."""
