"""Lines to peers: how they are encrypted, and how it is noticed that nobody is there any more."""
