"""What the commands do, one module each; :mod:`dashgen.cli` holds their options and help."""
