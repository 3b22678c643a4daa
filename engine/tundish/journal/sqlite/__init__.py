"""The journal in one SQLite file: one process writes, any process reads."""
