"""What every process of the command would import and parse anew: imported once, and forked from."""

from __future__ import annotations

from dashgen.build import build
from dashgen.commands import diff, explain, lint, sweep, verify
from tests.projects import builtin

__all__ = ["diff", "explain", "lint", "sweep", "verify"]

build(builtin())
