"""What one life of a source reads with: requests, what they brought, and the order of it."""
