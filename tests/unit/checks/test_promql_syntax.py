"""Rule promql-syntax."""

from __future__ import annotations

import pytest

from dashgen.checks.document import Document
from tests.unit.checks.examples import alert, dashboard, messages, on_panel, panel, rules, variable

BROKEN = "sum by (dag_id (task_status)"


def test_queries_that_parse_pass() -> None:
    """Grafana's variables are no obstacle."""
    document = on_panel("topk($limit, rate(x[$__rate_interval])) or y{a=~'${dag_id:regex}'}")
    assert messages("promql-syntax", document) == []


def test_a_query_that_does_not_parse_is_told_with_the_parsers_reason() -> None:
    """The message has the reason, the hint the query."""
    (message,) = messages("promql-syntax", on_panel(BROKEN))
    assert message.startswith("the query does not parse: ")
    assert message.endswith(f"The query: {BROKEN}")


@pytest.mark.parametrize(
    "document",
    [
        Document.dashboard(dashboard(variables=[variable(f"query_result({BROKEN})")]), "x.json"),
        Document.dashboard(dashboard(annotations={"list": [{"name": "Runs", "expr": BROKEN}]}), "x.json"),
        Document.dashboard(dashboard(annotations={"list": [{"name": "Runs", "target": {"expr": BROKEN}}]}), "x.json"),
        Document.dashboard(dashboard({"type": "row", "title": "Row", "panels": [panel(BROKEN)]}), "x.json"),
        Document.dashboard({"title": "Old", "rows": [{"panels": [panel(BROKEN)]}]}, "x.json"),
        rules(alert(BROKEN)),
        rules({"record": "a:b:c", "expr": BROKEN}),
    ],
)
def test_queries_are_found_wherever_they_stand(document: Document) -> None:
    """Variables, annotations, rows that are closed, and both kinds of rules are looked at."""
    assert len(messages("promql-syntax", document)) == 1


def test_other_languages_are_left_alone() -> None:
    """A target of another kind of data source is no PromQL."""
    loki = {"refId": "A", "expr": '{app="x"} |= "y"', "datasource": {"type": "loki", "uid": "$l"}}
    assert messages("promql-syntax", on_panel(targets=[loki])) == []
