"""Rule unknown-variable."""

from __future__ import annotations

import pytest

from dashgen.checks.document import Document
from tests.unit.checks.examples import (
    alert,
    dashboard,
    messages,
    on_panel,
    panel,
    rules,
    target,
    variable,
)

LINK = {"defaults": {"links": [{"url": "/d/x?${dag_id:queryparam}&${__url_time_range}"}]}}


@pytest.mark.parametrize(
    "document",
    [
        on_panel(title="Tasks of $dag_id", fieldConfig=LINK, repeat="dag_id"),
        on_panel("rate(x[$__rate_interval])", interval="${__interval}"),
        on_panel('label_replace(x, "a", "$1", "b", "(.+)$")'),
        on_panel(description="Costs $much", options={"content": "export PATH=$HOME"}),
        on_panel(transformations=[{"id": "renameByRegex", "options": {"renamePattern": "$name"}}]),
        rules(alert(annotations={"summary": "{{ $value }}"})),
    ],
)
def test_variables_of_the_dashboard_pass(document: Document) -> None:
    """Its own and Grafana's variables pass, and dollars that are none."""
    assert messages("unknown-variable", document) == []


@pytest.mark.parametrize(
    "broken",
    [
        panel('task_status{dag_id=~"$dagid"}'),
        panel("topk($dagid, x)"),
        panel("topk([[dagid]], x)"),
        panel(title="Tasks of ${dagid}"),
        panel(description="Tasks of ${dagid}"),
        panel(options={"content": "[more](/d/x?var-dag_id=${dagid})"}),
        panel(options={"dataLinks": [{"url": "/d/x?$dagid"}]}),
        panel(targets=[target("x", legendFormat="$dagid")]),
        panel(datasource={"type": "prometheus", "uid": "${dagid}"}),
        {"type": "row", "title": "Row", "panels": [panel(title="$dagid")]},
    ],
)
def test_a_variable_that_is_not_there_is_told_with_the_nearest(broken: dict[str, object]) -> None:
    """Queries, titles, links, legends and data sources are looked at, in closed rows too."""
    document = Document.dashboard(dashboard(broken), "fleet.json")
    assert messages("unknown-variable", document) == ["there is no variable dagid. Did you mean dag_id?"]


def test_variables_and_annotations_are_looked_at() -> None:
    """A variable's query may name another variable, and an annotation's too."""
    other = variable('label_values(task_status{dag_id=~"$zz"}, task_id)', name="task_id")
    note = {"name": "Runs", "expr": "x{a='$yy'}"}
    data = dashboard(variables=[other], annotations={"list": [note]})
    assert messages("unknown-variable", Document.dashboard(data, "x.json")) == [
        "there is no variable zz. The dashboard has dag_id, datasource, task_id.",
        "there is no variable yy. The dashboard has dag_id, datasource, task_id.",
    ]
