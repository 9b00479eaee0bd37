"""Metrics that nothing uses, or that nothing emits, held against what the catalog says of them.

A metric that no panel, variable, annotation or rule reads costs its series for nothing, unless
the catalog says why it is there (``unused_because``); that reason goes once it is used. A
metric of the listener that no event sets, and a recorded one that no rule makes, is a promise
that nobody keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.terms import Source
from dashgen.problems import Problem
from dashgen.usage import uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Catalog, Metric
    from dashgen.checks.context import Context
    from dashgen.rules.model import Record

UNUSED_METRIC = "unused-metric"
UNEMITTED_METRIC = "unemitted-metric"


def check(context: Context, records: Iterable[Record]) -> Iterator[Problem]:
    """Check every metric of the catalog against the documents, the events and the records."""
    used = uses(context)
    recorded = {record.metric.name for record in records}
    for metric in context.catalog:
        yield from _used(metric, in_use=metric.name in used)
        yield from _emitted(metric, context.catalog, recorded)


def _used(metric: Metric, *, in_use: bool) -> Iterator[Problem]:
    if in_use and metric.unused_because is not None:
        message = f"metric {metric.name} is used, but says why it is not"
        yield Problem(metric.place, UNUSED_METRIC, message, "Take unused_because out.")
    elif not in_use and not (metric.unused_because or "").strip():
        message = f"metric {metric.name} is on no dashboard and in no rule"
        hint = "Show it somewhere, say why not in unused_because, or leave it out."
        yield Problem(metric.place, UNUSED_METRIC, message, hint)


def _emitted(metric: Metric, catalog: Catalog, recorded: set[str]) -> Iterator[Problem]:
    if metric.source is Source.LISTENER and not catalog.events_setting(metric):
        message = f"metric {metric.name} is set by no event"
        yield Problem(metric.place, UNEMITTED_METRIC, message, "Add it to an event's metrics.")
    if metric.source is Source.RECORDING_RULE and metric.name not in recorded:
        message = f"metric {metric.name} is made by no recording rule"
        yield Problem(metric.place, UNEMITTED_METRIC, message, "Write a Record for it.")
