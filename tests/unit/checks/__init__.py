"""The lint rules, each with examples that pass and that fail."""
