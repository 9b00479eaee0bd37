"""VictoriaMetrics and vmalert in Prometheus' place, on the files of a build; and why not in the Pushgateway's."""

from __future__ import annotations

import json
import re
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.build import build
from dashgen.settings import StatsdSettings
from tests import servers
from tests.command import dashgen
from tests.integration.sweeper.gateways import eventually
from tests.programs import CHECKOUT, program
from tests.projects import builtin, written
from tests.victoriametrics import victoriametrics, vmalert

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

V3 = "grafana/dashboards/airflow_v3_low_cardinality.json"
RULES = "prometheus/rules"
GRAFANA = "https://grafana.example.org"
RECORDING = f"{RULES}/recording.yml"
ALERTS = f"{RULES}/alerts.yml"
# By file: what is replaced, by what, and a part of the reason.
FAULTS = {
    V3: [
        ("dag_run_start_timestamp_seconds", "dag_run_begin_timestamp_seconds", "has never been seen here"),
        ('try_number{job=\\"airflow_tasks\\",instance=', 'try_number{job=\\"airflow_tasks\\",at=', "it filters by at"),
        ('job=\\"airflow_dags\\"', 'job=\\"airflow_dag\\"', 'has job="airflow_dag"'),
        ("topk(10, task_duration_seconds{", "topk(10, (task_duration_seconds{", 'unexpected token ""; want ","'),
    ],
    RECORDING: [("(task_duration_seconds{", "(task_duration_secs{", "metric task_duration_secs has never been seen")],
    ALERTS: [("- name: watchdog", "- name: guard_dog", 'group "guard_dog" is not loaded')],
}
# Of 200 runs a quarter fails: some task and some DAG did, whatever the hour.
FLEET = ("--dags", "50", "--tasks", "6", "--runs", "4", "--failing", "25")
SCRAPE_SECONDS = 5
EVALUATION_SECONDS = 2
# As the files of a build are read: what is Prometheus' alone is left aside.
LENIENT = "-promscrape.config.strictParse=false"
# The names of hundreds of DAGs are in a query of V3's tables, some twice.
LONG = "-search.maxQueryLen=1MB"
PATIENCE_SECONDS = 60.0
# Five minutes, and a scrape more.
STALE_SECONDS = 330
FRESH_SECONDS = 240


@dataclass(frozen=True)
class Stack:
    """The running servers, and the folder with the build that they run on."""

    out: Path
    gateway: servers.Pushgateway
    server: servers.Prometheus
    rules: servers.Prometheus
    alertmanager: servers.Server

    def verify(self, *files: Path | str) -> list[dict[str, Any]]:
        """Verify some files; return the queries."""
        urls = ("--prometheus-url", self.server.url, "--rules-url", self.rules.url)
        more = ("--scrape-interval", f"{SCRAPE_SECONDS}s", "--format", "json")
        done = dashgen("verify", *urls, *more, *files, cwd=self.out)
        assert done.stderr == ""
        queries: list[dict[str, Any]] = json.loads(done.stdout)["queries"]
        assert done.code == int(bool(findings(queries)))
        return queries


