"""The command ``dashgen``: options, help and exit codes; :mod:`dashgen.commands` does the work.

Exit codes: 0 all is well, 1 findings, 2 wrong usage or configuration, 3 a file or a server
that can't be reached, 130 interrupted. Results go to stdout, diagnostics to stderr.
"""

from __future__ import annotations

import sys

import click

from dashgen.cli.base import cli
from dashgen.cli.definitions import build, completion, diff, explain, init, lint
from dashgen.cli.servers import doctor, emit, live_check, preview, sweep, verify

__all__ = [
    "build",
    "cli",
    "completion",
    "diff",
    "doctor",
    "emit",
    "explain",
    "init",
    "lint",
    "live_check",
    "main",
    "preview",
    "sweep",
    "verify",
]

EXIT_INTERRUPTED = 130


def main() -> None:
    """Run the command line; never a traceback for wrong input, Ctrl-C or a closed pipe."""
    try:
        code = cli.main(prog_name="dashgen", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = EXIT_INTERRUPTED
    sys.exit(code)
