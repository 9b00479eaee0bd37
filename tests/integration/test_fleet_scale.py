"""The rules at the size they are made for: 20,000 tasks in 1,000 DAGs, in a real Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen.catalog import recorded
from dashgen.catalog.labels import Attention, TaskState
from tests import fleet

if TYPE_CHECKING:
    from tests.servers import Prometheus

SIZE = fleet.Fleet()


def _sum(prometheus: Prometheus, expr: str) -> float:
    (sample,) = prometheus.query(f"sum({expr})")
    return sample.value


def test_every_rule_evaluates(fleet_prometheus: Prometheus) -> None:
    """No rule ends in an error, such as two series where one is meant to match."""
    rules = [rule for group in fleet_prometheus.rule_groups() for rule in group["rules"]]
    assert len(rules) > len(recorded.METRICS)
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []


@pytest.mark.parametrize("state", recorded.DAG_TASKS)
def test_totals_are_the_fleets(fleet_prometheus: Prometheus, state: TaskState) -> None:
    """The recorded totals per DAG add up to the tasks in that state, and there is one for each DAG."""
    total = recorded.DAG_TASKS[state]
    assert _sum(fleet_prometheus, str(total)) == fleet.expected_states(SIZE)[state]
    assert len(fleet_prometheus.query(str(total))) == SIZE.dags


def test_attention_is_one_series_per_task_in_trouble(fleet_prometheus: Prometheus) -> None:
    """A task that needs attention has one series with its worst reason, and no other task has one."""
    found = fleet_prometheus.query(f'count_values("reason", {recorded.TASK_ATTENTION})')
    of_each = SIZE.tasks / 50
    assert {sample.labels["reason"]: sample.value for sample in found} == {str(code): of_each for code in Attention}


def test_groups_and_series_are_counted(fleet_prometheus: Prometheus) -> None:
    """Groups count tasks, DAGs and every run of them."""
    runs = SIZE.dags_with_runs * SIZE.runs_per_dag
    per_run = runs * (1 + SIZE.tasks_per_dag)
    assert _sum(fleet_prometheus, str(recorded.PER_RUN_GROUPS)) == per_run
    assert _sum(fleet_prometheus, str(recorded.GROUPS)) == per_run + SIZE.tasks + SIZE.dags
    assert _sum(fleet_prometheus, str(recorded.PER_RUN_SERIES)) == runs * (6 + 6 * SIZE.tasks_per_dag)


def test_alerts_fire_for_what_is_wrong(fleet_prometheus: Prometheus) -> None:
    """As many alerts are active as there are tasks and DAGs in trouble, and none else."""
    active = {
        rule["name"]: len(rule["alerts"])
        for group in fleet_prometheus.rule_groups()
        for rule in group["rules"]
        if rule["type"] == "alerting" and rule["alerts"]
    }
    in_trouble, dags = SIZE.tasks // 50, SIZE.dags // 20
    assert active == {
        "AirflowTaskFailed": in_trouble,
        "AirflowTaskPartlyFailed": in_trouble,
        "AirflowTaskRunningTooLong": in_trouble,
        "AirflowTaskRetryingTooLong": in_trouble,
        "AirflowDagRunFailed": dags,
        "AirflowDagRunRunningTooLong": dags,
        "AirflowDagNoSuccess": dags,
        "Watchdog": 1,
    }
