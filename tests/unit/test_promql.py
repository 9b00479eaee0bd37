"""Reading PromQL: Grafana's variables, selectors, comparisons."""

from __future__ import annotations

import time

import pytest

from dashgen.promql import PromqlError, attempt, parse, threshold
from dashgen.promql_variables import interpolate, references


@pytest.mark.parametrize(
    "expr",
    [
        "rate(x[$__rate_interval])",
        "max_over_time(x[${__range}])",
        "max_over_time(x[$__range_s])",
        "max_over_time(x[${__range_s}s])",
        "max_over_time(x[$window:$step])",
        "max_over_time(x[[[window]]])",
        "max_over_time(x[${minutes}m])",
        "x offset $shift",
        "x offset -$shift",
        "x * $__interval_ms / 1000",
        "x - $__from",
        "topk($limit, x)",
        "topk(${limit:raw}, x)",
        "topk([[limit]], x)",
        "sum by ($label) (x)",
        "x * on ($label) group_left ($other, c) y",
        "rate($metric[5m])",
        "$metric{a='b'}",
        "sum($metric)",
        "airflow_${kind}_total",
        "${kind}_total{a='b'}",
        "x{$label='b'}",
        "x{a=$quoted}",
        "$aggregation(x)",
        "$aggregation by (a) (x)",
        "$function(x[5m])",
        'x{a=~"${value:regex}"}',
        'x{a=~"[[value]]"}',
        "x > $threshold",
    ],
)
def test_grafanas_variables_get_values_of_the_type_that_fits(expr: str) -> None:
    """A query parses whatever place Grafana's variables stand in."""
    assert parse(expr).root is not None


def test_variables_inside_strings_stay() -> None:
    """A matcher keeps its variable: the rules look at it."""
    (selector,) = parse('x{a=~"${value:regex}",b="$other"}').selectors
    assert [matcher.value for matcher in selector.matchers] == ["${value:regex}", "$other"]


def test_every_variable_that_is_named_is_known() -> None:
    """Variables count in and outside of strings, in each of the three spellings."""
    query = 'topk($limit, rate(x{a="${value:regex}", b=~"[[old]]"}[$__rate_interval]))'
    assert parse(query).variables == {"limit", "value", "old", "__rate_interval"}


def test_a_comment_is_no_code() -> None:
    """What stands in a comment neither opens a bracket nor a string."""
    assert interpolate("x # it's \"not (closed\n + $y").text.endswith("+ 7919")
    assert parse("x # it's (\n + y").selectors[1].name == "y"


def test_prose_names_a_variable_only_in_braces() -> None:
    """A dollar in a text for people is money unless braces follow."""
    text = "costs $5 or $much, see ${dag_id}"
    assert list(references(text)) == ["much", "dag_id"]
    assert list(references(text, bare=False)) == ["dag_id"]


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("sum(x", "unclosed left parenthesis"),
        ("x ==", "an operand, an operator or a comma is missing"),
        ("nosuch(x)", "unknown function with name 'nosuch'"),
        ("rate(x)", "expected type matrix"),
        ('x{a=~"("}', "illegal regex"),
        ("", "no expression"),
        ('x{a="b" or a="c"}', "only VictoriaMetrics has it"),
        ("(" * 300 + "x" + ")" * 300, "nests deeper than 200 levels"),
        ("+".join(["x"] * 300), "nests deeper than 200 levels"),
        ("(" * 100_000 + "x" + ")" * 100_000, "more than 2000 operators and brackets"),
        ("+".join(["x"] * 100_000), "more than 2000 operators and brackets"),
        (" or ".join(["x"] * 100_000), "more than 2000 operators and brackets"),
        ("-" * 100_000 + "x", "more than 2000 operators and brackets"),
    ],
)
def test_what_does_not_parse_says_why(expr: str, reason: str) -> None:
    """The reason is the parser's, and no query brings the process down."""
    with pytest.raises(PromqlError, match=reason.replace("(", r"\(")):
        parse(expr)


def test_a_failure_is_kept_like_a_result() -> None:
    """The second look at a broken query does not parse it again."""
    assert attempt("sum(") is attempt("sum(")


def test_long_lists_in_strings_and_braces_are_no_nesting() -> None:
    """A selector with many values is fine: only operators and brackets count."""
    values = "|".join(f"a-{number}" for number in range(5_000))
    matchers = ",".join(f'l{number}="-"' for number in range(1_500))
    assert len(parse(f'x{{a=~"{values}",{matchers}}}').selectors[0].matchers) == 1_501


