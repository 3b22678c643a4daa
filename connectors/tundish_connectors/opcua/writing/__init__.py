"""From a record to what a server takes: values of a node's own type."""
