"""The unit tests of dashgen verify."""
