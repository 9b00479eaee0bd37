"""A counter that is read without ``rate``, ``increase``, ``irate`` or ``resets``.

A counter's value is the sum since its process started: it says nothing by itself, and drops to
nought with every restart. Questions that do not read the value (``count``, ``absent`` …) are
fine, and so is ``x unless x offset 5m``: all that a new series counted, it counted since.

Bad::

    sum(jobs_done_total{job="workers"})

Good::

    sum(rate(jobs_done_total{job="workers"}[5m]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.document import Finding
from dashgen.promql import NEW_SERIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "counter-rate"

_READS_COUNTERS = frozenset({"rate", "irate", "increase", "resets", "histogram_quantile", NEW_SERIES})
_READS_NO_VALUE = frozenset(
    {
        *("absent", "absent_over_time", "present_over_time", "timestamp"),
        *("count", "count_over_time", "group", "and", "unless"),
    }
)


def check(context: Context) -> Iterator[Finding]:
    """Look at what stands around every counter."""
    for element, query in ((element, query) for element, _, query in context.queries()):
        for selector in query.selectors:
            fine = not (_READS_COUNTERS | _READS_NO_VALUE).isdisjoint(selector.around)
            for name in () if fine else filter(context.is_counter, context.names(selector)):
                yield Finding(
                    element,
                    f"{name} is a counter, and its value alone says nothing",
                    f"Use rate({selector}[$__rate_interval]) or increase(…).",
                )
