"""From files to the values of a project; every fault goes into one report."""
