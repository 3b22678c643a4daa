"""The three ways by which a source knows which rows are new."""
