"""How fast the command, the catalog and the recording rules are; `make bench` runs it."""
