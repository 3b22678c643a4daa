"""What happens in the plant during one shift."""
