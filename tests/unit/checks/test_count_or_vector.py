"""Rule count-or-vector."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import messages, on_panel

STATE = 'task_status{job="airflow_tasks",dag_id=~"$dag_id"}'


@pytest.mark.parametrize(
    "expr",
    [
        f"sum({STATE} == bool -1)",
        f"count({STATE} == -1)",
        f"sum({STATE}) or vector(0)",
        "sum(dag:task_status_failed:sum)",
        "sum(dag:task_duration_seconds:max) or vector(0)",
        "sum(rate(x[5m])) or vector(0)",
    ],
)
def test_sums_pass(expr: str) -> None:
    """A sum over true and false is fine, and so is a count that can be empty."""
    assert messages("count-or-vector", on_panel(expr)) == []


def test_a_count_that_falls_back_to_nought_is_told_with_the_sum() -> None:
    """The hint is the same question as a sum, the dashboard's variables in it."""
    (message,) = messages("count-or-vector", on_panel(f"count({STATE} == -1) or vector(0)"))
    assert f"Use sum({STATE} == bool -1): it is 0 when all is well" in message


def test_without_a_comparison_the_hint_is_general() -> None:
    """What is counted need not be a comparison."""
    (message,) = messages("count-or-vector", on_panel(f"(count({STATE})) or vector(0)"))
    assert "Use sum(… == bool …)" in message


@pytest.mark.parametrize(
    "expr",
    [
        f"sum({STATE} == bool -1) or vector(0)",
        f"sum by (dag_id) (({STATE} > bool 0)) or on () vector(0)",
        "sum(dag:task_status_failed:sum) or vector(0)",
        "sum(instance:groups:count) or on () vector(1)",
        "dag:task_status_failed:sum or vector(0)",
        f"sum(count by (dag_id) ({STATE})) or vector(0)",
    ],
)
def test_a_sum_that_falls_back_to_nought_is_told_to_do_without(expr: str) -> None:
    """A sum of true and false, or of recorded counts, is nought by itself when all is well."""
    (message,) = messages("count-or-vector", on_panel(expr))
    assert message.startswith("sum(…) or vector(…) shows the same")
    assert "Leave out `or vector(…)`" in message


def test_a_count_falls_back_whatever_it_matches_on() -> None:
    """`or on ()` is no other than `or` before a constant."""
    assert len(messages("count-or-vector", on_panel(f"count({STATE} == -1) or on () vector(0)"))) == 1
