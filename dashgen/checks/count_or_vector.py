"""``count(…) or vector(0)``.

It is nought when nothing fits, and just as well when nothing arrives at all: an outage looks
like a good day. A sum of true and false is nought in the first case and empty in the second,
and so is a recorded one (``…:sum``, ``…:count``); ``or vector(0)`` after it hides that again.

Bad::

    count(queue_state{job="workers"} == -1) or vector(0)

Good::

    sum(queue_state{job="workers"} == bool -1)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from promql_parser import AggregateExpr, BinaryExpr, VectorSelector

from dashgen.catalog.terms import Source
from dashgen.checks.document import Finding
from dashgen.promql import COMPARISONS, selector_of, without_parens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promql_parser import Expr

    from dashgen.checks.context import Context

NAME = "count-or-vector"

_COUNTED = (":sum", ":count")


def check(context: Context) -> Iterator[Finding]:
    """Look for counts with a constant to fall back to."""
    for element, _, query in context.queries():
        for number in query.or_constant:
            if _counts(context, number):
                op = "count" if _is(number, "count") else "sum"
                message = f"{op}(…) or vector(…) shows the same when all is well and when nothing arrives"
                yield Finding(element, message, _instead(number))


def _is(node: Expr, op: str) -> bool:
    return isinstance(node, AggregateExpr) and str(node.op) == op


def _counts(context: Context, node: Expr) -> bool:
    """Whether a number says how many series there are of a kind."""
    match without_parens(node):
        case AggregateExpr(op=op, expr=inner):
            return str(op) == "count" or (str(op) == "sum" and (_is_bool(inner) or _counts(context, inner)))
        case VectorSelector() as selector:
            return any(
                metric.source is Source.RECORDING_RULE and metric.name.endswith(_COUNTED)
                for metric in context.metrics(selector_of(selector))
            )
    return False


def _is_bool(node: Expr) -> bool:
    node = without_parens(node)
    return isinstance(node, BinaryExpr) and bool(node.modifier and node.modifier.return_bool)


def _instead(number: Expr) -> str:
    if not isinstance(number, AggregateExpr) or not _is(number, "count"):
        return "Leave out `or vector(…)`: the sum is 0 when all is well, and empty without data."
    counted, use = without_parens(number.expr), "sum(… == bool …)"
    if isinstance(counted, BinaryExpr) and str(counted.op) in COMPARISONS and not _is_bool(counted):
        use = f"sum({counted.lhs} {counted.op} bool {counted.rhs})"
    return f"Use {use}: it is 0 when all is well, and empty without data."
