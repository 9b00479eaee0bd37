"""The V2 dashboard on a real Pushgateway and Prometheus: runs, deployments and order."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from dashgen import project
from dashgen.build import build
from dashgen.catalog.airflow import (
    DAG_RUN_DURATION,
    DAG_RUN_FAILED_TASKS,
    DAG_RUN_START,
    DAG_RUN_STATUS,
    TASK_DURATION,
    TASK_START,
    TASK_STATUS,
    TASK_TRY_NUMBER,
)
from dashgen.catalog.labels import (
    AIRFLOW_DAG_RUNS,
    AIRFLOW_TASK_RUNS,
    DAG_ID,
    INSTANCE,
    RUN_ID,
    TASK_ID,
    DagRunState,
    TaskState,
)
from dashgen.catalog.terms import JOB_LABEL
from dashgen.settings import Settings
from tests import grafana, servers
from tests.asked import queries
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.asked import Asked

PROJECT = project.load(Settings(), CHECKOUT)
BUILT = build(PROJECT).files
BOARD: dict[str, Any] = json.loads(BUILT["grafana/dashboards/airflow_v2_per_run.json"])
PANELS = {panel["title"]: panel for panel in BOARD["panels"]}
RUN = "scheduled__2026-01-01T00:00:00+00:00"
SWEPT = "manual__later"
DAG = "sales.daily"
GOING_DAG, GOING = "going", "manual__going"
HOUR = 3600
TASKS = {
    "skipped": TaskState.SKIPPED,
    "fine": TaskState.SUCCESS,
    "running": TaskState.RUNNING,
    "downstream": TaskState.UPSTREAM_FAILED,
    "retrying": TaskState.UP_FOR_RETRY,
    "broken": TaskState.FAILED,
}


def _group(job: str, labels: dict[str, str]) -> str:
    return "/".join((JOB_LABEL, job, *(part for label in labels.items() for part in label)))


def _push(gateway: servers.Pushgateway, job: str, labels: dict[str, str], values: dict[str, float]) -> None:
    gateway.push(_group(job, labels), "".join(f"{name} {value}\n" for name, value in values.items()))


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    """Return a Prometheus that has scraped the same run of two deployments, and two later runs of one."""
    now = time.time()
    runs = {
        ("prod", RUN): (DagRunState.FAILED, now - 3 * HOUR),
        ("staging", RUN): (DagRunState.SUCCESS, now - 3 * HOUR),
        ("prod", SWEPT): (DagRunState.SUCCESS, now - HOUR),
        ("prod", "a_between"): (DagRunState.SUCCESS, now - 2 * HOUR),
    }
    with servers.pushgateway(tmp_path_factory.mktemp("gateway")) as gateway:
        for (instance, run), (state, start) in runs.items():
            labels = {DAG_ID.name: DAG, RUN_ID.name: run, INSTANCE.name: instance}
            values = {DAG_RUN_STATUS.name: float(state), DAG_RUN_START.name: start}
            _push(gateway, AIRFLOW_DAG_RUNS.name, labels, values)
        for task, task_state in TASKS.items():
            labels = {DAG_ID.name: DAG, RUN_ID.name: RUN, TASK_ID.name: task, INSTANCE.name: "prod"}
            _push(gateway, AIRFLOW_TASK_RUNS.name, labels, {TASK_STATUS.name: float(task_state)})
        _push_going(gateway, now)
        config = BUILT["prometheus/prometheus.yml"].replace("pushgateway:9091", gateway.url.removeprefix("http://"))
        config = config.replace("scrape_interval: 30s", "scrape_interval: 1s").replace("scrape_timeout: 25s", "")
        config = config.replace("  - rules/*.yml", "  []").replace('"alertmanager:9093"', "")
        with servers.prometheus(tmp_path_factory.mktemp("prometheus"), config) as server:
            _wait(lambda: bool(server.query(TASK_STATUS.per_run())), "nothing was scraped")
            swept = _group(AIRFLOW_DAG_RUNS.name, {DAG_ID.name: DAG, RUN_ID.name: SWEPT, INSTANCE.name: "prod"})
            gateway.request("DELETE", f"/metrics/{swept}")
            _wait(lambda: not server.query(DAG_RUN_STATUS.per_run(RUN_ID.is_(SWEPT))), "the swept run is still there")
            yield server


def _push_going(gateway: servers.Pushgateway, now: float) -> None:
    """Push a run that is under way, one of its tasks done, and the one before it, which has ended."""
    ended = {DAG_RUN_DURATION: 60, DAG_RUN_FAILED_TASKS: 0}
    before = {DAG_RUN_STATUS: DagRunState.SUCCESS, DAG_RUN_START: now - HOUR, **ended}
    going = {DAG_RUN_STATUS: DagRunState.RUNNING, DAG_RUN_START: now - 60}
    for run, values in ((f"{GOING}_before", before), (GOING, going)):
        labels = {DAG_ID.name: GOING_DAG, RUN_ID.name: run, INSTANCE.name: "prod"}
        _push(gateway, AIRFLOW_DAG_RUNS.name, labels, {metric.name: float(each) for metric, each in values.items()})
    begun = {TASK_STATUS: TaskState.RUNNING, TASK_START: now - 30, TASK_TRY_NUMBER: 1}
    for task, values in (("second", begun), ("first", {**begun, TASK_STATUS: TaskState.SUCCESS, TASK_DURATION: 20})):
        labels = {DAG_ID.name: GOING_DAG, RUN_ID.name: GOING, TASK_ID.name: task, INSTANCE.name: "prod"}
        _push(gateway, AIRFLOW_TASK_RUNS.name, labels, {metric.name: float(each) for metric, each in values.items()})


def _wait(until: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


def _asked(server: servers.Prometheus, title: str, ref: str = "A", **chosen: str) -> tuple[Any, ...]:
    window = grafana.Window(time.time())
    values = grafana.chosen(BOARD, window, server, **chosen)
    (target,) = (each for each in PANELS[title]["targets"] if each["refId"] == ref)
    return server.query(grafana.interpolated(target["expr"], values, window), at=window.end)


@pytest.mark.parametrize(("instance", "state"), [("prod", DagRunState.FAILED), ("staging", DagRunState.SUCCESS)])
def test_the_same_run_of_two_deployments_is_kept_apart(
    prometheus: servers.Prometheus, instance: str, state: DagRunState
) -> None:
    """A run that failed in one deployment is not shown as the same-named one that succeeded in another."""
    shown = _asked(prometheus, "State", instance=instance, dag_id=DAG, run_id=RUN)
    assert [sample.value for sample in shown] == [state]


def test_runs_are_offered_newest_first(prometheus: servers.Prometheus) -> None:
    """The list of runs is in the order of their start, whatever their names, and of one deployment only."""
    (variable,) = (each for each in BOARD["templating"]["list"] if each["name"] == RUN_ID.name)
    values = {INSTANCE.name: "prod", DAG_ID.name: DAG}
    offered = grafana.options(variable, values, grafana.Window(time.time()), prometheus)
    assert offered == [SWEPT, "a_between", RUN]
    assert variable["sort"] == 0


def test_a_swept_run_can_still_be_read(prometheus: servers.Prometheus) -> None:
    """A run whose group the sweeper removed is offered and shown while the time range holds it."""
    shown = _asked(prometheus, "State", instance="prod", dag_id=DAG, run_id=SWEPT)
    assert [sample.value for sample in shown] == [DagRunState.SUCCESS]


def test_the_runs_tasks_come_failed_first(prometheus: servers.Prometheus) -> None:
    """The table's order puts what failed before its victims, and successes last."""
    title = next(title for title in PANELS if title.startswith("Tasks of the run"))
    ref = PANELS[title]["targets"][-1]["refId"]
    ranked = _asked(prometheus, title, ref, instance="prod", dag_id=DAG, run_id=RUN)
    order = [sample.labels[TASK_ID.name] for sample in sorted(ranked, key=lambda sample: sample.value)]
    assert order[:2] == ["broken", "retrying"]
    assert set(order[2:4]) == {"downstream", "running"}
    assert order[4:] == ["fine", "skipped"]


@pytest.mark.parametrize(
    "asked", [each for each in queries(PROJECT) if each.board == "v2" and f"${RUN_ID}" in each.expr], ids=str
)
def test_a_run_under_way_is_shown(asked: Asked, prometheus: servers.Prometheus) -> None:
    """Each query has data of a run that is under way, or its panel says why it may have none."""
    window = grafana.Window(time.time())
    chosen = {INSTANCE.name: "prod", DAG_ID.name: GOING_DAG, RUN_ID.name: GOING}
    values = grafana.chosen(BOARD, window, prometheus, **chosen)
    found = asked.ask(prometheus, grafana.interpolated(asked.expr, values, window), window)
    assert found or asked.may_be_empty
