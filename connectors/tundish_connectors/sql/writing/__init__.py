"""What a message writes: its values, as the columns take them, and the statements of one transaction."""
