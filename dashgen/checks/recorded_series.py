"""A recorded series that is not the one of the catalog.

Its name is ``level:metric:operation``, as Prometheus' practice for recording rules has it, and
is in the catalog, with the labels that the rule's expression leaves: panels and alerts are
checked against that entry. Foreign rules may record what they like beside the catalog.

Bad::

    record: queue_length_sum
    expr: sum(queue_length{job="workers"})

Good::

    record: queue:queue_length:sum
    expr: sum by (queue) (queue_length{job="workers"})
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen.catalog.terms import JOB_LABEL, Source
from dashgen.checks.context import did_you_mean
from dashgen.checks.document import Finding, shown
from dashgen.promql import NAME_LABEL, Query, attempt

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.checks.context import Context
    from dashgen.checks.document import Element

NAME = "recorded-series"

_PARTS = 3


def check(context: Context) -> Iterator[Finding]:
    """Hold each recording rule against the catalog's entry for its series."""
    recorded = {metric.name: metric for metric in context.catalog if metric.source is Source.RECORDING_RULE}
    for document in context.documents:
        for rule in document.rules:
            if "record" not in rule.data:
                continue
            if not context.foreign:
                yield from _name(rule, tuple(recorded))
            if rule.name in recorded:
                yield from _labels(context, rule, recorded[rule.name])


def _name(rule: Element, recorded: tuple[str, ...]) -> Iterator[Finding]:
    parts = rule.name.split(":")
    if len(parts) != _PARTS or not all(parts):
        message = f"{shown(rule.name)} is not named level:metric:operation"
        yield Finding(rule, message)
    if rule.name not in recorded:
        message = f"{shown(rule.name)} is not in the catalog as a recorded series"
        yield Finding(rule, message, did_you_mean(rule.name, recorded) or "Define it there.")


def _labels(context: Context, rule: Element, metric: Metric) -> Iterator[Finding]:
    query = attempt(rule.expressions[0].text)
    result = context.trace(query).result if isinstance(query, Query) else None
    if result is None or metric.open_labels:
        return
    added = rule.data.get("labels")
    # External labels are on no series where rules are evaluated, though a dashboard may see them elsewhere.
    made = {*(result - context.settings.extra_labels.keys()), *(added if isinstance(added, Mapping) else ())}
    made -= {NAME_LABEL}
    labels = [label for job in metric.jobs or (None,) for label in metric.labels_in(job)]
    needed = {label.name for label in labels if not label.optional}
    allowed = {label.name for label in labels}
    if metric.jobs:
        needed.add(JOB_LABEL)
        allowed.add(JOB_LABEL)
    for label in sorted(needed - made):
        yield Finding(rule, f"{metric.name} should have label {label}, which the rule drops")
    for label in sorted(made - allowed):
        message = f"{metric.name} has no label {label} in the catalog, which the rule leaves"
        yield Finding(rule, message, "Sum it away, or add it to the catalog.")
