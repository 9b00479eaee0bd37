"""A query that does not parse.

Prometheus refuses it, and the panel, variable or rule shows nothing. It is parsed as Prometheus
would see it, with a value of the right type for each of Grafana's variables.

Bad::

    sum by (queue (queue_length{job="workers"})

Good::

    sum by (queue) (queue_length{job="workers"})
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, shown
from dashgen.promql import PromqlError, attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "promql-syntax"


def check(context: Context) -> Iterator[Finding]:
    """Parse every expression."""
    for document in context.documents:
        for element, expression in document.queries:
            error = attempt(expression.text)
            if isinstance(error, PromqlError):
                message = f"the query does not parse: {error}"
                yield Finding(element, message, f"The query: {shown(expression.text)}")
