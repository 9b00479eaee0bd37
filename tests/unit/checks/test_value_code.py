"""Rule value-code."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import messages, on_panel, rules


@pytest.mark.parametrize(
    "expr",
    [
        'task_status{job="airflow_tasks"} == -1',
        'sum(task_status{job="airflow_tasks"} == bool 3)',
        'task_status{job="airflow_tasks"} < 0',
        'task_status{job="airflow_tasks"} == $state',
        'count(task_status{job="airflow_tasks"} == 1) > 17',
        'task_try_number{job="airflow_tasks"} == 17',
        "unknown == 17",
    ],
)
def test_codes_of_the_state_pass(expr: str) -> None:
    """Codes pass, and numbers that are compared with something else than a state."""
    assert messages("value-code", on_panel(expr)) == []


def test_a_number_that_is_no_code_is_told_with_the_codes() -> None:
    """The message names the metric and the comparison, the hint its codes."""
    (message,) = messages("value-code", on_panel('sum(dag_run_status{job="airflow_dags"} == bool 2)'))
    assert message == (
        "dag_run_status == 2: that is none of its value codes. They are -1 failed, 0 running, 1 success."
    )


@pytest.mark.parametrize(
    "expr",
    [
        '7 == task_status{job="airflow_tasks"}',
        'max by (dag_id) (last_over_time(task_status{job="airflow_tasks"}[5m])) > 7',
        '(task_status{job="airflow_tasks"} or task_status{job="airflow_tasks"} offset 1h) == 7',
        '{__name__=~"task_status|task_try_number",job="airflow_tasks"} == 7',
        'task_status{job="airflow_tasks"} == -1.5',
    ],
)
def test_the_value_is_followed_to_the_comparison(expr: str) -> None:
    """Neither side nor functions that keep values hide a wrong code, in a rule as in a panel."""
    record = {"record": "task:status:bad", "expr": expr}
    assert messages("value-code", on_panel(expr)) != []
    assert messages("value-code", rules(record)) != []
