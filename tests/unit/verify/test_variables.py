"""A dashboard's variables: what they ask, what they offer, and what is chosen when it is opened."""

from __future__ import annotations

from typing import Any

import pytest

from dashgen.verify.interpolation import Value
from dashgen.verify.time_range import TimeRange
from dashgen.verify.variables import (
    Lookup,
    Option,
    Request,
    chosen,
    named_by,
    offered,
    query_of,
    request,
    written_options,
)

WINDOW = TimeRange(0, 21_600)
ABC = [Option("a", "a"), Option("b", "b"), Option("c", "c")]
ALL = {"text": ["All"], "value": ["$__all"]}


def options(*values: str) -> list[Option]:
    """Return choices that are shown as they are."""
    return [Option(value, value) for value in values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("label_values(dag)", Request(Lookup.LABEL_VALUES, "", "dag")),
        ("label_values(up, dag)", Request(Lookup.LABEL_VALUES, "up", "dag")),
        (' label_values(up{a="1,2", b="c"},dag ) ', Request(Lookup.LABEL_VALUES, 'up{a="1,2", b="c"}', "dag")),
        ("label_names()", Request(Lookup.LABEL_NAMES)),
        ("label_names(up)", Request(Lookup.LABEL_NAMES, "up")),
        ("metrics(task_.*)", Request(Lookup.METRICS, "", "task_.*")),
        ("query_result(topk(3, up))", Request(Lookup.RESULT, "topk(3, up)")),
        ('up{a="b"}', Request(Lookup.SERIES, 'up{a="b"}')),
    ],
)
def test_request(text: str, expected: Request) -> None:
    """A variable's query asks for this."""
    assert request(text) == expected


@pytest.mark.parametrize(
    "query", ["label_values(x)", {"query": "label_values(x)", "refId": "A"}, {"qryType": 1, "query": "label_values(x)"}]
)
def test_query_of(query: object) -> None:
    """Old and new Grafana keep the query in different places."""
    assert query_of({"type": "query", "query": query}) == "label_values(x)"


def test_named_by() -> None:
    """A variable depends on those in its query, its regular expression and its All."""
    variable = {"query": "label_values(x{a='$a'}, b)", "regex": "/${b}.*/", "allValue": "[[c]].*"}
    assert named_by(variable) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("regex", "found", "expected"),
    [
        ("", ["b", "a", "b"], options("b", "a")),
        ("/^a/", ["ab", "ba"], options("ab")),
        ("a.", ["ab", "cab"], options("ab")),
        ("/A/i", ["a", "b"], options("a")),
        ('/dag="([^"]+)"/', ['x{dag="one"} 1 5', 'x{dag="two"} 1 5', 'x{dag="one"} 2 5'], options("one", "two")),
        ('/n="(?<text>[^"]+)".*i="(?<value>[^"]+)"/', ['x{n="Name",i="7"}'], [Option("7", "Name")]),
        ("/(?<value>\\d+)/", ["a1"], options("1")),
        ("/(?<text>\\d+)/", ["a1"], options("1")),
        ("/(\\d)/g", ["a1b2"], options("1", "2")),
        ("/(\\d)/", ["a1b2"], options("1")),
        ("/a(?=b)/", ["ab", "ac"], options("ab")),
        ("/^$prefix/", ["x.y", "xzy"], options("x.y")),
    ],
)
def test_regular_expression(regex: str, found: list[str], expected: list[Option]) -> None:
    """It filters and cuts out; what is the same is offered once; variables in it are escaped."""
    assert offered({"regex": regex}, found, {"prefix": Value(("x.y",))}) == expected


def test_regular_expression_that_is_none() -> None:
    """It is said."""
    with pytest.raises(ValueError, match=r"its regular expression /\(/ can't be read"):
        offered({"regex": "/(/"}, ["a"], {})


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (0, ["b10", "B2", "a", "b1"]),
        (1, ["B2", "a", "b1", "b10"]),
        (2, ["b10", "b1", "a", "B2"]),
        (3, ["a", "b1", "B2", "b10"]),
        (4, ["b10", "B2", "b1", "a"]),
        (5, ["a", "b1", "b10", "B2"]),
        (6, ["B2", "b10", "b1", "a"]),
        (None, ["b10", "B2", "a", "b1"]),
    ],
)
def test_sort(sort: int | None, expected: list[str]) -> None:
    """The orders as Grafana numbers them."""
    assert offered({"sort": sort}, ["b10", "B2", "a", "b1"], {}) == options(*expected)


