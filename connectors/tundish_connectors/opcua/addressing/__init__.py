"""How people write where a node is, and how it is found."""
