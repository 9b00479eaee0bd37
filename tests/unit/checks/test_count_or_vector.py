"""Rule count-or-vector."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import messages, on_panel

STATE = 'task_status{job="airflow_tasks",dag_id=~"$dag_id"}'


@pytest.mark.parametrize("expr", [f"sum({STATE} == bool -1)", f"count({STATE} == -1)", f"sum({STATE}) or vector(0)"])
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
