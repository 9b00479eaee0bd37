"""``python -m dashgen``: the command, of this interpreter's installation."""

from dashgen.cli import main

main()
