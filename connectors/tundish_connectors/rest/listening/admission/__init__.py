"""Who may send: one way to find out per file."""
