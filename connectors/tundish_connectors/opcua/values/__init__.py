"""Values: what they are in JSON, the records that they make, and the way back."""
