"""Tests that run real servers, build a package or make an environment."""
