"""The dashboards on StatsD's metrics: laid out, following the settings, and with all that others show."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.build import build
from dashgen.dashboards import dags, platform, v3_fleet
from dashgen.render.grafana import path_of
from dashgen.settings import StatsdSettings
from tests.programs import CHECKOUT
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.definitions import Project

GRID_WIDTH = 24
KEYS = (platform.KEY, dags.KEY)
NAMES = {platform.KEY: "platform", dags.KEY: "DAGs"}
PAGE = (CHECKOUT / "docs/statsd.md").read_text(encoding="utf-8")
Board = dict[str, Any]


def _boards(project: Project) -> dict[str, Board]:
    built = build(project)
    assert built.problems == ()
    return {board.key: json.loads(built.files[path_of(board)]) for board in project.dashboards}


def _of(timers: str) -> dict[str, Board]:
    return _boards(builtin(statsd=StatsdSettings(timers=timers)))


@pytest.fixture(scope="module", params=["summary", "histogram"])
def boards(request: pytest.FixtureRequest) -> dict[str, Board]:
    """Return all dashboards, with either kind of timers."""
    return _of(request.param)


def _rows(board: Board) -> Iterator[list[Board]]:
    """Yield the panels of each row, collapsed ones included."""
    shown: list[Board] = []
    for panel in board["panels"]:
        if panel["type"] != "row":
            shown.append(panel)
            continue
        yield shown
        shown = panel.get("panels", [])[:]
    yield shown


def _exprs(board: Board) -> list[str]:
    return [target["expr"] for row in _rows(board) for panel in row for target in panel.get("targets", ())]


@pytest.mark.parametrize("key", KEYS)
def test_panels_leave_no_hole(key: str, boards: dict[str, Board]) -> None:
    """Panels beside each other are of one height, and fill the width."""
    lines = [
        list(line)
        for row in _rows(boards[key])
        for _, line in groupby((panel["gridPos"] for panel in row), key=lambda position: position["y"])
    ]
    assert lines
    assert {sum(position["w"] for position in line) for line in lines} == {GRID_WIDTH}
    assert all(len({position["h"] for position in line}) == 1 for line in lines)


def test_quantiles_follow_the_settings() -> None:
    """They are those of the summaries, or come from the buckets; never both."""
    for timers, wanted, other in (("summary", 'quantile="', "_bucket"), ("histogram", "_bucket", 'quantile="')):
        exprs = [expr for key, board in _of(timers).items() if key in KEYS for expr in _exprs(board)]
        assert any(wanted in expr for expr in exprs)
        assert not any(other in expr for expr in exprs)


def test_links_carry_no_exporter_as_a_deployment(boards: dict[str, Board]) -> None:
    """What V3 calls instance is no scrape target: links between them carry it under another name."""
    names = {key: {variable["name"] for variable in boards[key]["templating"]["list"]} for key in boards}
    assert "instance" in names[v3_fleet.KEY]
    for key in KEYS:
        assert names[key].isdisjoint({"instance"})
        assert {"datasource", "exporter"} <= names[key]


def test_v3_leads_to_the_dags_and_back(boards: dict[str, Board]) -> None:
    """The dashboards link each other, and keep the chosen DAG."""
    links = {key: {link["url"]: link for link in boards[key]["links"]} for key in boards}
    of_dags, of_v3 = (f"/d/{boards[key]['uid']}" for key in (dags.KEY, v3_fleet.KEY))
    assert links[v3_fleet.KEY][of_dags]["includeVars"]
    assert links[dags.KEY][of_v3]["includeVars"]
    assert links[platform.KEY].keys() >= {of_dags, of_v3}


def test_nothing_of_it_without_statsd() -> None:
    """Switched off, there is no dashboard, no recording rule and no link that leads nowhere."""
    project = builtin(statsd=StatsdSettings(enabled=False))
    assert set(KEYS).isdisjoint(_boards(project))
    text = "".join(build(project).files.values())
    for word in ('job="statsd_exporter"', "airflow-dags", "airflow-platform", ":increase5m"):
        assert word not in text


# The panels of others that have a metric today, and ours: Grafana's mixin for Airflow, Databand's dashboards
# of the cluster and of a DAG, and Google's sample. With each, the series by which ours shows it.
PEERS = (
    ("mixin: DAG file parsing errors", "platform/import-errors", "airflow_dag_processing_import_errors"),
    ("mixin: SLA misses", "platform/deadlines", "airflow_sla_missed_total"),
    ("mixin: Task failures", "platform/failures-now", "airflow_ti_failures_total"),
    ("mixin: DAG success duration", "dags/run-duration", "dag:airflow_dagrun_duration_seconds_sum:increase5m"),
    ("mixin: DAG failed duration", "dags/run-duration-failed", "dag:airflow_dagrun_duration_seconds_sum:increase5m"),
    ("mixin: Task duration", "dags/slowest-tasks", "airflow_task_duration_seconds_sum"),
    ("mixin: Task count summary", "dags/tries-started", "dag:airflow_ti_start:increase5m"),
    ("mixin: Task counts", "dags/task-outcomes", "dag:airflow_ti_finish:increase5m"),
    ("mixin: DAG schedule delay", "dags/schedule-delay", "airflow_dagrun_schedule_delay_seconds_sum"),
    ("mixin: Scheduler tasks", "platform/scheduler-tasks", "airflow_scheduler_tasks_executable"),
    ("mixin: Executor tasks", "platform/executor-slots", "airflow_executor_open_slots"),
    ("mixin: Pool task slots", "platform/pool-slots", "airflow_pool_running_slots"),
    ("Databand: Scheduler heartbeat", "platform/scheduler-heartbeat", "airflow_scheduler_heartbeat_total"),
    ("Databand: DAG bag size", "platform/dagbag-size", "airflow_dagbag_size"),
    ("Databand: Parse time", "platform/parse-time", "airflow_dag_processing_total_parse_time_seconds"),
    ("Databand: Import errors", "platform/import-errors", "airflow_dag_processing_import_errors"),
    ("Databand: Zombies killed", "platform/tasks-killed", "airflow_task_instances_without_heartbeats_killed_total"),
    ("Databand: Succeeded and failed tasks", "platform/task-ends", "dag:airflow_ti_finish:increase5m"),
    ("Databand: Operators' successes", "platform/operator-shares", "operator:airflow_operator_successes:increase5m"),
    ("Databand: Operators' failures", "platform/operator-failures", "operator:airflow_operator_failures:increase5m"),
    ("Databand: Jobs started and ended", "platform/jobs", "airflow_job_end_total"),
    ("Databand: Executor's slots", "platform/executor-slots", "airflow_executor_queued_tasks"),
    ("Databand: DAG run durations", "dags/run-duration-high", "airflow_dagrun_duration_seconds"),
    ("Databand: Dependency check", "dags/dependency-check", "airflow_dagrun_dependency_check_seconds_sum"),
    ("Databand: Schedule delay", "dags/schedule-delay", "airflow_dagrun_schedule_delay_seconds_sum"),
    ("Google: Tasks running", "platform/executor-slots", "airflow_executor_running_tasks"),
    ("Google: Tasks starving", "platform/scheduler-tasks", "airflow_scheduler_tasks_starving"),
    ("Google: Tasks executable", "platform/scheduler-tasks", "airflow_scheduler_tasks_executable"),
    ("Google: Heartbeat", "platform/scheduler-heartbeat", "airflow_scheduler_heartbeat_total"),
    ("Google: Orphaned tasks cleared", "platform/tasks-killed", "airflow_scheduler_orphaned_tasks_cleared_total"),
    ("Google: Orphaned tasks adopted", "platform/tasks-killed", "airflow_scheduler_orphaned_tasks_adopted_total"),
    (
        "Google: Critical section",
        "platform/critical-section",
        "airflow_scheduler_critical_section_duration_seconds_sum",
    ),
)


@pytest.mark.parametrize(("peer", "panel", "series"), PEERS, ids=[peer for peer, _, _ in PEERS])
def test_what_others_show_is_there(peer: str, panel: str, series: str) -> None:
    """The panel is on our dashboard and reads that metric, and the page names it."""
    key, _, name = panel.partition("/")
    (board,) = (board for board in builtin().dashboards if board.key == key)
    (found,) = (each for each in board.panels() if each.key == name)
    pattern = re.compile(rf"(?<![\w:]){re.escape(series)}(?![\w:])")
    assert any(pattern.search(target.expr) for target in found.content.targets), peer
    assert f"\n| {peer} | {NAMES[key]} | {found.content.title} |\n" in PAGE