@pytest.mark.parametrize(
    ("expr", "selectors"),
    [
        ("x", ["x"]),
        ('x{a="b"} + y offset 5m', ['x{a="b"}', "y"]),
        ('{__name__="x",a!="b"}', ['x{a!="b"}']),
        ('{__name__=~"x|y"}', ['{__name__=~"x|y"}']),
        ('{"x", a!~"b"}', ['x{a!~"b"}']),
        ("max_over_time((x + y)[5m:1m])", ["x", "y"]),
        ("topk(scalar(limit), x)", ["limit", "x"]),
        ("-rate(x[5m] @ end())", ["x"]),
        ("time() - vector(1) + 5", []),
    ],
)
def test_selectors(expr: str, selectors: list[str]) -> None:
    """Every selector is found, in the order of the query, wherever it stands."""
    assert [str(selector) for selector in parse(expr).selectors] == selectors


def test_what_stands_around_a_selector() -> None:
    """Functions and aggregations are told innermost first, and where values are dropped."""
    first, second = parse("sum by (a) (rate(x[5m])) and on (a) count(y)").selectors
    assert first.around == ("rate", "sum")
    assert second.around == ("count", "and")


@pytest.mark.parametrize(
    ("expr", "comparisons"),
    [
        ("x == -1", [("x", "==", -1)]),
        ("x == bool (-1)", [("x", "==", -1)]),
        ("x == - (1)", [("x", "==", -1)]),
        ("5 > x", [("x", "<", 5)]),
        ("max by (a) (last_over_time(x[5m])) != 2", [("x", "!=", 2)]),
        ("(topk(3, x) or y) == 1", [("x", "==", 1), ("y", "==", 1)]),
        ("(x and y) == 1", [("x", "==", 1)]),
        ("(x > 0) < 3", [("x", "<", 3), ("x", ">", 0)]),
        ("(0 < x) == 1", [("x", "==", 1), ("x", ">", 0)]),
        ("max_over_time((x)[5m:]) == 1", [("x", "==", 1)]),
        ('label_replace(x, "a", "b", "c", "d") == 1', [("x", "==", 1)]),
        ("sum(x) == 1", []),
        ("count(x == 1) > 7", [("x", "==", 1)]),
        ("(x == bool 1) == 7", [("x", "==", 1)]),
        ("x + 1 == 7", []),
        ("-x == 7", []),
        ("rate(x[5m]) == 7", []),
        ("x == y", []),
        ("x == $code", []),
        ("x == -$code", []),
    ],
)
def test_comparisons(expr: str, comparisons: list[tuple[str, str, float]]) -> None:
    """A metric's value is followed to the number that it is compared with, if it gets there."""
    found = [(each.selector.name, each.op, each.number) for each in parse(expr).comparisons]
    assert sorted(found) == sorted(comparisons)


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("x  >  3", ("x >", 3)),
        ("(sum(x) <= -0.5)", ("sum(x) <=", -0.5)),
        ("x == bool 1", ("x ==", 1)),
        ("x > y", None),
        ("3 < x", None),
        ("x + 3", None),
        ("x > 3 and y", None),
        ("x", None),
    ],
)
def test_the_limit_of_a_whole_expression(expr: str, found: tuple[str, float] | None) -> None:
    """What an expression is compared with as a whole is its limit, and no other number is."""
    assert threshold(parse(expr)) == found


@pytest.mark.parametrize(
    ("expr", "before"),
    [
        ("count(x == 1) or vector(0)", ["count(x{} == 1)"]),
        ("1 + ((count(x)) or (vector(0)))", ["count(x{})"]),
        ("sum(x) or on () vector(0)", ["sum(x{})"]),
        ("count(x) or y", []),
        ("count(x) + vector(0)", []),
    ],
)
def test_what_has_a_constant_to_fall_back_to(expr: str, before: list[str]) -> None:
    """What stands before `or vector(…)` is found, and nothing that only looks like it."""
    assert [str(each) for each in parse(expr).or_constant] == before


def test_a_thousand_queries_are_read_in_no_time() -> None:
    """A project of a thousand panels may spend a fraction of a second here."""
    queries = [
        'sum by (instance, dag_id) (task_status{job="airflow_tasks",dag_id=~"$dag_id"} == bool '
        f"-1) > {number} and on (instance) topk($limit, rate(y[$__rate_interval]))"
        for number in range(1_000)
    ]
    start = time.process_time()
    for query in queries:
        parse(query)
    assert time.process_time() - start < 1
