"""What came of the queries, as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

import click

from dashgen import report
from dashgen.verify.outcome import Status
from dashgen.verify.queries import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashgen.problems import Problem
    from dashgen.verify.outcome import Outcome

_COLOURS = {
    Status.OK: "green",
    Status.MAY_BE_EMPTY: "green",
    Status.EMPTY: "red",
    Status.INCOMPLETE: "red",
    Status.ERROR: "red",
}
_WIDTH = max(len(status.value) for status in Status)
_INDENT = " " * (_WIDTH + 3)


def text(outcomes: Sequence[Outcome], seconds: float, *, quiet: bool = False) -> str:
    """Write a line for each query under its file, with the reason and what to do, and a closing line."""
    lines: list[str] = []
    shown = [each for each in outcomes if each.status.finding or not quiet]
    for (file, document), of_file in groupby(
        shown, key=lambda each: (each.asked.place.shown_file, each.asked.document)
    ):
        lines += [": ".join(filter(None, (file, document))), *(line for each in of_file for line in _lines(each))]
    return "\n".join([*lines, _closing(outcomes, seconds)])


def _lines(outcome: Outcome) -> Iterable[str]:
    status = click.style(f"{outcome.status.value:<{_WIDTH}}", fg=_COLOURS[outcome.status])
    asked, reason = outcome.asked, outcome.reason
    line = f":{asked.place.line}: " if asked.place.line else ""
    number = report.counted(outcome.series, "value") if asked.kind is Kind.VARIABLE else f"{outcome.series} series"
    told = f"{number}, {outcome.seconds * 1000:.0f} ms"
    yield f"  {status} {line}{asked.subject}: {_printable(reason.message) if reason else told}"
    if outcome.status is Status.MAY_BE_EMPTY and asked.may_be_empty:
        yield f"{_INDENT}Empty when: {_printable(asked.may_be_empty)}"
    elif reason and outcome.status.finding:
        yield from (f"{_INDENT}{_printable(each)}" for each in (reason.hint, asked.expr) if each)


def _printable(text: str) -> str:
    """Make one line of what others wrote, without anything that a terminal obeys."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _closing(outcomes: Sequence[Outcome], seconds: float) -> str:
    numbers = Counter(each.status for each in outcomes)
    queries = report.counted(len(outcomes), "query").replace("querys", "queries")
    told = [
        f"{numbers[Status.OK]} ok",
        f"{numbers[Status.MAY_BE_EMPTY]} empty as they may be",
        *(f"{numbers[each]} {each.value}" for each in Status if each.finding),
    ]
    return f"{queries}: {', '.join(told)}, in {seconds:.1f} s"


def as_json(outcomes: Sequence[Outcome], problems: Sequence[Problem], seconds: float) -> str:
    """Write ``{"queries": […], "problems": […], "seconds": …}``; lines are 1-based, 0 where only the file is known."""
    found = {
        "queries": [_entry(each) for each in outcomes],
        "problems": [report.entry(problem) for problem in problems],
        "seconds": round(seconds, 3),
    }
    return json.dumps(found, indent=2)


def _entry(outcome: Outcome) -> dict[str, object]:
    asked, reason = outcome.asked, outcome.reason
    return {
        "file": asked.place.shown_file,
        "line": asked.place.line,
        "document": asked.document,
        "subject": asked.subject,
        "kind": asked.kind.value,
        "expr": asked.expr,
        "instant": asked.instant,
        "status": outcome.status.value,
        "series": outcome.series,
        "seconds": round(outcome.seconds, 4),
        "may_be_empty": asked.may_be_empty,
        "cause": reason.cause.value if reason else "",
        "message": reason.message if reason else "",
        "hint": reason.hint if reason else "",
    }
