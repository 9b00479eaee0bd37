"""The shape of what ``dashgen doctor`` finds."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from dashgen.problems import EXIT_FINDINGS


class Status(Enum):
    """How a check ended. With a warning values arrive, now or still; with a failure some don't."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(NamedTuple):
    """One thing that was looked at: what was found, and what to do about it.

    ``hint`` is a sentence or a command, and may be empty. ``exit_code`` counts only where the
    check failed: 1, or 2 for wrong configuration, or 3 for what could not be reached.
    """

    name: str
    status: Status
    message: str
    hint: str = ""
    exit_code: int = EXIT_FINDINGS


def ok(name: str, message: str) -> Check:
    """Say that all is well."""
    return Check(name, Status.OK, message)


def warning(name: str, message: str, hint: str = "") -> Check:
    """Say what is odd, or could not be looked at."""
    return Check(name, Status.WARNING, message, hint)


def failed(name: str, message: str, hint: str = "", exit_code: int = EXIT_FINDINGS) -> Check:
    """Say what keeps values from arriving."""
    return Check(name, Status.FAILED, message, hint, exit_code)


def shown(text: str) -> str:
    """Write what others wrote on one line that any terminal takes."""
    return text if text.isprintable() else repr(text)
