"""A label in a selector that the metric does not have in the selected jobs.

A matcher on a label that is not there matches nothing, or everything when it lets the empty
value through: the query is empty, or silently unfiltered.

Bad::

    queue_length{job="workers",queu="mail"}

Good::

    queue_length{job="workers",queue="mail"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.context import did_you_mean
from dashgen.checks.document import Finding, shown
from dashgen.promql_variables import NAME as VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "unknown-label"


def check(context: Context) -> Iterator[Finding]:
    """Hold each matcher's label against those of the metric."""
    for element, selector in context.selectors():
        available = context.labels_of(selector)
        metrics = " or ".join(metric.name for metric in context.metrics(selector))
        for label in dict.fromkeys(matcher.label for matcher in selector.matchers):
            if available is None or label in available or VARIABLE in label:
                continue
            if context.forbidden(label, selector) is None:
                listed = ", ".join(sorted(available))
                hint = did_you_mean(label, available) or f"It has {listed}."
                yield Finding(element, f"{metrics} has no label {shown(label)} there", hint)
