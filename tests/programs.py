"""Where the programs are that tests run for real."""

from __future__ import annotations

import shutil
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools"


class MissingProgramError(Exception):
    """A program that a test needs is not on this machine."""


def program(name: str, *, tools: Path = TOOLS) -> Path:
    """Return the path of a program, the project's own copy before the machine's.

    Raises:
        MissingProgramError: there is none; the message says what installs it.

    """
    found = shutil.which(name, path=tools / "bin") or shutil.which(name)
    if found is None:
        raise MissingProgramError(f"{name} is not installed: `make servers` installs what tests and demo run")
    return Path(found)


def promtool() -> Path:
    """Return Prometheus' checker of rules, rule tests and configuration."""
    return program("promtool")


def amtool() -> Path:
    """Return Alertmanager's checker of configuration and routes."""
    return program("amtool")


def pint() -> Path:
    """Return the linter of Prometheus rules."""
    return program("pint")
