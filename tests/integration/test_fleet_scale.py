"""Rules and dashboards at the size they are made for: 20,000 tasks in 1,000 DAGs, in a real Prometheus.

All in one module, which the Prometheus ends with: it takes half a processor as long as it runs.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from dashgen import project
from dashgen.catalog import recorded
from dashgen.catalog.labels import Attention, TaskState
from dashgen.catalog.pipeline import UP
from dashgen.settings import Settings, StatsdSettings
from tests import fleet, grafana, watched_fleet
from tests.asked import Asked, queries, rendered
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers import Prometheus

SIZE = fleet.Fleet()
MOST_SERIES = 1000

# What comes over StatsD has a fleet of its own.
PROJECT = project.load(Settings(statsd=StatsdSettings(enabled=False)), CHECKOUT)
BOARDS = rendered(PROJECT)
ONE_DAG = "dag_0002"
# How each dashboard is looked at: as it opens, and with one DAG chosen.
VIEWS: Mapping[str, dict[str, str]] = {"as it opens": {}, "of one DAG": {"dag_id": ONE_DAG}}
QUERIES = tuple(queries(PROJECT))


@dataclass
class Clock:
    """How long queries took, in seconds, by what asked them."""

    taken: dict[str, float] = field(default_factory=dict)

    def slowest(self) -> str:
        """Name the slowest query and its time."""
        name = max(self.taken, key=lambda each: self.taken[each])
        return f"slowest of {len(self.taken)} queries: {name}, {self.taken[name]:.3f} s"


@pytest.fixture(scope="module")
def fleet_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Return a Prometheus that scrapes the fleet and evaluates the generated rules."""
    with watched_fleet.watched(tmp_path_factory.mktemp("fleet"), SIZE) as running:
        yield running


@pytest.fixture(scope="module")
def clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    """Return what notes the time of each query; the slowest is printed at the end."""
    noted = Clock()
    yield noted
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(f"\n{noted.slowest()}")


@pytest.fixture(scope="module")
def window(fleet_prometheus: Prometheus) -> grafana.Window:
    """Return the last six hours, once the fleet is there."""
    assert fleet_prometheus.query(str(UP))
    return grafana.Window(time.time())


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


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("asked", QUERIES, ids=str)
def test_query(asked: Asked, view: str, fleet_prometheus: Prometheus, window: grafana.Window, clock: Clock) -> None:
    """A query is no error, returns at most 1,000 series, and some unless its panel says why there may be none."""
    values = grafana.chosen(BOARDS[asked.board], window, fleet_prometheus, **VIEWS[view])
    expr = grafana.interpolated(asked.expr, values, window)
    began = time.perf_counter()
    found = asked.ask(fleet_prometheus, expr, window)
    clock.taken[f"{asked} {view}"] = time.perf_counter() - began
    assert len(found) <= MOST_SERIES
    assert found or asked.may_be_empty


@pytest.mark.parametrize("board", BOARDS)
def test_variables(board: str, fleet_prometheus: Prometheus, window: grafana.Window) -> None:
    """Each variable offers something, and at most 1,000 choices."""
    values = grafana.chosen(BOARDS[board], window, fleet_prometheus)
    for variable in BOARDS[board]["templating"]["list"]:
        if variable["type"] == "query":
            offered = grafana.options(variable, values, window, fleet_prometheus)
            assert 0 < len(offered) <= MOST_SERIES, variable["name"]
            assert all(offered)
