"""Dashboards and rule files as the rules see them."""

from __future__ import annotations

from typing import Any

import pytest

from dashgen.checks.document import Document, shown
from dashgen.problems import Place
from tests.unit.checks.examples import alert, dashboard, panel, rules

HERE = Place("mine.py", 12)


def _malformed(data: dict[str, Any]) -> list[str]:
    return [finding.message for finding in Document.dashboard(data, "x.json").malformed]


def test_findings_point_at_the_line_of_the_definition() -> None:
    """A panel that the build knows has the place of its definition, and its own name."""
    data = dashboard(panel(id=5), panel(id=6, title="Other"))
    document = Document.dashboard(data, "x.json", places={5: HERE}, place=Place("mine.py", 3))
    assert [str(element.place) for element in document.panels] == [
        'mine.py:12: dashboard "Fleet", panel "Tasks"',
        'mine.py:3: dashboard "Fleet", panel "Other"',
    ]
    assert str(document.variables[0].place).startswith("mine.py:3: ")


def test_without_definitions_findings_point_at_the_file() -> None:
    """A foreign dashboard's panels are found by file and title, or by id."""
    data = dashboard(panel(), panel(title=None, id=7))
    document = Document.dashboard(data, "x.json")
    assert [str(element.place) for element in document.panels] == [
        'x.json: dashboard "Fleet", panel "Tasks"',
        'x.json: dashboard "Fleet", panel without title (id 7)',
    ]


def test_a_rule_is_placed_by_its_name() -> None:
    """A rule that the build knows has the place of its definition."""
    data = {"groups": [{"name": "g", "rules": [alert()]}]}
    document = Document.rules_file(data, "x.yml", places={"TaskFailed": HERE})
    assert str(document.rules[0].place) == 'mine.py:12: group "g", alert "TaskFailed"'


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"panels": None}, "`panels` of the dashboard is null, not a list"),
        ({"panels": {}}, "`panels` of the dashboard is an object, not a list"),
        ({"panels": [panel(), 5]}, "`panels` of the dashboard holds a number, which is no object"),
        ({"panels": [None]}, "`panels` of the dashboard holds null, which is no object"),
        (
            {"panels": [{"title": "R", "panels": "x"}]},
            '`panels` of row "R" is a text, not a list',
        ),
        ({"rows": True}, "`rows` of the dashboard is true or false, not a list"),
        ({"templating": []}, "`templating` is a list, not an object"),
        ({"templating": {"list": None}}, "`list` of `templating` is null, not a list"),
        ({"annotations": {"list": ["x"]}}, "`list` of `annotations` holds a text, which is no object"),
    ],
)
def test_what_has_not_the_shape_of_a_dashboard_is_told(data: dict[str, Any], message: str) -> None:
    """The message says what stands where a list of objects should."""
    assert _malformed(data) == [message]


def test_a_thousand_rows_in_rows_are_told_once_and_looked_at() -> None:
    """Deep nesting needs no recursion, and its queries are found nevertheless."""
    inner: dict[str, Any] = panel("deep")
    for _ in range(1_000):
        inner = {"type": "row", "title": "Row", "panels": [inner]}
    document = Document.dashboard({"title": "Deep", "panels": [inner]}, "x.json")
    assert [expression.text for _, expression in document.queries] == ["deep"]
    assert [finding.message for finding in document.malformed] == [
        "panels nest deeper than rows of panels, which is all that Grafana shows"
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"groups": None},
        {"groups": [5]},
        {"groups": [{"name": "g", "rules": None}]},
        {"groups": [{"name": "g", "rules": [None]}]},
        {"groups": [{"name": "g", "rules": [{"alert": "A"}]}]},
        {"groups": [{"name": "g", "rules": [{"expr": "x"}]}]},
        {"groups": [{"name": "g", "rules": [{"record": 5, "expr": "x"}]}]},
        {"groups": [{"name": "g", "rules": [{"record": "a:b:c", "expr": True}]}]},
    ],
)
def test_what_has_not_the_shape_of_a_rule_file_is_told(data: dict[str, Any]) -> None:
    """Groups and rules are lists of objects, and a rule has a name and an expression."""
    assert len(Document.rules_file(data, "x.yml").malformed) == 1


def test_a_number_is_an_expression() -> None:
    """YAML reads `expr: 1` as a number, which Prometheus takes."""
    document = rules({"alert": "Watchdog", "expr": 1})
    assert [expression.text for _, expression in document.queries] == ["1"]


def test_foreign_text_is_made_fit_for_a_message() -> None:
    """Control characters and half characters are replaced, and long texts are cut."""
    assert shown("a\x1b[31m\n\ud800") == "a\ufffd[31m\ufffd\ufffd"
    assert shown("x" * 100) == "x" * 79 + "…"
