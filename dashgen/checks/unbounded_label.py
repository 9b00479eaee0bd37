"""An unbounded label in a query over series that must not have it.

A label that takes a new value with each run makes series without end. Only a generation that
keeps each run apart, and has them swept, may carry it; a query for it anywhere else is empty,
or asks for a label that someone will be tempted to add.

Bad::

    queue_length{job="workers",ticket="4711"}

Good::

    queue_length{job="worker_runs",ticket="4711"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.terms import Cardinality
from dashgen.checks.document import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context
    from dashgen.checks.document import Element
    from dashgen.checks.expressions import Expression
    from dashgen.promql import Query

NAME = "unbounded-label"


def check(context: Context) -> Iterator[Finding]:
    """Look for unbounded labels in matchers, clauses and the texts around a query."""
    for element, expression, query in context.queries():
        for label, metric in dict.fromkeys(_misused(context, expression, query)):
            yield _finding(element, label, f"the series of {metric}")
    unbounded = {label.name for label in context.catalog.labels.values() if label.cardinality is Cardinality.UNBOUNDED}
    for document in context.documents:
        for variable in document.variables:
            for use in variable.uses:
                if use.label in unbounded:
                    yield _finding(variable, use.label, "all series")


def _misused(context: Context, expression: Expression, query: Query) -> Iterator[tuple[str, str]]:
    for selector in query.selectors:
        for matcher in selector.matchers:
            metric = context.forbidden(matcher.label, selector)
            if metric is not None:
                yield matcher.label, metric.name
    traced = context.trace(query)
    expected = [named.label for named in traced.named if named.missing and not named.implied]
    expected += [use.label for use in expression.uses if traced.result is not None and use.label not in traced.result]
    for label in expected:
        for selector in query.selectors:
            metric = context.forbidden(label, selector)
            if metric is not None:
                yield label, metric.name


def _finding(element: Element, label: str, of: str) -> Finding:
    return Finding(
        element,
        f"label {label} is unbounded and must not be asked of {of}",
        "Select a job of the generation that keeps each run apart, or leave the label out.",
    )
