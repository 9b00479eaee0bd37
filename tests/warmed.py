"""What every process of the command would import and parse anew: imported once, and forked from."""

from __future__ import annotations

from dashgen.commands import diff, explain, lint, sweep, verify
from tests.projects import built

__all__ = ["diff", "explain", "lint", "sweep", "verify"]

built()