@pytest.mark.parametrize(("sort", "expected"), [(7, ["a2", "a10", "b1"]), (8, ["b1", "a10", "a2"])])
def test_natural_sort(sort: int, expected: list[str]) -> None:
    """Numbers inside a text count as numbers."""
    assert offered({"sort": sort}, ["a10", "b1", "a2"], {}) == options(*expected)


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ({"type": "custom", "query": "a, b\\,c ,Name : value"}, [*options("a", "b,c"), Option("value", "Name")]),
        ({"type": "interval", "query": "1m,10m"}, options("1m", "10m")),
        (
            {"type": "interval", "query": "1m", "auto": True, "auto_count": 10},
            [Option("1800s", "auto"), *options("1m")],
        ),
        (
            {"type": "interval", "query": "1m", "auto": True, "auto_min": "2h"},
            [Option("7200s", "auto"), *options("1m")],
        ),
        ({"type": "constant", "query": "x"}, options("x")),
        ({"type": "textbox", "query": ""}, options("")),
        ({"type": "datasource", "query": "prometheus"}, []),
    ],
)
def test_choices_that_are_written_out(variable: dict[str, Any], expected: list[Option]) -> None:
    """A variable that asks nobody offers this."""
    assert written_options(variable, WINDOW) == expected


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ({"current": {"value": "b"}}, Value(("b",), text="b")),
        ({"current": {"value": "gone"}}, Value(("a",), text="a")),
        ({}, Value(("a",), text="a")),
        ({"multi": True, "current": {"value": ["b", "gone", "c"]}}, Value(("b", "c"), several=True, text="b + c")),
        ({"multi": True, "current": {"value": ["gone"]}}, Value(("a",), several=True, text="a")),
        ({"multi": True, "includeAll": True, "current": ALL}, Value(("a", "b", "c"), several=True, text="All")),
        ({"includeAll": True, "current": {"value": "$__all"}}, Value(("a", "b", "c"), several=True, text="All")),
        ({"includeAll": True, "current": {}}, Value(("a", "b", "c"), several=True, text="All")),
        (
            {"includeAll": True, "allValue": ".*", "current": {"value": "gone"}},
            Value(("a", "b", "c"), several=True, all_value=".*", text="All"),
        ),
        ({"includeAll": True, "allValue": ".*", "current": {"value": "b"}}, Value(("b",), several=True, text="b")),
    ],
)
def test_chosen(variable: dict[str, Any], expected: Value) -> None:
    """What was saved, where it is still offered; or else the first, All before all."""
    assert chosen({"type": "query", **variable}, ABC) == expected


def test_nothing_to_choose() -> None:
    """Then there is no value, unless All is written out."""
    assert chosen({"type": "query", "multi": True}, []) == Value((), several=True)
    assert chosen({"type": "query", "includeAll": True, "allValue": ".*"}, []).all_value == ".*"


@pytest.mark.parametrize("current", [ALL, {"value": "a"}])
def test_chosen_by_hand(current: dict[str, Any]) -> None:
    """It goes before what was saved, on offer or not."""
    variable = {"type": "query", "multi": True, "includeAll": True, "allValue": ".*", "current": current}
    assert chosen(variable, ABC, ("b", "c")) == Value(("b", "c"), several=True, text="b + c")
    assert chosen(variable, ABC, ("new",)) == Value(("new",), several=True, text="new")


@pytest.mark.parametrize("kind", ["textbox", "datasource"])
def test_text_that_was_typed(kind: str) -> None:
    """What stands in a text box, or names a data source, need not be on offer."""
    assert chosen({"type": kind, "current": {"value": "typed"}}, options("default")).values == ("typed",)
