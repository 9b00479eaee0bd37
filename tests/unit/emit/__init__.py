"""Tests of what is made up for ``dashgen emit``."""
