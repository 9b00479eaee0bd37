"""Faults on the emitting and the scraping side, each found by ``dashgen verify`` with its reason."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.build import build
from dashgen.project import load
from dashgen.settings import Settings, StatsdSettings
from tests import fleet, servers, watched_fleet
from tests.command import dashgen
from tests.programs import CHECKOUT
from tests.statsd_exporter import statsd_exporter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = fleet.Fleet(dags=20, tasks_per_dag=10, dags_with_runs=2, runs_per_dag=2)
V3 = "grafana/dashboards/airflow_v3_low_cardinality.json"
V2 = "grafana/dashboards/airflow_v2_per_run.json"
RECORDING = "prometheus/rules/recording.yml"
ALERTS = "prometheus/rules/alerts.yml"
FAILED = 'panel "Tasks failed" A'
PATIENCE_SECONDS = 60
SENT = ("airflow.tagged.scheduler_heartbeat:1|c", "airflow.tagged.pool.open_slots,pool_name=default_pool:128|g")
UNMAPPED = "airflow_tagged_scheduler_heartbeat"

Queries = list[dict[str, Any]]


@contextmanager
def scraping(folder: Path, text: str, *edits: tuple[str, str], rules: bool = True) -> Iterator[servers.Prometheus]:
    """Run Prometheus on what a gateway exposes, with our configuration and rules, edited, until all has settled."""
    with fleet.served(fleet.handler(text)) as port:
        off = StatsdSettings(enabled=False)
        settings = Settings(pushgateway_targets=(f"{servers.HOST}:{port}",), alertmanager_targets=(), statsd=off)
        files = build(load(settings, CHECKOUT)).files
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(re.sub(r"(?m)^  interval: .*", "  interval: 1s", content), encoding="utf-8")
        config = re.sub(r"scrape_(interval|timeout): .*", r"scrape_\1: 1s", files["prometheus/prometheus.yml"])
        config = config.replace("rules/", "prometheus/rules/") if rules else config.replace("rules/", "elsewhere/")
        for old, new in edits:
            assert old in config
            config = config.replace(old, new)
        with servers.prometheus(folder, config) as server:
            # A rate needs two scrapes; one rule reads what another recorded.
            _wait(server, "count_over_time(scrape_samples_scraped[5m]) > 2")
            if rules:
                for _ in watched_fleet.evaluations(server, watched_fleet.SETTLED_AFTER_ROUNDS):
                    pass
            yield server


def _wait(server: servers.Prometheus, expr: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.query(expr):
        assert time.monotonic() < deadline, expr
        time.sleep(0.2)


def verified(folder: Path, server: servers.Prometheus, *paths: str) -> Queries:
    """Return the findings on files of the build; there must be some."""
    done = dashgen("verify", "--prometheus-url", server.url, "--format", "json", *paths, cwd=folder)
    assert done.code == 1, done.stderr
    found = [each for each in json.loads(done.stdout)["queries"] if each["status"] not in {"ok", "may be empty"}]
    assert found
    return found


def one(queries: Queries, subject: str) -> dict[str, Any]:
    """Return the one query of this subject."""
    (found,) = [each for each in queries if each["subject"] == subject]
    return found


@pytest.fixture(scope="module")
def exposed() -> str:
    """Return what a gateway exposes when all is well."""
    return fleet.exposition(SIZE, time.time())


def test_metric_renamed_only_in_the_plugin(tmp_path: Path, exposed: str) -> None:
    """What asks for the old name is found; the new one is named."""
    text = exposed.replace("dag_run_status{", "dag_run_state{")
    with scraping(tmp_path, text) as server:
        found = verified(tmp_path, server, V3, ALERTS)
    # What selects by a variable that is empty says so, and the variable why it is.
    assert {each["cause"] for each in found} == {"metric never seen", "variable has no value"}
    assert one(found, 'variable "worst_dags"')["cause"] == "metric never seen"
    panel = one(found, 'panel "DAGs whose last run failed" A')
    assert panel["message"] == "metric dag_run_status has never been seen here"
    assert panel["hint"].endswith("dag_run_state is here: was it renamed?")
    assert one(found, 'group "dag_alerts", alert "AirflowDagRunFailed"')["status"] == "empty"


def test_label_dropped(tmp_path: Path) -> None:
    """A query that groups by it returns something all the same, and is found."""
    text = fleet.exposition(fleet.Fleet(dags=1, tasks_per_dag=200, dags_with_runs=0), time.time())
    targets = '    static_configs:\n      - targets: ["127'
    relabel = "    metric_relabel_configs:\n      - {action: labeldrop, regex: dag_id}\n"
    with scraping(tmp_path, text, (targets, relabel + targets)) as server:
        found = verified(tmp_path, server, RECORDING, V3)
    record = one(found, 'group "airflow_dag_totals", record "dag:task_status_failed:sum"')
    assert (record["status"], record["cause"]) == ("incomplete", "label missing")
    assert "`by` names dag_id" in record["message"]
    variable = one(found, 'variable "dag_id"')
    assert (variable["status"], variable["cause"]) == ("empty", "label missing")
    assert one(found, FAILED)["cause"] == "label missing"


def test_generation_switched_off_in_the_plugin(tmp_path: Path) -> None:
    """Where nothing of V2 arrives, its panels say which switch to look at; V3 is well."""
    text = fleet.exposition(fleet.Fleet(dags=20, tasks_per_dag=10, dags_with_runs=0), time.time())
    with scraping(tmp_path, text) as server:
        found = verified(tmp_path, server, V2)
        fine = dashgen("verify", "--prometheus-url", server.url, V3, cwd=tmp_path)
    variable = one(found, 'variable "instance"')
    assert variable["message"] == 'no series of dag_run_status has job="airflow_dag_runs"'
    assert "AIRFLOW_VAR_ENABLE_V2_GAUGES" in variable["hint"]
    assert one(found, 'panel "State" A')["cause"] == "variable has no value"
    assert fine.code == 0, fine.stdout


def test_gateway_scraped_without_honor_labels(tmp_path: Path, exposed: str) -> None:
    """The reason is that, and not a metric, a job or a label that nobody renamed."""
    with scraping(tmp_path, exposed, ("honor_labels: true", "honor_labels: false")) as server:
        found = verified(tmp_path, server, V3, ALERTS, RECORDING)
    causes = {each["subject"]: each["cause"] for each in found}
    assert causes[FAILED] == "label was renamed by the scrape"
    assert causes['variable "dag_id"'] == "label was renamed by the scrape"
    assert (
        causes['group "airflow_dag_totals", record "dag:task_status_failed:sum"'] == "label was renamed by the scrape"
    )
    panel = one(found, 'panel "Slowest tasks now (top 10)" A')
    renamed = "has exported_job, not job: Prometheus scrapes it without honor_labels"
    assert panel["message"] == f"task_duration_seconds {renamed}"
    assert one(found, FAILED)["message"] == f"dag:task_status_failed:sum has nothing to record: task_status {renamed}"
    assert panel["hint"] == "Set honor_labels: true for the scrape job pushgateway."


def test_rule_file_not_loaded(tmp_path: Path, exposed: str) -> None:
    """Its rules are found, and panels of what it would record say what is to be done."""
    with scraping(tmp_path, exposed, rules=False) as server:
        found = verified(tmp_path, server, V3, RECORDING, ALERTS)
    record = one(found, 'group "airflow_dag_totals", record "dag:task_status_failed:sum"')
    assert (record["cause"], record["message"]) == ("rule file not loaded", 'group "airflow_dag_totals" is not loaded')
    assert one(found, 'group "watchdog", alert "Watchdog"')["cause"] == "rule file not loaded"
    panel = one(found, FAILED)
    assert panel["cause"] == "not recorded"
    assert panel["message"].startswith("dag:task_status_failed:sum is not recorded, though its rule returns")


def test_rules_evaluated_elsewhere(tmp_path: Path, exposed: str) -> None:
    """A ruler of its own is asked which rules it has."""
    for name in ("store", "ruler"):
        (tmp_path / name).mkdir()
    with (
        scraping(tmp_path / "store", exposed, rules=False) as store,
        scraping(tmp_path / "ruler", exposed) as ruler,
    ):
        urls = ("--prometheus-url", store.url, "--rules-url", ruler.url)
        done = dashgen("verify", *urls, "--format", "json", ALERTS, cwd=tmp_path / "store")
    assert "rule file not loaded" not in done.stdout


def test_exporter_without_its_mapping(tmp_path: Path) -> None:
    """What Airflow sends comes through under other names; the reason is the exporter's missing mapping."""
    (tmp_path / "exporter").mkdir()
    (tmp_path / "prometheus").mkdir()
    with (
        servers.pushgateway(tmp_path) as gateway,
        statsd_exporter(tmp_path / "exporter", "mappings: []\n") as exporter,
    ):
        settings = f'pushgateway_targets = ["{servers.HOST}:{gateway.port}"]\nalertmanager_targets = []\n'
        settings += f'[statsd]\ntargets = ["{servers.HOST}:{exporter.port}"]\n'
        (tmp_path / "dashgen.toml").write_text(settings, encoding="utf-8")
        assert dashgen("build", cwd=tmp_path).code == 0
        exporter.send(SENT)
        config = (tmp_path / "out/prometheus/prometheus.yml").read_text(encoding="utf-8")
        config = re.sub(r"scrape_(interval|timeout): .*", r"scrape_\1: 1s", config)
        with servers.prometheus(tmp_path / "prometheus", config) as server:
            _wait(server, UNMAPPED)
            found = verified(tmp_path, server, "out/grafana/dashboards/airflow_platform.json", f"out/{ALERTS}")
    alert = 'group "platform_alerts", alert "AirflowSchedulerHeartbeatStopped"'
    for subject in ('panel "Heartbeats" A', alert):
        for each in (each for each in found if each["subject"] == subject):
            assert each["message"] == "metric airflow_scheduler_heartbeat_total has never been seen here"
            assert each["hint"].endswith("--statsd.mapping-config=out/statsd/statsd_mapping.yml.")
    assert {'panel "Heartbeats" A', alert} <= {each["subject"] for each in found}


def test_nothing_was_pushed(tmp_path: Path) -> None:
    """With a gateway that is empty, every metric of the listener was never seen."""
    text = "".join(f'filler{{number="{number}"}} 1\n' for number in range(100))
    with scraping(tmp_path, text, rules=False) as server:
        found = verified(tmp_path, server, V3)
    hints = {FAILED: "a recording rule", 'panel "Slowest tasks now (top 10)" A': "the Airflow listener"}
    for subject, hint in hints.items():
        assert one(found, subject)["cause"] == "metric never seen"
        assert hint in one(found, subject)["hint"]
