"""Recording and alert rules: what is recorded, what alerts, and the cases that prove it."""
