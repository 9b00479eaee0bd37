"""What differs between rules: alerts and recorded series, known by their names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashgen import promql
from dashgen.checks.document import dicts, text_of
from dashgen.diff import model
from dashgen.diff.model import Change, Detail, Facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dashgen.checks.document import Document

EXPR = "expr"
_TIMES = ("for", "keep_firing_for")


def facts(documents: Iterable[Document], kind: str) -> dict[Any, Facts]:
    """Return what is compared of all rules of a kind: ``alert`` or ``record``."""
    found = [
        Facts(rule[kind], dict(_shown(rule, group.data)), _table(rule, "annotations", "annotation "))
        for document in documents
        for group in document.groups
        for rule in dicts(group.data.get("rules"))
        if kind in rule
    ]
    return model.identified(found, lambda each: each.name)


def _shown(rule: Mapping[str, Any], group: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield EXPR, str(rule.get(EXPR, ""))
    yield "group", text_of(group, "name")
    if "interval" in group:
        yield "interval", str(group["interval"])
    for time in _TIMES:
        if time in rule:
            yield time, str(rule[time])
    yield from _table(rule, "labels", "label ").items()


def _table(rule: Mapping[str, Any], key: str, prefix: str) -> dict[str, str]:
    values = rule.get(key)
    return {f"{prefix}{name}": str(value) for name, value in values.items()} if isinstance(values, dict) else {}


def changes(old: Iterable[Document], new: Iterable[Document], kind: str) -> tuple[Change, ...]:
    """Say what changes of the rules of a kind; a limit that moves is told as one, not as a query."""
    found = model.changes(facts(old, kind), facts(new, kind))
    return tuple(replace(change, details=tuple(map(_limit, change.details))) for change in found)


def _limit(detail: Detail) -> Detail:
    if detail.what != EXPR or detail.old is None or detail.new is None:
        return detail
    before, after = _threshold(detail.old), _threshold(detail.new)
    if before is None or after is None or before[0] != after[0]:
        return detail
    return Detail("threshold", f"{before[1]:g}", f"{after[1]:g}")


def _threshold(expr: str) -> tuple[str, float] | None:
    query = promql.attempt(expr)
    return None if isinstance(query, promql.PromqlError) else promql.threshold(query)
