"""Which labels come out of a query, and which it names on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen.promql import parse
from dashgen.promql_labels import trace

if TYPE_CHECKING:
    from dashgen.promql import Selector

_SERIES = {"x": "abc", "y": "ad", "h_bucket": "a"}


def _labels_of(selector: Selector) -> frozenset[str] | None:
    """Series x has labels a, b and c; y has a and d; of others nothing is known."""
    if selector.name not in _SERIES:
        return None
    le = {"le"} if selector.name == "h_bucket" else set()
    return frozenset({*_SERIES[selector.name], "__name__", *le})


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ("x", "a b c __name__"),
        ("x @ end() offset 1h", "a b c __name__"),
        ("(x)", "a b c __name__"),
        ("-x", "a b c"),
        ("5", ""),
        ("time()", ""),
        ("vector(1)", ""),
        ("scalar(x)", ""),
        ('"text"', ""),
        ("sum(x)", ""),
        ("sum by (a, nosuch) (x)", "a"),
        ("sum without (a) (x)", "b c"),
        ("topk by (a) (3, x)", "a b c __name__"),
        ('count_values by (a) ("v", x)', "a v"),
        ('count_values("v", x)', "v"),
        ("rate(x[5m])", "a b c"),
        ("last_over_time(x[5m])", "a b c __name__"),
        ("max_over_time(sum by (a) (x)[5m:1m])", "a"),
        ("quantile_over_time(0.9, x[5m])", "a b c"),
        ("histogram_quantile(0.9, rate(h_bucket[5m]))", "a"),
        ('absent(x{a="b",c!="d"})', "a"),
        ('absent_over_time(x{a="b"}[5m])', "a"),
        ("absent(sum(x))", ""),
        ('label_replace(x, "new", "$1", "a", "(.*)")', "a b c new __name__"),
        ('label_replace(x, "new", "", "a", "(.*)")', "a b c __name__"),
        ('label_join(x, "new", "-", "a", "b")', "a b c new __name__"),
        ('sort_by_label(x, "a")', "a b c __name__"),
        ("x > 5", "a b c __name__"),
        ("x > bool 5", "a b c"),
        ("5 < x", "a b c __name__"),
        ("5 * x", "a b c"),
        ("x + time()", "a b c"),
        ("x + (1 + 2)", "a b c"),
        ("x + x", "a b c"),
        ("x + y", "a"),
        ("x + on (a) y", "a"),
        ("x + ignoring (b, c, d) y", "a"),
        ("x == on (a) y", "a"),
        ("x + on (a) group_left y", "a b c"),
        ("x + on (a) group_left (d) y", "a b c d"),
        ("x + on (a) group_left (b) y", "a c"),
        ("x * on (a) group_right (b) y", "a b d"),
        ("x and on (a) y", "a b c __name__"),
        ("x unless y", "a b c __name__"),
        ("sum by (b) (x) or y", "a b d __name__"),
        ("x + fill(0) y", "a b c d"),
        ("day_of_week()", ""),
    ],
)
def test_labels_of_the_result(expr: str, labels: str) -> None:
    """Each operation keeps, drops and adds the labels that Prometheus' documentation says."""
    assert trace(parse(expr), _labels_of).result == frozenset(labels.split())


@pytest.mark.parametrize(
    "expr",
    ["unknown", "rate(unknown[5m])", "sum without (a) (unknown)", "info(x)", "sum by ($label) (x)"],
)
def test_of_some_results_nothing_is_known(expr: str) -> None:
    """Unknown series, and labels by variable, make any label possible."""
    assert trace(parse(expr), _labels_of).result is None


def test_clauses_limit_even_the_unknown() -> None:
    """What `by` lists is all that an unknown series can have left."""
    assert trace(parse("sum by (a) (unknown)"), _labels_of).result == frozenset("a")
    assert trace(parse("unknown + on (a) y"), _labels_of).result == frozenset("a")


@pytest.mark.parametrize(
    ("expr", "missing"),
    [
        ("sum by (a, z) (x)", ["by z"]),
        ("sum without (z) (x)", ["without z"]),
        ("x + on (a, d) y", ["on d"]),
        ("x + ignoring (b, c, d, z) y", ["ignoring z"]),
        ("x + on (a) group_left (b) y", ["group_left b"]),
        ("x + on (a) group_right (d) y", ["group_right d"]),
        ("x and on (z) y", ["on z"]),
        ('sort_by_label(x, "z")', ["sort_by_label z"]),
        ('label_replace(x, "n", "$1", "z", ".*")', ["label_replace z"]),
        ('label_join(x, "n", "-", "a", "z")', ["label_join z"]),
        ("sum by (a) (sum by (b) (x))", ["by a"]),
        ("scalar(sum by (z) (x))", ["by z"]),
        ("sum by (z) (unknown)", []),
        ("sum by ($label) (x)", []),
        ("sum by (a) (x) + on (a) group_left (d) y", []),
    ],
)
def test_labels_that_a_clause_names_in_vain(expr: str, missing: list[str]) -> None:
    """A label that the series there can't have is told with its clause."""
    named = trace(parse(expr), _labels_of).named
    assert [f"{each.clause} {each.label}" for each in named if each.missing] == missing
