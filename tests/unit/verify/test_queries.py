"""What a dashboard and a rule file ask: every panel, wherever it stands, with its own time and step."""

from __future__ import annotations

from typing import Any

import pytest

from dashgen.checks.document import Document
from dashgen.dashboards.model import empty_when
from dashgen.verify.interpolation import Value
from dashgen.verify.queries import MOST_REPEATS, Asked, Clock, Kind, of_dashboard, of_rules
from dashgen.verify.time_range import TimeRange

NOW = 1_700_000_000.0
CLOCK = Clock(NOW, 30)
WINDOW = TimeRange(NOW - 21_600, NOW)
VALUES = {"dag": Value(("a", "b"), several=True), "none": Value(())}


def panel(expr: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (a panel's JSON)
    """Return a panel of one query; ``target`` adds to that."""
    return {"id": 1, "title": expr, "targets": [{"refId": "A", "expr": expr, **more.pop("target", {})}], **more}


def asked(*panels: dict[str, Any], **more: Any) -> list[Asked]:  # noqa: ANN401  (a dashboard's JSON)
    """Return what a dashboard asks."""
    document = Document.dashboard({"title": "T", "panels": list(panels), **more}, "t.json")
    return list(of_dashboard(document, VALUES, WINDOW, CLOCK))


def exprs(*panels: dict[str, Any], **more: Any) -> list[str]:  # noqa: ANN401  (a dashboard's JSON)
    """Return the expressions that a dashboard asks."""
    return [each.expr for each in asked(*panels, **more)]


def test_rows() -> None:
    """Panels in open rows, in collapsed ones and in those of old dashboards are asked."""
    collapsed = {"type": "row", "panels": [panel("inside")]}
    assert exprs(panel("first"), collapsed, panel("last")) == ["first", "inside", "last"]
    assert exprs(rows=[{"panels": [panel("old")]}]) == ["old"]


def test_repeats() -> None:
    """A repeated panel is asked for each value, a repeated row for all of its panels, copies in the file not again."""
    assert exprs(panel("x{a='$dag'}", repeat="dag")) == ["x{a='a'}", "x{a='b'}"]
    row = {"type": "row", "repeat": "dag", "panels": []}
    assert exprs(panel("before"), row, panel("$dag"), {"type": "row"}, panel("after")) == ["before", "a", "b", "after"]
    assert exprs({"type": "row", "repeat": "dag", "panels": [panel("in_${dag}")]}) == ["in_a", "in_b"]
    assert exprs(panel("x", repeatPanelId=7)) == []
    assert exprs(panel("x", repeat="none")) == ["x"]
    (first, _) = asked(panel("$dag", repeat="dag"))
    assert first.subject == 'panel "$dag" A (dag = a)'


def test_repeats_end() -> None:
    """A variable of a thousand values does not make a thousand queries."""
    document = Document.dashboard({"panels": [panel("$dag", repeat="dag")]}, "t.json")
    many = {"dag": Value(tuple(map(str, range(1000))))}
    assert len(list(of_dashboard(document, many, WINDOW, CLOCK))) == MOST_REPEATS


@pytest.mark.parametrize(
    ("target", "instant"), [({}, False), ({"instant": True}, True), ({"instant": True, "range": True}, False)]
)
def test_instant(target: dict[str, Any], instant: bool) -> None:  # noqa: FBT001  (a row of the table)
    """A query is over the range, unless it is for one instant alone."""
    (found,) = asked(panel("x", target=target))
    assert found.instant is instant


@pytest.mark.parametrize(
    ("more", "expr", "step"),
    [
        ({}, "x[120s]", 30),
        ({"target": {"interval": "5m"}}, "x[1200s]", 300),
        ({"interval": "1m"}, "x[240s]", 60),
        ({"maxDataPoints": 100}, "x[330s]", 300),
        ({"timeFrom": "30d"}, "x[1830s]", 1800),
    ],
)
def test_step(more: dict[str, Any], expr: str, step: float) -> None:
    """The step follows from the range and the points, and the rate's interval from that."""
    (found,) = asked(panel("x[$__rate_interval]", **more))
    assert (found.expr, found.step) == (expr, step)


@pytest.mark.parametrize(
    "source",
    [
        {"type": "loki", "uid": "x"},
        {"type": "__expr__", "uid": "__expr__"},
        {"uid": "-- Dashboard --"},
        {"uid": "${logs}"},
        "$logs",
    ],
)
def test_other_data_sources(source: object) -> None:
    """What is not for Prometheus is not asked, whoever says so."""
    variables = {"list": [{"name": "logs", "type": "datasource", "query": "loki"}]}
    assert exprs(panel("x", datasource=source), templating=variables) == []
    mixed = panel("x", target={"datasource": source}, datasource={"uid": "-- Mixed --", "type": "datasource"})
    assert exprs(mixed, templating=variables) == []


def test_empty_query() -> None:
    """One that nobody has written yet is not asked."""
    assert exprs(panel("  ")) == []


def test_variables_of_a_query() -> None:
    """Those that the dashboard lacks and those without a value are noted, Grafana's own are neither."""
    (found,) = asked(panel("x{a='$dag',b='$none',c='$lost'}[$__range]"))
    assert (found.unknown, found.unset) == (("lost",), ("none",))


def test_annotation() -> None:
    """Annotations are asked over the range, also those that are switched off."""
    (found,) = asked(annotations={"list": [{"name": "N", "enable": False, "expr": "x", "step": "60s"}]})
    assert (found.kind, found.expr, found.instant, found.step) == (Kind.ANNOTATION, "x", False, 60)


def test_when_a_panel_may_be_empty() -> None:
    """Its description says so, on a line of its own."""
    text = "What it shows.\n\n**Empty when:** Nothing is wrong.\n\nMore."
    assert empty_when(text) == "Nothing is wrong."
    assert empty_when("It is **Empty when:** you like") == ""
    (found,) = asked(panel("x", description=text))
    assert found.may_be_empty == "Nothing is wrong."


def test_group_without_rules() -> None:
    """It asks nothing."""
    assert list(of_rules(Document.rules_file({"groups": [{"name": "g"}]}, "r.yml"), CLOCK)) == []


def test_rules() -> None:
    """Rules, and what alerts' templates query, unless a value stands in it that only an alert has."""
    texts = {"a": '{{ query "up" }}', "b": '{{ printf "up{i=%q}" $labels.i | query }}'}
    rules = [{"record": "r", "expr": "x"}, {"alert": "A", "expr": 1, "annotations": texts}]
    document = Document.rules_file({"groups": [{"name": "g", "rules": rules}]}, "r.yml")
    found = list(of_rules(document, CLOCK))
    assert [(each.kind, each.expr, each.rule, each.group) for each in found] == [
        (Kind.RECORDING, "x", "r", "g"),
        (Kind.ALERT, "1", "A", "g"),
        (Kind.TEMPLATE, "up", "A", "g"),
    ]
