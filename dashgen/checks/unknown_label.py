"""A label in a selector that the metric does not have in the selected jobs.

A matcher on a label that is not there matches nothing, or everything when it lets the empty
value through: the query is empty, or silently unfiltered. External labels are none that a rule
can select by: Prometheus adds them to what leaves it.

Bad::

    queue_length{job="workers",hots="mail1"}

Good::

    queue_length{job="workers",host="mail1"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.context import did_you_mean
from dashgen.checks.document import Finding, shown
from dashgen.promql_variables import NAME as VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context
    from dashgen.checks.document import Element
    from dashgen.promql import Selector

NAME = "unknown-label"


def check(context: Context) -> Iterator[Finding]:
    """Hold each matcher's label against those of the metric."""
    rules = frozenset(rule for document in context.documents for rule in document.rules)
    for element, selector in context.selectors():
        available = context.labels_of(selector)
        if element in rules:
            yield from _external(context, element, selector)
        metrics = " or ".join(metric.name for metric in context.metrics(selector))
        for label in dict.fromkeys(matcher.label for matcher in selector.matchers):
            if available is None or label in available or VARIABLE in label:
                continue
            if context.forbidden(label, selector) is None:
                listed = ", ".join(sorted(available))
                hint = did_you_mean(label, available) or f"It has {listed}."
                yield Finding(element, f"{metrics} has no label {shown(label)} there", hint)


def _external(context: Context, element: Element, selector: Selector) -> Iterator[Finding]:
    for label in dict.fromkeys(matcher.label for matcher in selector.matchers):
        if label in context.settings.extra_labels:
            message = f"label {label} is an external label, which no series has where rules are evaluated"
            yield Finding(element, message, "Leave it out: everything there has the same value.")
