"""``dashgen verify`` with the files of a build, on a real Prometheus that scrapes a fleet and evaluates the rules."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.build import build
from dashgen.project import load
from dashgen.settings import Settings, StatsdSettings
from tests import fleet, watched_fleet
from tests.command import dashgen
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers import Prometheus

SIZE = fleet.Fleet(dags=60, tasks_per_dag=10, dags_with_runs=5, runs_per_dag=4)
V3 = "grafana/dashboards/airflow_v3_low_cardinality.json"
V2 = "grafana/dashboards/airflow_v2_per_run.json"
RECORDING = "prometheus/rules/recording.yml"
ALERTS = "prometheus/rules/alerts.yml"

Edit = tuple[str, str, str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Return a Prometheus on a small fleet, whose rules have settled."""
    with watched_fleet.watched(tmp_path_factory.mktemp("fleet"), SIZE, every="2s") as running:
        yield running


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder as the definitions make it, not to be changed."""
    folder = tmp_path_factory.mktemp("built")
    # The fleet has no statsd_exporter beside it.
    settings = Settings(statsd=StatsdSettings(enabled=False))
    for path, text in build(load(settings, CHECKOUT)).files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def verified(server: Prometheus, built: Path, tmp_path: Path) -> Callable[..., tuple[int, list[dict[str, Any]]]]:
    """Return a function that edits a copy of the output and verifies a file of it: exit code and queries."""

    def run(*edits: Edit, only: str = "", options: tuple[str, ...] = ()) -> tuple[int, list[dict[str, Any]]]:
        copy = shutil.copytree(built, tmp_path / "out", dirs_exist_ok=True)
        for file, old, new in edits:
            text = (copy / file).read_text(encoding="utf-8")
            assert old in text
            (copy / file).write_text(text.replace(old, new), encoding="utf-8")
        paths = [only] if only else ["."]
        done = dashgen("verify", "--prometheus-url", server.url, "--format", "json", *options, *paths, cwd=copy)
        assert done.stderr == ""
        return done.code, json.loads(done.stdout)["queries"]

    return run


def findings(queries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return subject, status and cause of what is neither ok nor empty as it may be."""
    return [(q["subject"], q["status"], q["cause"]) for q in queries if q["status"] not in {"ok", "may be empty"}]


def test_all_of_a_build(verified: Callable[..., Any], built: Path) -> None:
    """Every query of every panel, variable, annotation and rule is asked, and is ok, or empty where it may be."""
    code, queries = verified()
    assert findings(queries) == []
    assert code == 0
    boards = [json.loads((built / path).read_text()) for path in (V2, V3)]
    panels = [inner for board in boards for panel in board["panels"] for inner in (panel, *panel.get("panels", ()))]
    rules = sum(
        len(re.findall(r"(?m)^  - (?:record|alert):", (built / path).read_text())) for path in (RECORDING, ALERTS)
    )
    kinds = [query["kind"] for query in queries]
    assert kinds.count("panel") == sum(len(panel.get("targets", ())) for panel in panels)
    assert kinds.count("recording rule") + kinds.count("alert rule") == rules
    assert kinds.count("annotation") == sum(len(board["annotations"]["list"]) for board in boards)
    variables = [each for board in boards for each in board["templating"]["list"] if each["type"] == "query"]
    assert kinds.count("variable") == len(variables)


def test_text(server: Prometheus, built: Path) -> None:
    """People read a line for each query, its series and time, and a summary; --quiet leaves the summary."""
    done = dashgen("verify", "--prometheus-url", server.url, V3, cwd=built)
    assert done.code == 0, done.stdout
    assert re.search(r'(?m)^  ok +panel "Tasks failed" A: 1 series, \d+ ms$', done.stdout)
    assert re.search(r'(?m)^  ok +variable "dag_id": 60 values, \d+ ms$', done.stdout)
    assert re.search(r"(?m)^ +Empty when: No task is far above its usual\.$", done.stdout)
    assert re.search(r"\d+ queries: \d+ ok, \d+ empty as they may be, 0 empty, 0 incomplete, 0 error, in", done.stdout)
    quiet = dashgen("verify", "--prometheus-url", server.url, "--quiet", V3, cwd=built)
    assert quiet.stdout.count("\n") == 1


def test_one_series_for_the_chosen_dag(verified: Callable[..., Any]) -> None:
    """A variable that is chosen by hand goes into the queries, and into the variables that depend on it."""
    _, queries = verified(only=V3, options=("--var", "dag_id=dag_0007"))
    (table,) = [
        q for q in queries if q["subject"].startswith('panel "Latest run of every DAG') and q["subject"].endswith("A")
    ]
    assert table["series"] == 1
    assert 'dag_id=~"dag_0007"' in table["expr"]
    (tasks,) = [q for q in queries if q["subject"] == 'variable "task_id"']
    assert 'dag_id=~"dag_0007"' in tasks["expr"]


def test_metric_renamed_only_in_the_dashboard(verified: Callable[..., Any]) -> None:
    """Each panel that names it is found, those that may be empty too; the hint is the nearest name."""
    edits = [(V3, "dag_run_start_timestamp_seconds", "dag_run_begin_timestamp_seconds")]
    code, queries = verified(*edits, only=V3)
    found = findings(queries)
    assert code == 1
    assert {cause for _, _, cause in found} == {"metric never seen"}
    assert 'panel "DAG runs running longest (top 10)" A' in [subject for subject, _, _ in found]
    hints = {query["hint"] for query in queries if query["status"] == "empty"}
    assert hints == {"Did you mean dag_run_start_timestamp_seconds?"}


