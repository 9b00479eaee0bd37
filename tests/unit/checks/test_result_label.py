"""Rule result-label."""

from __future__ import annotations

from typing import Any

import pytest

from dashgen.checks.document import Document
from dashgen.settings import Settings
from tests.unit.checks.examples import (
    DATASOURCE,
    alert,
    dashboard,
    messages,
    on_panel,
    rules,
    target,
    variable,
)

BY_DAG = 'sum by (dag_id) (task_status{job="airflow_tasks"})'


def _with_link(url: str, *transformations: dict[str, Any]) -> Document:
    link = {"title": "More", "url": url}
    config = {"defaults": {"links": [link]}, "overrides": []}
    return on_panel(BY_DAG, fieldConfig=config, transformations=list(transformations))


def _legend(legend: str) -> Document:
    return on_panel(targets=[target(BY_DAG, legendFormat=legend)])


def _variable(query: str, **fields: object) -> Document:
    given = variable(query, name="other", **fields)
    return Document.dashboard(dashboard(variables=[given]), "fleet.json")


def _annotation(**fields: object) -> Document:
    entry = {"name": "Runs", "datasource": DATASOURCE, "expr": BY_DAG, **fields}
    return Document.dashboard(dashboard(annotations={"list": [entry]}), "fleet.json")


ORGANIZE = {"id": "organize", "options": {"renameByName": {"dag_id": "DAG"}}}
REDUCE = {"id": "reduce", "options": {}}
STARTS = 'max by (run_id) (dag_run_start_timestamp_seconds{job="airflow_dag_runs"})'


@pytest.mark.parametrize(
    "document",
    [
        _legend("{{dag_id}} and {{ dag_id }}"),
        _legend("__auto"),
        _with_link("/d/x?dag=${__field.labels.dag_id}&t=${__data.fields.dag_id:percentencode}"),
        _with_link('/d/x?v=${__data.fields["Value #A"]}&t=${__data.fields.Time}'),
        _with_link("/d/x?dag=${__data.fields.DAG}", ORGANIZE),
        _with_link("/d/x?dag=${__data.fields.Max}", REDUCE),
        _variable(f"query_result({BY_DAG})", regex='/dag_id="([^"]+)"/'),
        _variable('label_values(task_status{job="airflow_tasks"}, task_id)'),
        _variable("label_values(task_id)"),
        _variable("label_names()"),
        _variable("metrics(task_.*)"),
        _annotation(titleFormat="{{dag_id}}", tagKeys="dag_id"),
        rules(alert()),
        rules(alert("unknown == 1")),
        on_panel(
            'task_status{job="airflow_tasks"} * on (instance, dag_id) group_left dag_run_status{job="airflow_dags"}'
        ),
    ],
)
def test_labels_that_are_there_pass(document: Document) -> None:
    """A label that the result has may be named, and columns that a transformation makes."""
    assert messages("result-label", document) == []


@pytest.mark.parametrize(
    ("document", "where"),
    [
        (_legend("{{task_id}}"), "the legend"),
        (_with_link("/d/x?t=${__field.labels.task_id}"), "a data link"),
        (_with_link("/d/x?t=${__data.fields.task_id}"), "a data link's column"),
        (_with_link('/d/x?t=${__data.fields["task_id"]}', ORGANIZE), "a data link's column"),
        (
            _variable(f"query_result({BY_DAG})", regex='/task_id="([^"]+)"/'),
            "the variable's regular expression",
        ),
        (_variable('label_values(dag_run_status{job="airflow_dags"}, task_id)'), "label_values"),
        (_annotation(titleFormat="{{task_id}}"), "the annotation's titleFormat"),
        (_annotation(tagKeys="dag_id, task_id"), "the annotation's tagKeys"),
        (rules(alert(f"{BY_DAG} > 0", labels={"owner": "{{ $labels.task_id }}"}, annotations={})), "label owner"),
        (
            rules(alert(f"{BY_DAG} > 0", annotations={"summary": "{{ $labels.task_id }}"})),
            "annotation summary",
        ),
        (on_panel(f"max by (task_id) ({BY_DAG})"), "by"),
        (on_panel(f'{BY_DAG} + on (task_id) task_status{{job="airflow_tasks"}}'), "on"),
        (
            on_panel(f'task_status{{job="airflow_tasks"}} + on (dag_id) group_left (task_id) {BY_DAG}'),
            "group_left",
        ),
    ],
)
def test_a_label_that_can_not_be_there_is_told_with_its_place(document: Document, where: str) -> None:
    """The message names the label and where it is named, the hint one that was meant or all."""
    (message,) = messages("result-label", document)
    assert message.startswith(f"label task_id in {where} can't be there: ")


def test_a_label_from_nowhere_in_a_variable_is_told() -> None:
    """A variable over all series needs a label that some series have."""
    assert messages("result-label", _variable("label_values(dagid)")) == [
        "label dagid in label_values can't be there: no metric has it. Did you mean dag_id?"
    ]


def test_a_label_that_no_metric_has_gets_no_empty_hint() -> None:
    """Where nothing is left to name, the message has said why already."""
    assert messages(
        "result-label", on_panel("sum(nowhere)", targets=[target("sum(nowhere)", legendFormat="{{zone}}")])
    ) == ["label zone in the legend can't be there: no metric has it."]


def test_a_link_may_use_what_any_query_of_the_panel_returns() -> None:
    """A panel's links read all of its queries together."""
    config = {"defaults": {"links": [{"url": "${__data.fields.task_id}"}]}}
    both = [target(BY_DAG), target('task_status{job="airflow_tasks"}', refId="B")]
    assert messages("result-label", on_panel(targets=both, fieldConfig=config)) == []


def test_extra_labels_may_be_used() -> None:
    """Labels that the settings add are on every series."""
    query = target('task_status{job="airflow_tasks"}', legendFormat="{{region}}")
    settings = Settings(extra_labels={"region": "eu"})
    assert messages("result-label", on_panel(targets=[query]), settings=settings) == []


OF_TASKS = 'task_status{job="airflow_tasks"}'
OF_INSTANCES = 'task_status{job="airflow_task_runs"}'
OF_DAGS = 'dag_run_status{job="airflow_dags"}'


@pytest.mark.parametrize("op", ["and", "unless", "/", ">"])
def test_sides_that_can_not_match_are_told(op: str) -> None:
    """Without on or ignoring, two sides of which only one has a label never match: that label is told."""
    (message,) = messages("result-label", on_panel(f"{OF_TASKS} {op} {OF_DAGS}"))
    assert message == (
        f"label task_id is on one side only in the match of `{op}`: dag_run_status has no such label. "
        "Nothing matches so. Say by what: on (dag_id, instance)."
    )


@pytest.mark.parametrize(
    "expr",
    [
        f"{OF_TASKS} or {OF_DAGS}",
        f"{OF_TASKS} and on (dag_id) {OF_DAGS}",
        f"{OF_TASKS} unless ignoring (task_id) {OF_DAGS}",
        f"{OF_TASKS} * 2 > scalar({OF_DAGS})",
        f"{OF_TASKS} and unknown",
        f"{OF_INSTANCES} and sum without (map_index) ({OF_INSTANCES})",
    ],
)
def test_sides_that_may_match_pass(expr: str) -> None:
    """A clause says by what they match; a label that only some series have keeps the others from nothing."""
    assert messages("result-label", on_panel(expr)) == []
