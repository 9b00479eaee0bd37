"""`dashgen preview`: its server, its page and its pictures."""
