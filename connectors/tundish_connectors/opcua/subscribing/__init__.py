"""A subscription: what is monitored, what came, what is missing, and where it was."""
