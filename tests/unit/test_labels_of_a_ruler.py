"""A ruler may give what it records labels of its own, as vmalert and Thanos do: no query may be thrown off by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from promql_parser import AggregateExpr, BinaryExpr, Call, ParenExpr, SubqueryExpr, UnaryExpr

from dashgen.promql import Query, attempt
from dashgen.promql_labels import trace
from dashgen.rules.model import Record
from tests.asked import queries
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from promql_parser import Expr

    from dashgen.promql import Selector
    from dashgen.promql_labels import Labels

RULERS = "label_of_the_ruler"
PROJECT = builtin()
QUERIES = {
    **{
        rule.metric.name if isinstance(rule, Record) else rule.name: rule.expr
        for group in (*PROJECT.recording, *PROJECT.alerts)
        for rule in group.rules
    },
    **{str(asked): asked.expr for asked in queries(PROJECT)},
}
# Its parts are of different things: a deployment that is refused, and a gateway that refuses.
APART = {"PushgatewayPushesFailing"}


def _labels(selector: Selector) -> Labels:
    metric = PROJECT.catalog.metric(selector.name)
    assert metric is not None or not selector.name or selector.name.startswith("ALERTS"), selector.name
    return frozenset({str(label) for label in metric.labels} if metric else ()) | (
        {RULERS} if ":" in selector.name else frozenset()
    )


def _parsed(text: str) -> Query:
    query = attempt(text)
    assert isinstance(query, Query)
    return query


def _parts(node: Expr) -> Iterator[Expr]:
    yield node
    match node:
        case AggregateExpr() | ParenExpr() | UnaryExpr() | SubqueryExpr():
            yield from _parts(node.expr)
        case Call():
            for argument in node.args:
                yield from _parts(argument)
        case BinaryExpr():
            yield from _parts(node.lhs)
            yield from _parts(node.rhs)


def _has(node: Expr) -> bool:
    return RULERS in (trace(_parsed(node.prettify()), _labels).result or ())


@pytest.mark.parametrize("name", QUERIES)
def test_no_match_by_a_rulers_label(name: str) -> None:
    """Two sides that match by all of their labels have both come from a ruler, or neither."""
    query = _parsed(QUERIES[name])
    assert [each.clause for each in trace(query, _labels).named if each.implied and each.label == RULERS] == []


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - APART))
def test_no_union_by_a_rulers_label(name: str) -> None:
    """What `or` adds is told from what is there by the labels of the catalog, or comes from a ruler as that does."""
    unions = [
        part for part in _parts(_parsed(QUERIES[name]).root) if isinstance(part, BinaryExpr) and str(part.op) == "or"
    ]
    by_all = [each for each in unions if each.modifier is None or each.modifier.matching is None]
    assert [each.prettify() for each in by_all if _has(each.lhs) != _has(each.rhs)] == []
