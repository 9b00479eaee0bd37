"""How fast the command, the catalog, the listener and the recording rules are; `make bench` runs it."""
