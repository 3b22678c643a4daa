"""What a server recorded, and what of it was there already."""
