"""Printing problems: as text for people, as JSON for programs, as annotations for GitHub."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dashgen.problems import Problem


def text(problems: Sequence[Problem]) -> str:
    """Write each problem with its hint, and a closing line; nothing without problems."""
    if not problems:
        return ""
    closing = f"{counted(len(problems), 'problem')}: correct what is named, and run this again."
    return "\n".join([*map(str, problems), closing])


def counted(number: int, noun: str) -> str:
    """Write a number with its noun, in the plural where it must be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def as_json(problems: Sequence[Problem]) -> str:
    """Write ``{"problems": […]}``; lines are 1-based, 0 where only the file is known."""
    return json.dumps({"problems": [entry(problem) for problem in problems]}, indent=2)


def entry(problem: Problem) -> dict[str, str | int]:
    """Return one problem as JSON has it."""
    return {
        "rule": problem.rule,
        "file": problem.place.shown_file,
        "line": problem.place.line,
        "subject": problem.place.subject,
        "message": problem.message,
        "hint": problem.hint,
    }


def github(problems: Sequence[Problem]) -> str:
    """Write GitHub's workflow commands, one a line; nothing without problems.

    The commands and their escapes:
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    return "\n".join(map(_command, problems))


def _command(problem: Problem) -> str:
    place = problem.place
    properties = {
        "file": place.shown_file,
        "line": str(place.line) if place.line else "",
        "title": f"dashgen {problem.rule}",
    }
    given = ",".join(f"{key}={_escaped(value, ',:')}" for key, value in properties.items() if value)
    message = ": ".join(part for part in (place.subject, problem.message) if part)
    hint = f"\n{problem.hint}" if problem.hint else ""
    return f"::error {given}::{_escaped(message + hint)}"


def _escaped(value: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        value = value.replace(character, f"%{ord(character):02X}")
    return value


FORMATS: dict[str, Callable[[Sequence[Problem]], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
}
