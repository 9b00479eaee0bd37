"""Rule value-code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.checks.examples import messages, on_panel, rules

if TYPE_CHECKING:
    from dashgen.checks.document import Document


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


def _mapping(**texts: str) -> dict[str, Any]:
    return {"type": "value", "options": {key.replace("_", "-"): {"text": text} for key, text in texts.items()}}


def _shown(expr: str, mapping: dict[str, Any], *, column: bool) -> Document:
    """Make a panel with a value mapping, of all values or of one column."""
    setting = {"matcher": {"id": "byName", "options": "State"}, "properties": [{"id": "mappings", "value": [mapping]}]}
    of_column = {"defaults": {"unit": "none"}, "overrides": [setting]}
    of_all = {"defaults": {"mappings": [mapping]}, "overrides": []}
    return on_panel(expr, fieldConfig=of_column if column else of_all)


STATE = 'dag_run_status{job="airflow_dags"}'
TOPMOST = f"max by (dag_id) (topk(5, {STATE}))"


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize(
    ("expr", "mapping"),
    [
        (STATE, _mapping(_1="Failed", **{"0": "läuft", "1": "success"})),
        (TOPMOST, _mapping(_1="failed")),
        (STATE, _mapping(success="good")),
        (STATE, {"type": "range", "options": {"from": 5, "to": 9}}),
        (f"sum({STATE} == bool -1)", _mapping(**{"7": "many"})),
        ('task_try_number{job="airflow_tasks"}', _mapping(**{"7": "many"})),
    ],
)
def test_mappings_of_codes_pass(expr: str, mapping: dict[str, Any], column: bool) -> None:  # noqa: FBT001
    """Codes may be mapped to words in any language, and what is no state's value to anything."""
    assert messages("value-code", _shown(expr, mapping, column=column)) == []


@pytest.mark.parametrize("column", [False, True])
@pytest.mark.parametrize(
    ("mapping", "wrong"),
    [
        (_mapping(_7="failed"), "the mapping of -7 to failed is none of its value codes"),
        (_mapping(_1="Success"), "the mapping of -1 to Success is the word of another code"),
    ],
)
def test_mappings_that_are_no_codes_are_told(mapping: dict[str, Any], wrong: str, column: bool) -> None:  # noqa: FBT001
    """A number that never comes, and a word that belongs to another code, are told with the metric and its codes."""
    assert messages("value-code", _shown(TOPMOST, mapping, column=column)) == [
        f"dag_run_status: {wrong}. They are -1 failed, 0 running, 1 success."
    ]
