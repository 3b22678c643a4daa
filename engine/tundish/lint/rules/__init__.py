"""One rule per file; each file binds its rule to the name `RULE`."""
