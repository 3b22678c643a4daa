"""Requests that we make: how they are built, sent and proven, and what their answers mean."""
