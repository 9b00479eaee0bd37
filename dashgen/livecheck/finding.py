"""The shape of what ``dashgen live-check`` finds."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Level(Enum):
    """How bad it is: with an error something shows nothing or a wrong value; an info may be as it should."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Finding(NamedTuple):
    """One thing that is not as the catalog says: where, what, and what to do about it.

    ``where`` is a job, a metric or a server; ``hint`` may be empty.
    """

    level: Level
    rule: str
    where: str
    message: str
    hint: str = ""


def error(rule: str, where: str, message: str, hint: str = "") -> Finding:
    """Say what is wrong."""
    return Finding(Level.ERROR, rule, where, message, hint)


def warning(rule: str, where: str, message: str, hint: str = "") -> Finding:
    """Say what is odd."""
    return Finding(Level.WARNING, rule, where, message, hint)


def info(rule: str, where: str, message: str, hint: str = "") -> Finding:
    """Say what is worth knowing."""
    return Finding(Level.INFO, rule, where, message, hint)
