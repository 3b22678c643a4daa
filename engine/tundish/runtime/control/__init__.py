"""How an operator talks to a running daemon."""
