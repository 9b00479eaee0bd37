"""A gauge inside ``rate``, ``irate`` or ``increase``.

These take every decrease for the restart of a counter, and add what was there before: on a
gauge the result is too high, and never negative. ``deriv`` and ``delta`` are for gauges.

Bad::

    rate(queue_length{job="workers"}[5m])

Good::

    deriv(queue_length{job="workers"}[5m])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.terms import MetricType
from dashgen.checks.document import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "gauge-rate"

_INSTEAD = {"rate": "deriv", "irate": "idelta", "increase": "delta"}


def check(context: Context) -> Iterator[Finding]:
    """Look at the function right around every gauge."""
    for element, selector in context.selectors():
        function = selector.around[0] if selector.around else ""
        for metric in context.metrics(selector) if function in _INSTEAD else ():
            if metric.type is MetricType.GAUGE:
                message = f"{metric.name} is a gauge, and {function}() is for counters"
                yield Finding(element, message, f"Use {_INSTEAD[function]}() instead.")
