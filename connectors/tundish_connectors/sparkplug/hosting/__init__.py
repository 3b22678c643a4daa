"""What a host application knows of the edge nodes that it hears."""
