"""Planted drifts: one side is changed and the other is not, and build or lint must say so."""
