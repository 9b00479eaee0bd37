"""``count(…) or vector(0)``.

It is nought when nothing fits, and just as well when nothing arrives at all: an outage looks
like a good day. A sum of true and false is nought in the first case and empty in the second.

Bad::

    count(queue_state{job="workers"} == -1) or vector(0)

Good::

    sum(queue_state{job="workers"} == bool -1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promql_parser import BinaryExpr

from dashgen.checks.document import Finding
from dashgen.promql import COMPARISONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promql_parser import Expr

    from dashgen.checks.context import Context

NAME = "count-or-vector"


def check(context: Context) -> Iterator[Finding]:
    """Look for counts with a constant to fall back to."""
    for element, _, query in context.queries():
        for counted in query.counted_or_zero:
            yield Finding(
                element,
                "count(…) or vector(…) shows the same when all is well and when nothing arrives",
                f"Use {_instead(counted)}: it is 0 when all is well, and empty without data.",
            )


def _instead(counted: Expr) -> str:
    if isinstance(counted, BinaryExpr) and str(counted.op) in COMPARISONS:
        return f"sum({counted.lhs} {counted.op} bool {counted.rhs})"
    return "sum(… == bool …)"
