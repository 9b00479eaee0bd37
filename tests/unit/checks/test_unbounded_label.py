"""Rule unbounded-label."""

from __future__ import annotations

import pytest

from dashgen.checks.document import Document
from tests.unit.checks.examples import dashboard, messages, on_panel, target, variable


@pytest.mark.parametrize(
    "expr",
    [
        'max by (run_id) (task_status{job="airflow_task_runs",run_id="a"})',
        (
            'task_status{job="airflow_tasks"} and on (dag_id) max by (dag_id) '
            '(dag_run_status{job="airflow_dag_runs",run_id="a"})'
        ),
        'up{job="prometheus",run_id="a"}',
    ],
)
def test_unbounded_labels_of_runs_kept_apart_pass(expr: str) -> None:
    """A generation that keeps runs apart may be asked, also beside another one."""
    assert messages("unbounded-label", on_panel(expr)) == []


@pytest.mark.parametrize(
    "expr",
    [
        'task_status{job="airflow_tasks",run_id="a"}',
        'task_status{job=~"airflow_tasks|airflow_task_runs",run_id="a"}',
        'task_status{run_id=""}',
        'max by (run_id) (task_status{job="airflow_tasks"})',
        'sum without (run_id) (task_status{job="airflow_tasks"})',
    ],
)
def test_an_unbounded_label_in_a_fleet_query_is_told(expr: str) -> None:
    """Matchers and clauses over the fleet must do without it."""
    (message,) = messages("unbounded-label", on_panel(expr))
    assert message.startswith("label run_id is unbounded and must not be asked of the series of task_")


def test_a_legend_must_not_have_it_either() -> None:
    """The texts around a query count as well."""
    query = target('task_status{job="airflow_tasks"}', legendFormat="{{run_id}}")
    assert len(messages("unbounded-label", on_panel(targets=[query]))) == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ('label_values(task_status{job="airflow_tasks"}, run_id)', 1),
        ("label_values(run_id)", 1),
        ('label_values(task_status{job="airflow_task_runs"}, run_id)', 0),
        ("label_values(dag_id)", 0),
    ],
)
def test_a_variable_over_it_needs_a_job_that_keeps_runs_apart(query: str, count: int) -> None:
    """A variable's values must come from series that may have the label."""
    document = Document.dashboard(dashboard(variables=[variable(query, name="run")]), "x.json")
    assert len(messages("unbounded-label", document)) == count


def test_it_is_told_by_one_rule_only() -> None:
    """The rules on labels leave it to this one."""
    document = on_panel('max by (run_id) (task_status{job="airflow_tasks",run_id="a"})')
    assert messages("unknown-label", document) == []
    assert messages("result-label", document) == []
