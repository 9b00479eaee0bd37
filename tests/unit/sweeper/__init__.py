"""Tests of the sweeper without a gateway."""
