"""Asking a system for what is new: pages, watermarks, and what was handed over already."""
