"""What foreign rule files record, as metrics beside those of the catalog.

A panel, an alert or another rule may select it: the labels are those that the recording rule's
expression leaves, as far as they can be followed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from dashgen.catalog.model import Catalog, Metric
from dashgen.catalog.terms import Label, MetricType, Source
from dashgen.checks.document import dicts, text_of
from dashgen.promql import NAME_LABEL, Query, attempt
from dashgen.promql_labels import Labels, trace

if TYPE_CHECKING:
    from dashgen.checks.context import Context
    from dashgen.promql import Selector

# Series recorded from recorded series: the labels are followed through so many rules.
_LONGEST_CHAIN = 10


class _Record(NamedTuple):
    """A recording rule: the series' name, the expression, and the labels that the rule sets."""

    name: str
    query: Query
    sets: frozenset[str]


def with_recorded(context: Context) -> Context:
    """Return the context with the series that its documents record in the catalog."""
    records = [record for record in _records(context) if record.name not in context.catalog.by_name]
    if not records:
        return context
    known = context.catalog.labels
    metrics = (
        Metric(
            name,
            MetricType.GAUGE,
            help="",
            read="",
            source=Source.CUSTOM,
            owner="",
            labels=tuple(known.get(label) or Label(label, "") for label in sorted(labels or ())),
            open_labels=labels is None,
        )
        for name, labels in _labels(context, records).items()
    )
    return replace(context, catalog=Catalog((*context.catalog.metrics, *metrics), context.catalog.events))


def _records(context: Context) -> Iterator[_Record]:
    for document in context.documents:
        for group in document.groups:
            for rule in dicts(group.data.get("rules")):
                name, query = text_of(rule, "record"), attempt(str(rule.get("expr")))
                if name and isinstance(query, Query):
                    yield _Record(name, query, _set_by(group.data) | _set_by(rule))


def _set_by(data: Mapping[str, object]) -> frozenset[str]:
    labels = data.get("labels")
    return frozenset(map(str, labels)) if isinstance(labels, Mapping) else frozenset()


def _labels(context: Context, records: list[_Record]) -> dict[str, Labels]:
    """Follow the labels to each series; those of several rules are put together."""
    found: dict[str, Labels] = {record.name: None for record in records}

    def labels_of(selector: Selector) -> Labels:
        labels = found[selector.name] if selector.name in found else context.labels_of(selector)
        return None if labels is None else labels | {NAME_LABEL}

    for _ in range(_LONGEST_CHAIN):
        made: defaultdict[str, Labels] = defaultdict(frozenset)
        for record in records:
            before, result = made[record.name], trace(record.query, labels_of).result
            both = None if before is None or result is None else before | result | record.sets
            made[record.name] = None if both is None else both - {NAME_LABEL}
        if made == found:
            break
        found = dict(made)
    return found
