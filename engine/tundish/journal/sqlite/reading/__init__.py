"""Everything that reads the journal, from the daemon or from another process."""
