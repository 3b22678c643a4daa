"""What is looked at before anything goes wrong: tables, rights, indexes, clocks."""