def findings(queries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return subject, status and message of what is neither ok nor empty as it may be."""
    return [(q["subject"], q["status"], q["message"]) for q in queries if q["status"] not in {"ok", "may be empty"}]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the stack on a fleet of emit's, once every rule group has been evaluated and what it recorded is there."""

    def folder(name: str) -> Path:
        return tmp_path_factory.mktemp(name)

    with ExitStack() as running:
        gateway = running.enter_context(servers.pushgateway(folder("gateway")))
        address = gateway.url.removeprefix("http://")
        # No statsd_exporter is there.
        off = StatsdSettings(enabled=False)
        files = dict(build(builtin(pushgateway_targets=(address,), grafana_url=GRAFANA, statsd=off)).files)
        files["dashgen.toml"] = "[statsd]\nenabled = false\n"
        out = written(folder("out"), {path: _hurried(text) for path, text in files.items()})
        emitted = dashgen("emit", "--pushgateway-url", gateway.url, *FLEET, cwd=out)
        assert emitted.code == 0, emitted.stderr

        alertmanager = running.enter_context(
            servers.alertmanager(folder("alertmanager"), files["alertmanager/alertmanager.yml"])
        )
        config = (out / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
        server = running.enter_context(victoriametrics(folder("victoriametrics"), config, LENIENT, LONG))
        rules = running.enter_context(
            vmalert(folder("vmalert"), f"{out / RULES}/*.yml", server.url, server.url, alertmanager.url)
        )
        found = Stack(out, gateway, server, rules, alertmanager)
        # It is recorded from what others record.
        assert eventually(lambda: bool(server.query("task:task_attention:worst")), PATIENCE_SECONDS)
        assert eventually(lambda: not findings(found.verify(V3, RULES)), PATIENCE_SECONDS), findings(
            found.verify(V3, RULES)
        )
        yield found


def _hurried(text: str) -> str:
    """Have scrapes and rules run every few seconds, not by the minute: nobody waits that long."""
    text = re.sub(r"(?m)^( *scrape_(?:interval|timeout)): .*", rf"\1: {SCRAPE_SECONDS}s", text)
    return re.sub(r"(?m)^  interval: .*", f"  interval: {EVALUATION_SECONDS}s", text)


def test_tables_of_hundreds_of_dags(stack: Stack) -> None:
    """Queries are answered that hold as many DAGs as V3 can list, with long names."""
    listed = [f"{'department-of-long-names':_<36}{number:04}" for number in range(500)]
    urls = ("--prometheus-url", stack.server.url, "--rules-url", stack.rules.url, "--format", "json")
    chosen = [f"--var={name}={dag}" for name in ("troubled_dags", "inventory_dags") for dag in listed]
    done = dashgen("verify", *urls, *chosen, V3, cwd=stack.out)
    queries = json.loads(done.stdout)["queries"]
    assert max(len(query["expr"]) for query in queries) > 2 * len("|".join(listed))
    assert [query["message"] for query in queries if query["status"] == "error"] == []


def test_vmalert_accepts_the_rules() -> None:
    """The rule files of out/ are read as they are, their templates and expressions included."""
    command = (program("vmalert"), "-dryRun", f"-rule={CHECKOUT / 'out' / RULES}/*.yml")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "found 2 files" in done.stderr


def test_every_query_is_ok(stack: Stack) -> None:
    """Every query of V3, and every rule, returns something, or nothing where it may; each rule is loaded as written."""
    queries = stack.verify(V3, RULES)
    assert findings(queries) == []
    kinds = [query["kind"] for query in queries]
    assert kinds.count("panel") > 30
    assert kinds.count("recording rule") + kinds.count("alert rule") == sum(
        len(group["rules"]) for group in stack.rules.rule_groups()
    )
    panels = [query for query in queries if query["kind"] == "panel"]
    assert sum(query["status"] == "ok" for query in panels) > 0.8 * len(panels)


def test_recorded_series_are_there(stack: Stack) -> None:
    """What vmalert records is in VictoriaMetrics: as many tasks in all states together as there are."""
    (tasks,) = stack.server.query('count(task_status{job="airflow_tasks"})')
    (recorded,) = stack.server.query('sum({__name__=~"dag:task_status_(failed|success|running):sum"})')
    assert tasks.value == 300
    assert 0 < recorded.value <= tasks.value


def test_alerts_reach_alertmanager(stack: Stack) -> None:
    """A failed task's alert arrives with its labels, its text filled in, and a link to the dashboard."""

    def alerts(name: str) -> list[dict[str, Any]]:
        found = stack.alertmanager.get_json("/api/v2/alerts", filter=f'alertname="{name}"', inhibited="true")
        return list(found)

    failed = {
        (sample.labels["dag_id"], sample.labels["task_id"])
        for sample in stack.server.query("task_status == -1")
        if sample.labels["job"] == "airflow_tasks"
    }
    assert failed
    assert eventually(lambda: len(alerts("AirflowTaskFailed")) == len(failed), PATIENCE_SECONDS)
    assert len(alerts("Watchdog")) == 1
    for alert in alerts("AirflowTaskFailed"):
        dag, task = alert["labels"]["dag_id"], alert["labels"]["task_id"]
        assert (dag, task) in failed
        assert alert["labels"]["severity"] == "warning"
        assert alert["annotations"]["summary"] == f"Task {task} of DAG {dag} failed"
        assert alert["annotations"]["dashboard_url"].startswith(f"{GRAFANA}/d/airflow-observability-v3?")
        assert f"var-dag_id={dag}&" in alert["annotations"]["dashboard_url"]


def test_live_check_finds_nothing(stack: Stack) -> None:
    """What was emitted arrives as the catalog says; that another server evaluates the rules is said, and no fault."""
    urls = ("--pushgateway-url", stack.gateway.url, "--prometheus-url", stack.server.url)
    done = dashgen("live-check", *urls, "--format", "json", cwd=stack.out)
    assert (done.code, done.stderr) == (0, ""), done.stdout
    told = [each for each in json.loads(done.stdout)["findings"] if each["rule"] == "not-asked"]
    assert [each["message"] for each in told] == ["it evaluates no rules, and what rules record is there"]


def test_planted_faults(stack: Stack, tmp_path: Path) -> None:
    """Faults in a dashboard and in rules are found for their reasons, as on a Prometheus."""
    copies = {file: tmp_path / file.rpartition("/")[2] for file in (V3, RECORDING, ALERTS)}
    for file, copy in copies.items():
        text = (stack.out / file).read_text(encoding="utf-8")
        for old, new, _ in FAULTS[file]:
            assert old in text
            text = text.replace(old, new)
        copy.write_text(text, encoding="utf-8")
    found = [told for _, _, told in findings(stack.verify(*copies.values()))]
    for _, _, message in (fault for faults in FAULTS.values() for fault in faults):
        assert any(message in told for told in found), message


def test_what_has_gone_was_seen_until(stack: Stack, tmp_path: Path) -> None:
    """A series that is no longer scraped ends, and the reason tells when."""
    stack.gateway.push("job/airflow_tasks/instance/old", "task_left 1\n")
    assert eventually(lambda: bool(stack.server.query("task_left")), PATIENCE_SECONDS)
    stack.gateway.request("DELETE", "/metrics/job/airflow_tasks/instance/old")
    assert eventually(lambda: not stack.server.query("task_left"), PATIENCE_SECONDS)
    ended = time.time()
    target = {"refId": "A", "expr": "task_left", "instant": True}
    panel = {"id": 1, "type": "stat", "title": "Left", "targets": [target]}
    board = tmp_path / "board.json"
    board.write_text(json.dumps({"title": "Board", "panels": [panel]}), encoding="utf-8")
    ((_, status, message),) = findings(stack.verify(board))
    assert status == "empty"
    found = re.fullmatch(r"task_left was seen until (.*) UTC, and is no more", message)
    assert found, message
    seen = time.mktime(time.strptime(found[1], "%Y-%m-%d %H:%M:%S")) - time.timezone
    assert ended - 30 < seen <= ended


def test_not_in_the_pushgateways_place(stack: Stack, tmp_path: Path) -> None:
    """It takes pushes, and forgets them: after five minutes there is no last value, and the time of a push never."""
    with victoriametrics(tmp_path, "scrape_configs: []\n") as server:
        url = f"{server.url}/api/v1/import/prometheus"
        done = dashgen("emit", "--pushgateway-url", url, "--dags", "2", "--runs", "0", cwd=stack.out)
        assert done.code == 0, done.stderr
        pushed = time.time()
        assert eventually(lambda: bool(server.query("task_status")), PATIENCE_SECONDS)
        assert server.query("task_status", at=pushed + FRESH_SECONDS)
        assert server.query("task_status", at=pushed + STALE_SECONDS) == ()
        assert server.query("push_time_seconds") == ()
    assert stack.server.query("push_time_seconds")
