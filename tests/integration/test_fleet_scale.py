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
from dashgen.catalog.airflow import DAG_RUN_STATUS, TASK_STATUS
from dashgen.catalog.labels import DAG_ID, INSTANCE, TASK_ID, Attention, TaskState
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
V3 = "v3"
# Choices of DAGs and tasks, as Grafana writes them in a matcher.
CHOICES: Mapping[str, dict[str, str]] = {
    "all": {},
    "one DAG": {"dag_id": ONE_DAG},
    "two DAGs": {"dag_id": f"({ONE_DAG}|dag_0005)"},
    "one task of all DAGs": {"task_id": "task_10"},
    "two tasks of all DAGs": {"task_id": "(task_02|task_10)"},
    "tasks of one DAG": {"dag_id": ONE_DAG, "task_id": "(task_10|task_11)"},
    "a task that is nowhere": {"task_id": "no_such_task"},
    "a DAG that is nowhere": {"dag_id": "no_such_dag"},
}
COUNTED = {
    "tasks-failed": TaskState.FAILED,
    "tasks-upstream-failed": TaskState.UPSTREAM_FAILED,
    "tasks-retrying": TaskState.UP_FOR_RETRY,
    "tasks-running": TaskState.RUNNING,
    "tasks-succeeded": TaskState.SUCCESS,
}
TABLES = {"attention": "ABCDE", "inventory": "ABCDEF"}


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


@dataclass(frozen=True)
class V3View:
    """V3 with some DAGs and tasks chosen, in a Prometheus that has the fleet."""

    server: Prometheus
    window: grafana.Window
    chosen: Mapping[str, str]

    def values(self, key: str, **by_hand: str) -> dict[tuple[str, ...], float]:
        """Return what the query of this panel and ref id (``"attention A"``) shows at the end, by its labels."""
        (asked,) = (each for each in QUERIES if (each.board, each.name) == (V3, key))
        values = grafana.chosen(BOARDS[V3], self.window, self.server, **{**self.chosen, **by_hand})
        found = self.server.query(grafana.interpolated(asked.expr, values, self.window), at=self.window.end)
        labels = (INSTANCE.name, DAG_ID.name, TASK_ID.name)
        return {tuple(filter(None, map(sample.labels.get, labels))): sample.value for sample in found}

    def of_whole_fleet(self, key: str) -> dict[tuple[str, ...], float]:
        """Return what a table's query would show if all chosen DAGs were in the variable that spares it the fleet."""
        of_all = self.chosen.get("dag_id", ".*")
        return self.values(key, troubled_dags=of_all, inventory_dags=of_all)

    def value(self, key: str) -> float | None:
        """Return the one number that a panel's query A shows, None without one."""
        found = self.values(f"{key} A")
        assert len(found) <= 1
        return next(iter(found.values()), None)

    def in_fleet(self, condition: str = "") -> float | None:
        """Count the tasks that are chosen, or those whose state meets a condition, in the fleet itself."""
        everything = {"dag_id": ".*", "task_id": ".*", **self.chosen}
        selector = TASK_STATUS.fleet(DAG_ID % everything["dag_id"], TASK_ID % everything["task_id"])
        expr = f"sum({selector} {condition})" if condition else f"count({selector})"
        return next((sample.value for sample in self.server.query(expr, at=self.window.end)), None)


@pytest.fixture(params=CHOICES)
def v3(request: pytest.FixtureRequest, fleet_prometheus: Prometheus) -> V3View:
    """Look at V3 with a choice of DAGs and tasks."""
    return V3View(fleet_prometheus, grafana.Window(time.time()), CHOICES[request.param])


def test_counts_are_of_what_is_chosen(v3: V3View) -> None:
    """Whether they come from totals or from the fleet, counts are right, and absent where nothing is chosen."""
    expected = {key: v3.in_fleet(f"== bool {state}") for key, state in COUNTED.items()}
    assert {key: v3.value(key) for key in COUNTED} == expected
    unhealthy, tasks = (v3.in_fleet(f"<= bool {TaskState.FAILED}"), v3.in_fleet())
    healthy = None if unhealthy is None or not tasks else pytest.approx(1 - unhealthy / tasks)
    assert v3.value("share-healthy") == healthy


def test_trends_end_with_what_is_chosen(v3: V3View) -> None:
    """Totals over time follow the choice of DAGs, and have nothing to show for one that is nowhere."""
    of_dags = V3View(v3.server, v3.window, {name: each for name, each in v3.chosen.items() if name == "dag_id"})
    shown = {
        "failures-over-time A": TaskState.FAILED,
        "failures-over-time B": TaskState.UPSTREAM_FAILED,
        "failures-over-time C": TaskState.UP_FOR_RETRY,
        "successes-over-time A": TaskState.SUCCESS,
        "successes-over-time B": TaskState.RUNNING,
    }
    for key, state in shown.items():
        expected = of_dags.in_fleet(f"== bool {state}")
        assert v3.values(key) == ({} if expected is None else {(): expected})


def test_attention_lists_what_the_whole_fleet_would(v3: V3View) -> None:
    """Each column has the tasks, and their values, that it would have if it read the whole fleet."""
    listed = v3.values("attention A").keys()
    for ref in TABLES["attention"]:
        found = v3.values(f"attention {ref}")
        assert found.keys() == listed
        assert found == v3.of_whole_fleet(f"attention {ref}")


def test_inventory_lists_what_the_whole_fleet_would(v3: V3View) -> None:
    """Each column has the same tasks, in the states that come first, and all of them when one DAG is chosen."""
    columns = [v3.values(f"inventory {ref}") for ref in TABLES["inventory"]]
    assert all(column.keys() == columns[0].keys() for column in columns)
    # Of tasks in the same state any may be left out, so not the tasks are compared.
    for ref in ("A", "F"):
        expected = v3.of_whole_fleet(f"inventory {ref}")
        assert sorted(v3.values(f"inventory {ref}").values()) == sorted(expected.values())
    assert len(columns[0]) == min(v3.in_fleet() or 0, 500)


def test_lanes_are_of_the_worst_dags(v3: V3View) -> None:
    """The DAGs over time are those with the lowest states, and the longest of the slowest."""
    in_dags = DAG_ID % v3.chosen.get("dag_id", ".*")
    for key, expr in (
        ("dag-states", f"bottomk(50, {DAG_RUN_STATUS.fleet(in_dags)})"),
        ("durations-over-time", f"topk(10, {recorded.DAG_DURATION_MAX.select(in_dags)})"),
    ):
        expected = [sample.value for sample in v3.server.query(expr, at=v3.window.end)]
        assert sorted(v3.values(f"{key} A").values()) == sorted(expected)


def test_one_panel_reads_the_whole_fleet(fleet_prometheus: Prometheus, window: grafana.Window) -> None:
    """As V3 opens, one query of now reads every task; the others have totals, or the tasks of the DAGs they list."""
    values = grafana.chosen(BOARDS[V3], window, fleet_prometheus)
    read = {
        asked.name: fleet_prometheus.samples_read(grafana.interpolated(asked.expr, values, window), at=window.end)
        for asked in QUERIES
        if asked.board == V3 and asked.instant
    }
    assert [name for name, samples in read.items() if samples >= SIZE.tasks] == ["slowest A"]
