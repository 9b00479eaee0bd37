"""A state compared with a number that is none of its value codes.

The comparison is never true, so that the panel shows that all is well, or always true.

Bad::

    queue_state{job="workers"} == 7

Good::

    queue_state{job="workers"} == -1
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.document import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "value-code"


def check(context: Context) -> Iterator[Finding]:
    """Hold each number that a state's value is compared with against the codes."""
    for element, _, query in context.queries():
        for comparison in query.comparisons:
            for metric in context.metrics(comparison.selector):
                if metric.codes is None or comparison.number in list(metric.codes):
                    continue
                codes = ", ".join(f"{code} {code.word}" for code in metric.codes)
                written = f"{comparison.op} {comparison.number:g}"
                message = f"{metric.name} {written}: that is none of its value codes"
                yield Finding(element, message, f"They are {codes}.")
