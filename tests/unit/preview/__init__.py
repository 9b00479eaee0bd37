"""The preview's parts by themselves."""
