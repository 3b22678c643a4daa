"""Syntax tree to Python function, by way of Python's own syntax tree; no source text is ever made."""
