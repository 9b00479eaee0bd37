"""The whole system at work on one machine: ``python -m demo``."""
