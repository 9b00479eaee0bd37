"""Grafana's variables in a query: spellings, formats and escapes, as its Prometheus data source has them."""

from __future__ import annotations

import pytest

from dashgen.verify.interpolation import Value, built_in, interpolate, names
from dashgen.verify.time_range import TimeRange

ONE = Value(("a.b",))
SEVERAL = Value(("a.b", "c|d"), several=True, text="A + C")
SINGLE_OF_SEVERAL = Value(("a.b",), several=True)
CUSTOM_ALL = Value(("a", "b"), several=True, all_value=".*", text="All")


@pytest.mark.parametrize(
    "text", ["x{a=~'$v'}", "x{a=~'${v}'}", "x{a=~'[[v]]'}", "x{a=~'${v.text}'}"], ids=["bare", "braced", "old", "path"]
)
def test_spellings(text: str) -> None:
    """All spellings mean the same."""
    assert interpolate(text, {"v": Value(("w",))}) == "x{a=~'w'}"


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("$v", ONE, "a.b"),
        ("$v", Value((r"a\b'c",)), r"a\\b\\'c"),
        ("$v", SINGLE_OF_SEVERAL, r"a\\.b"),
        ("$v", SEVERAL, r"(a\\.b|c\\|d)"),
        ("$v", Value((r"a\b",), several=True), r"a\\\\b"),
        ("$v", Value(("it's",), several=True), "it's"),
        ("$v", Value((), several=True), "()"),
        ("$v", CUSTOM_ALL, ".*"),
        ("${v:raw}", SEVERAL, "a.b,c|d"),
        ("${v:csv}", SEVERAL, "a.b,c|d"),
        ("[[v:csv]]", SEVERAL, "a.b,c|d"),
        ("${v:pipe}", SEVERAL, "a.b|c|d"),
        ("${v:regex}", SEVERAL, r"(a\.b|c\|d)"),
        ("${v:regex}", SINGLE_OF_SEVERAL, r"a\.b"),
        ("${v:regex}", Value(("a/b",)), r"a\/b"),
        ("${v:glob}", SEVERAL, "{a.b,c|d}"),
        ("${v:glob}", ONE, "a.b"),
        ("${v:unheard}", SEVERAL, "{a.b,c|d}"),
        ("${v:json}", SEVERAL, '["a.b", "c|d"]'),
        ("${v:singlequote}", Value(("a", "b'c"), several=True), r"'a','b\'c'"),
        ("${v:doublequote}", Value(("a", 'b"c'), several=True), r'"a","b\"c"'),
        ("${v:sqlstring}", Value(("a", "b'c"), several=True), "'a','b''c'"),
        ("${v:percentencode}", Value(("a b/c",)), "a%20b%2Fc"),
        ("${v:queryparam}", SEVERAL, "var-v=a.b&var-v=c%7Cd"),
        ("${v:date}", ONE, "a.b"),
        ("${v:text}", SEVERAL, "A + C"),
        ("${v:text}", CUSTOM_ALL, "All"),
        ("${v:regex}", CUSTOM_ALL, ".*"),
    ],
)
def test_formats(written: str, value: Value, expected: str) -> None:
    """A value becomes this where it is written so."""
    assert interpolate(written, {"v": value}) == expected


@pytest.mark.parametrize("text", ["x{a=~'$w'}", "label_replace(x, 'a', '$1', 'b', '(.*)')", "x{a=~'.*$'}", "${w:raw}"])
def test_what_is_no_variable_stays(text: str) -> None:
    """A name that is not known, a group of a replacement, and the end of a pattern stay as they are."""
    assert interpolate(text, {"v": ONE}) == text


def test_custom_all_may_name_a_variable() -> None:
    """And it may not go round in circles for ever."""
    assert interpolate("$v", {"v": Value(("x",), all_value="$w.*"), "w": ONE}) == "a.b.*"
    assert interpolate("$v", {"v": Value(("x",), all_value="$v")}) == "$v"


def test_names() -> None:
    """Each is named once, Grafana's own included; groups of a replacement are none."""
    assert names("$a ${b:csv} [[c:raw]] $1 $a [$__range]") == ("a", "b", "c", "__range")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("$__interval", "60s"),
        ("${__interval_ms}", "60000"),
        ("$__rate_interval", "120s"),
        ("$__range", "21600s"),
        ("${__range_s}", "21600"),
        ("$__range_ms", "21600000"),
        ("$__from", "1700000000000"),
        ("${__to}", "1700021600000"),
        ("${__from:date:seconds}", "1700000000"),
        ("${__from:date}", "2023-11-14T22:13:20.000Z"),
        ("${__from:date:iso}", "2023-11-14T22:13:20.000Z"),
    ],
)
def test_built_in(written: str, expected: str) -> None:
    """Grafana's own variables, for six hours in steps of a minute, scraped each 30 seconds."""
    values = built_in(TimeRange(1_700_000_000, 1_700_021_600), 60, 30)
    assert interpolate(written, values) == expected


@pytest.mark.parametrize(("step", "scrape", "rate"), [(60, 15, "75s"), (15, 15, "60s"), (0.5, 0.1, "600ms")])
def test_rate_interval(step: float, scrape: float, rate: str) -> None:
    """It is a step and a scrape, and four scrapes at least."""
    assert built_in(TimeRange(0, 3600), step, scrape)["__rate_interval"] == Value.one(rate)


@pytest.mark.parametrize(
    ("value", "empty"),
    [(ONE, False), (Value(()), True), (Value(("",)), True), (CUSTOM_ALL, False), (Value((), all_value="x"), False)],
)
def test_empty(value: Value, empty: bool) -> None:  # noqa: FBT001  (a row of the table)
    """A variable without anything to choose is empty, unless All is written out."""
    assert value.empty is empty
