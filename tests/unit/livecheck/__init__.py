"""Tests of what ``dashgen live-check`` finds."""