@pytest.mark.parametrize(
    ("matcher", "cause"),
    [('job=\\"airflow_dag\\"', "no series with that label value"), ('dag=\\"sales\\"', "label missing")],
    ids=["job", "label"],
)
def test_wrong_matcher_where_nothing_is_fine(matcher: str, cause: str, verified: Callable[..., Any]) -> None:
    """That a panel may be empty is no excuse for a job that is nowhere, or for a label that its metric never has."""
    running = "topk(10, time() - dag_run_start_timestamp_seconds{"
    _, queries = verified((V3, f'{running}job=\\"airflow_dags\\"', running + matcher), only=V3)
    assert findings(queries) == [('panel "DAG runs running longest (top 10)" A', "empty", cause)]


def test_metric_renamed_only_in_an_annotation(verified: Callable[..., Any]) -> None:
    """An annotation may be empty, not so when it asks for what never was."""
    _, queries = verified((V3, "(ALERTS{", "(ALARMS{"), only=V3)
    assert ('annotation "Alerts"', "empty", "metric never seen") in findings(queries)


@pytest.mark.parametrize(
    "edit",
    [(RECORDING, "(task_duration_seconds{", "(task_duration_secs{"), (ALERTS, " dag_run_status{", " dag_run_state{")],
    ids=["recording", "alert"],
)
def test_metric_renamed_only_in_a_rule(edit: Edit, verified: Callable[..., Any]) -> None:
    """A rule of a metric that is nowhere is found, though a rule may return nothing."""
    _, queries = verified(edit, only=edit[0])
    found = findings(queries)
    assert found
    assert {(status, cause) for _, status, cause in found} == {("empty", "metric never seen")}


def test_label_that_is_not_there(verified: Callable[..., Any]) -> None:
    """A filter by a label that no series has lets everything through; it is found all the same."""
    _, queries = verified((V3, 'dag_id=~\\"$dag_id\\"', 'dagid=~\\"$dag_id\\"'), only=V3)
    found = findings(queries)
    assert ('panel "Tasks failed" A', "incomplete", "label missing") in found
    assert {cause for _, _, cause in found} == {"label missing"}


def test_job_that_is_not_there(verified: Callable[..., Any]) -> None:
    """A rule may return nothing, but not for want of the job; the jobs that there are are named."""
    _, queries = verified(
        (RECORDING, '{job="airflow_tasks"} == bool 2', '{job="airflow_task"} == bool 2'), only=RECORDING
    )
    (query,) = [query for query in queries if query["status"] == "empty"]
    assert query["cause"] == "no series with that label value"
    assert "airflow_tasks" in query["hint"]


def test_variable_without_values(verified: Callable[..., Any]) -> None:
    """It is found, and what depends on it says that it is for its sake."""
    edit = (V2, "(run_id) (max_over_time(dag_run_start_timestamp_seconds{", "(run_id) (max_over_time(dag_run_begin{")
    _, queries = verified(edit, only=V2)
    found = findings(queries)
    assert ('variable "run_id"', "empty", "metric never seen") in found
    assert ('variable "task_id"', "empty", "variable has no value") in found
    assert ('panel "State" A', "empty", "variable has no value") in found


def test_variable_that_the_dashboard_lacks(verified: Callable[..., Any]) -> None:
    """A name that no variable has is said, rather than what Prometheus makes of it."""
    _, queries = verified((V3, 'task_id=~\\"$task_id\\"', 'task_id=~\\"$task\\"'), only=V3)
    messages = {query["message"] for query in queries if query["status"] != "ok" and query["cause"].startswith("var")}
    assert messages == {"the dashboard has no variable $task"}


def test_rules_that_differ_from_those_loaded(verified: Callable[..., Any]) -> None:
    """A rule that is evaluated otherwise, or not at all, is found, and so is a group; layout is no difference."""
    retrying = 'task:task_retrying:try_number{job="airflow_tasks"} >= '
    edits = [
        (ALERTS, "dag_run_status{", "  dag_run_status  {"),
        (ALERTS, "- alert: AirflowTaskFailed\n", "- alert: AirflowTaskFailedAnew\n"),
        (ALERTS, f"{retrying}1", f"{retrying}2"),
        (ALERTS, "- name: watchdog", "- name: guard_dog"),
    ]
    _, queries = verified(*edits, only=ALERTS)
    told = {query["subject"]: query["message"] for query in queries if query["status"] == "incomplete"}
    assert told == {
        'group "task_alerts", alert "AirflowTaskFailedAnew"': (
            'group "task_alerts" is loaded without it, from an older or another file'
        ),
        'group "task_alerts", alert "AirflowTaskRetryingTooLong"': f"it is loaded with another expression: {retrying}1",
        'group "guard_dog", alert "Watchdog"': 'group "guard_dog" is not loaded',
    }


def test_query_that_is_refused(verified: Callable[..., Any]) -> None:
    """What Prometheus says of a query that it can't read is passed on."""
    _, queries = verified((V3, "sum(task_status{", "sum(sum(task_status{"), only=V3)
    errors = [query for query in queries if query["status"] == "error"]
    assert errors
    assert all("parse error" in query["message"] for query in errors)
