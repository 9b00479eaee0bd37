"""A difference as Markdown, for the text of a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dashgen.report import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.diff.model import Change, Detail, Difference

_SHORT = 60


def markdown(found: Difference, since: str) -> str:
    """Write a difference; ``since`` names what the output is compared with."""
    lines = [f"## Changes of the generated output since {code(since)}", "", _summary(found)]
    sections = {
        "Metrics": found.metrics,
        "Dashboards": found.dashboards,
        "Alerts": found.alerts,
        "Recording rules": found.recording_rules,
        "Other files": found.files,
    }
    for title, changes in sections.items():
        if changes:
            lines += ["", f"### {title}", "", *_list(changes)]
    return "\n".join(lines)


def _summary(found: Difference) -> str:
    if not found:
        return "Nothing changes."
    if not found.breaking:
        return "Nothing breaks: what queries and alerts written elsewhere rely on is kept."
    names = ", ".join(code(change.name) for change in found.breaking)
    return (
        f"**This breaks what others rely on, in {counted(len(found.breaking), 'metric')}**: {names}. Queries and "
        "alerts written elsewhere go silent without an error. If it is meant: `dashgen build --accept-breaking`."
    )


def _list(changes: Iterable[Change], indent: str = "", noun: str = "") -> Iterator[str]:
    for change in changes:
        mark = " (**breaking**)" if change.breaking else ""
        yield f"{indent}- {change.kind} {noun}{code(change.name)}{mark}"
        for detail in change.details:
            yield from _detail(detail, f"{indent}  ")
        yield from _list(change.parts, f"{indent}  ", "panel ")


def _detail(detail: Detail, indent: str) -> Iterator[str]:
    what = f"{indent}- {code(detail.what) if '`' in detail.what else detail.what}"
    old, new = detail.old, detail.new
    if old is None and new is None:
        yield what
    elif any("\n" in text or len(text) > _SHORT for text in (old, new) if text is not None):
        yield f"{what}:"
        yield from _block(old, new, f"{indent}  ")
    elif old is None or new is None:
        yield f"{what}: {code(new)}" if new is not None else f"{what} gone: {code(old or '')}"
    else:
        yield f"{what}: {code(old)} → {code(new)}"


def _block(old: str | None, new: str | None, indent: str) -> Iterator[str]:
    """Write long texts as a block, which GitHub colours as a diff."""
    marked = [f"- {line}" for line in (old or "").splitlines()] + [f"+ {line}" for line in (new or "").splitlines()]
    fence = "`" * max(3, 1 + _longest_run("\n".join(marked)))
    yield from (f"{indent}{line}" for line in (f"{fence}diff", *marked, fence))


def code(text: str) -> str:
    """Write a text as Markdown's code, whatever is in it; it then mentions and formats nothing."""
    plain = " ".join(text.split()) or " "
    ticks = "`" * (1 + _longest_run(plain))
    space = " " if "`" in (plain[0], plain[-1]) else ""
    return f"{ticks}{space}{plain}{space}{ticks}"


def _longest_run(text: str) -> int:
    """Return how many backticks stand together at most."""
    return max(map(len, re.findall("`+", text)), default=0)
