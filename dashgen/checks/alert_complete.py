"""An alert that leaves whoever is woken up alone.

It needs a severity and an owner to be routed by, a summary and a description to be understood,
and a runbook to be acted on; its ``for`` must be a duration. A foreign alert must say what is
wrong, in a summary or a description: how it is routed is not ours to know.

Bad::

    alert: QueueStuck
    expr: queue_state{job="workers"} == -1

Good::

    alert: QueueStuck
    expr: queue_state{job="workers"} == -1
    for: 5m
    labels: {severity: warning, owner: mail}
    annotations: {summary: …, description: …, runbook_url: …}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.catalog.labels import OWNER, SEVERITY
from dashgen.checks.document import Finding, shown

if TYPE_CHECKING:
    from dashgen.checks.context import Context
    from dashgen.checks.document import Element

NAME = "alert-complete"

_NEEDS = {
    "labels": (SEVERITY.name, OWNER.name),
    "annotations": ("summary", "description", "runbook_url"),
}

# "message" is what many older rule files have.
_SAYS_WHAT = ("summary", "description", "message")


def check(context: Context) -> Iterator[Finding]:
    """Look for each part in every alert."""
    for document in context.documents:
        for rule in document.rules:
            if "alert" in rule.data:
                yield from _mute(rule) if context.foreign else _missing(rule)
                yield from _holds(rule)


def _missing(rule: Element) -> Iterator[Finding]:
    for part, keys in _NEEDS.items():
        for key in keys:
            if not _has(rule, part, key):
                yield Finding(rule, f"the alert has no {key}", f"Add it to its {part}.")


def _mute(rule: Element) -> Iterator[Finding]:
    if not any(_has(rule, "annotations", key) for key in _SAYS_WHAT):
        yield Finding(rule, "the alert does not say what is wrong", "Add a summary or description to its annotations.")


def _has(rule: Element, part: str, key: str) -> bool:
    texts = rule.data.get(part)
    return isinstance(texts, Mapping) and bool(str(texts.get(key) or "").strip())


def _holds(rule: Element) -> Iterator[Finding]:
    for key in ("for", "keep_firing_for"):
        written = rule.data.get(key)
        if written is None:
            continue
        try:
            durations.parse(str(written))
        except ValueError:
            yield Finding(rule, f"`{key}: {shown(written)}` is no duration", "Write 5m or 1h.")
