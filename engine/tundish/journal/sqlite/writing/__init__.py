"""Everything that changes the journal: one thread, one connection, one transaction for whatever has queued."""
