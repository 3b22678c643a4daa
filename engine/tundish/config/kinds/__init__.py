"""What files can be: one module for each kind, told by the first field of the file."""
