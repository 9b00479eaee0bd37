"""Everything at once, for real: Airflow, the servers on the files of a build, the command, and what all of it shows.

Two Prometheus look at the same gateway and exporters. One runs on the build as it is. The other runs on the same
definitions a thousand times as fast (tests/e2e/dashgen.toml), and asks every two seconds. VictoriaMetrics and vmalert
stand in the first one's place. All but Airflow's own work is waited for by its effect, each wait bounded.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from dashgen.catalog.statsd.dags import DAGRUN_SCHEDULE_DELAY
from demo import airflow, stack
from tests import servers
from tests.e2e import stack_lines
from tests.environments import UV, install, run
from tests.programs import CHECKOUT
from tests.statsd_exporter import StatsdExporter, statsd_exporter
from tests.victoriametrics import victoriametrics, vmalert
from tests.wire import requests, response, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pytest

    from demo.stack import Stack
    from tests.e2e.airflow import Deployment
    from tests.servers import Prometheus, Pushgateway
    from tests.wire import Server

FASTER = Path(__file__).with_name("dashgen.toml")
EVERY = "2s"
LOOK_SECONDS = 1.0
# The rules as they are: a scrape, what one rule records and another reads, two minutes' hold, and the round.
ALERTS_SECONDS = 330.0
SHORT_SECONDS = 90.0
V3 = "grafana/dashboards/airflow_v3_low_cardinality.json"
DAGS = "grafana/dashboards/airflow_dags.json"
ONE_DAG = "dag_id=sales_orders"
RULES = "prometheus/rules"
PER_RUN = ("airflow_task_runs", "airflow_dag_runs")
# Deployments of which nothing more is heard, and of which the gateway refuses to delete.
SILENT, REFUSED = "dashgen-emit-silent", "refused"
# How the first runs end; those of customer_exports go on.
ENDED = {
    "billing_invoices": "failed",
    "rates_import": "success",
    "sales_orders": "success",
    "sales_report": "success",
    airflow.SWEEPER: "success",
}

Labels = dict[str, str]
Queries = list[dict[str, Any]]


@dataclass
class Played:
    """What was seen in the run.

    ``verified`` are the queries of ``dashgen verify`` by what was asked: "prometheus", "swept" (V3 after the sweep),
    "faster", "one DAG" (that is chosen, there), "victoriametrics"; ``live`` what ``dashgen live-check`` found.
    ``firing`` are the alerts of the first Prometheus, ``fired`` the names of the second one's, at any time;
    ``notified`` is what Alertmanager had at any time, of both.
    ``groups`` are the labels of the per-run groups before the sweep and after it, ``swept`` how its run ended.
    """

    out: Path
    spare: str
    verified: dict[str, Queries] = field(default_factory=dict)
    live: list[dict[str, str]] = field(default_factory=list)
    firing: list[Labels] = field(default_factory=list)
    notified: dict[str, dict[str, Any]] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    groups: list[list[Labels]] = field(default_factory=list)
    swept: str = ""


@dataclass(frozen=True)
class Command:
    """The command of the built package, in an environment of its own, with the settings of a build."""

    dashgen: Path
    folder: Path

    def json(self, *arguments: str | Path) -> Any:  # noqa: ANN401  (JSON)
        """Return what a subcommand prints, whether it has findings or not."""
        words = [self.dashgen, *arguments, "--config", self.folder / "dashgen.toml", "--format", "json"]
        done = subprocess.run(words, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode in {0, 1}, f"{words}: {done.returncode}\n{done.stderr}"
        return json.loads(done.stdout)

    def verify(
        self, prometheus: Prometheus, *files: Path, rules: Prometheus | None = None, choose: str = ""
    ) -> Queries:
        """Return every query of files and what came of it, with a variable's value as NAME=VALUE."""
        more = (*(("--rules-url", rules.url) if rules else ()), *(("--var", choose) if choose else ()))
        found: Queries = self.json("verify", "--prometheus-url", prometheus.url, *more, *files)["queries"]
        return found


def findings(queries: Queries) -> Queries:
    """Return the queries about which somebody has to do something."""
    return [each for each in queries if each["status"] not in {"ok", "may be empty"}]


def played(folders: pytest.TempPathFactory, wheel: Path) -> Played:
    """Play it once."""
    with ExitStack() as started:
        root, ports = folders.mktemp("stack"), stack.Ports.free()
        dashgen = _command(root / "command", wheel)
        mapping = CHECKOUT / "out" / "statsd" / "statsd_mapping.yml"
        spare = started.enter_context(statsd_exporter(folders.mktemp("spare"), mapping))
        unmapped = started.enter_context(statsd_exporter(folders.mktemp("unmapped"), "mappings: []\n"))
        targets = [each.url.removeprefix("http://") for each in (spare, unmapped)]
        out = stack.built(root, stack.settings(ports, targets[0]), dashgen)
        faster_folder = folders.mktemp("faster")
        text = stack.settings(ports, *targets) + FASTER.read_text(encoding="utf-8")
        faster_out = stack.built(faster_folder, text, dashgen)
        now, exporter = int(time.time()), f"{servers.HOST}:{ports.exporter}"
        for data in (root / "prometheus" / "prometheus", faster_folder / "data"):
            stack_lines.fill(data, now, exporter, targets[0])
        running = started.enter_context(stack.running(root, out, ports))
        faster = started.enter_context(_faster(faster_folder, faster_out))
        other = started.enter_context(_elsewhere(folders, out))
        seen = Played(out, targets[0])
        act = _Act(Command(dashgen, root), seen, running, faster, spare, unmapped)
        act.begin()
        with airflow.running(folders.mktemp("airflow"), wheel, dashgen, running, ports) as deployment:
            act.run(deployment)
            act.verify(Command(dashgen, faster_folder), faster_out, other)
            act.sweep(deployment)
        act.end()
        return seen


@dataclass(frozen=True)
class _Act:
    """What happens, one after the other."""

    command: Command
    seen: Played
    stack: Stack
    faster: Prometheus
    spare: StatsdExporter
    unmapped: StatsdExporter

    def begin(self) -> None:
        """Hear of a deployment once, and never again; let a sweeper be refused."""
        url = self.stack.pushgateway.url
        once = ("--dags", "1", "--tasks", "1", "--runs", "0", "--failing", "0", "--instance", SILENT)
        self.command.json("emit", "--pushgateway-url", url, *once)

    def run(self, deployment: Deployment) -> None:
        """Wait until the DAGs have run, and what should fire by the rules as they are does."""
        self._until("an exporter that receives nothing", lambda: "StatsdExporterReceivesNothing" in self.seen.fired)
        for exporter, lines in ((self.spare, stack_lines.TROUBLE), (self.unmapped, stack_lines.UNMAPPED)):
            exporter.send(lines)
        self._until("the runs", lambda: _ended(deployment) == ENDED, ALERTS_SECONDS)
        # What grows has to be seen twice.
        for exporter, lines in ((self.spare, stack_lines.TROUBLE), (self.unmapped, stack_lines.UNMAPPED)):
            exporter.send(lines)
        self._refused_sweep()
        again = f"increase({DAGRUN_SCHEDULE_DELAY}_count[10m]) > 0"
        self._until("a second run of a schedule", lambda: bool(self.faster.query(again)), 2 * SHORT_SECONDS)
        names = {"AirflowTaskPartlyFailed", "AirflowTriggererStopped", "PushgatewaySweeperFailing", "AirflowTaskFailed"}
        self._until("the alerts", lambda: names <= {each["alertname"] for each in self._firing()}, ALERTS_SECONDS)

    def verify(self, fast: Command, fast_out: Path, other: tuple[Prometheus, Prometheus]) -> None:
        """Ask everything, until nothing is found or nothing changes any more."""
        verified, (store, ruler) = self.seen.verified, other
        deadline = time.monotonic() + SHORT_SECONDS
        while True:
            verified["prometheus"] = self.command.verify(self.stack.prometheus, self.stack.out)
            if not findings(verified["prometheus"]) or time.monotonic() > deadline:
                break
            time.sleep(5)
        self.seen.firing = self._firing()
        verified["faster"] = fast.verify(self.faster, fast_out)
        verified["one DAG"] = fast.verify(self.faster, fast_out / DAGS, choose=ONE_DAG)
        verified["victoriametrics"] = self.command.verify(
            store, self.stack.out / V3, self.stack.out / RULES, rules=ruler
        )
        urls = ("--pushgateway-url", self.stack.pushgateway.url, "--prometheus-url", self.stack.prometheus.url)
        self.seen.live = self.command.json("live-check", *urls)["findings"]

    def sweep(self, deployment: Deployment) -> None:
        """Run the sweeper's DAG for groups that are older than a minute, and look at V3 once that is scraped."""
        gateway, prometheus = self.stack.pushgateway, self.stack.prometheus
        self._until("no sweeper for long", lambda: "PushgatewaySweeperMissing" in self.seen.fired)
        self.seen.groups.append(_per_run(gateway))
        body = {"dag_run_id": "by_hand", "logical_date": None, "conf": {"max_age_mins": 1}}
        deployment.request("POST", f"/api/v2/dags/{airflow.SWEEPER}/dagRuns", body)
        self._until("the sweep", lambda: _state(deployment, airflow.SWEEPER, "by_hand") in {"success", "failed"})
        self.seen.swept = _state(deployment, airflow.SWEEPER, "by_hand") or ""
        self.seen.groups.append(_per_run(gateway))
        at = time.time()
        self._until(
            "a scrape", lambda: bool(prometheus.query(f'timestamp(up{{job="pushgateway"}}) > {at}')), SHORT_SECONDS
        )
        self.seen.verified["swept"] = self.command.verify(prometheus, self.stack.out / V3)

    def end(self) -> None:
        """Push what the gateway refuses, again and again, and then end the gateway and an exporter."""
        gateway = self.stack.pushgateway

        def refused() -> bool:
            gateway.request("POST", "/metrics/job/refused", "task_status {\n")
            return "PushgatewayPushesFailing" in self.seen.fired

        self._until("refused pushes", refused)
        for server in (gateway, self.spare):
            server.process.terminate()
        self._until("the last alerts", lambda: {"PushgatewayDown", "StatsdExporterDown"} <= self.seen.fired)

    def _refused_sweep(self) -> None:
        """Sweep a gateway that lets nobody delete."""

        def talk(server: Server, connection: socket.socket) -> None:
            for request in requests(server, connection):
                status, body = 403, b""
                if request.method != "DELETE":
                    status, body = self.stack.pushgateway.request(request.method, request.target, request.body.decode())
                connection.sendall(response(status, body, {"Date": formatdate(usegmt=True)}))

        with serving(talk) as front:
            words = (self.command.dashgen, "sweep", "--url", front.url, "--max-age", "1s", "--no-pipeline")
            environment = {"AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME": REFUSED}
            done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 1, done.stdout + done.stderr

    def _firing(self) -> list[Labels]:
        alerts = self.stack.prometheus.get_json("/api/v1/alerts")["data"]["alerts"]
        return [each["labels"] for each in alerts if each["state"] == "firing"]

    def _until(self, what: str, done: Callable[[], bool], seconds: float = SHORT_SECONDS) -> None:
        """Wait, and note what fires and what Alertmanager hears of meanwhile; go on in vain, as the tests tell it."""
        deadline = time.monotonic() + seconds
        while True:
            self.seen.fired |= {each.labels["alertname"] for each in self.faster.query('ALERTS{alertstate="firing"}')}
            for alert in self.stack.alertmanager.get_json("/api/v2/alerts"):
                self.seen.notified[alert["fingerprint"]] = alert
            if done():
                return
            if time.monotonic() > deadline:
                print("waited in vain for", what)  # noqa: T201  (pytest shows it beside the test that fails)
                return
            time.sleep(LOOK_SECONDS)


def _command(environment: Path, wheel: Path) -> Path:
    """Install the package into an environment of its own."""
    run(UV, "venv", "--quiet", environment)
    install(wheel, environment)
    return environment / "bin" / "dashgen"


@contextmanager
def _faster(folder: Path, out: Path) -> Iterator[Prometheus]:
    """Run Prometheus on a build, at the pace of a test."""
    (folder / "rules").mkdir()
    for file in (out / RULES).iterdir():
        text = re.sub(r"(?m)^  interval: .*", f"  interval: {EVERY}", file.read_text(encoding="utf-8"))
        (folder / "rules" / file.name).write_text(text, encoding="utf-8")
    config = (out / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    config = re.sub(r"(\w+)_(interval|timeout): .*", rf"\1_\2: {EVERY}", config)
    with servers.prometheus(folder, config, "--storage.tsdb.retention.time=30d") as server:
        yield server


@contextmanager
def _elsewhere(folders: pytest.TempPathFactory, out: Path) -> Iterator[tuple[Prometheus, Prometheus]]:
    """Run VictoriaMetrics on what a Prometheus' configuration scrapes, and vmalert on the same rule files."""
    config = yaml.safe_load((out / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    scraped = {"global": {"scrape_interval": "30s"}, "scrape_configs": config["scrape_configs"]}
    with victoriametrics(folders.mktemp("victoriametrics"), yaml.safe_dump(scraped)) as store:
        files = str(out / RULES / "*.yml")
        with vmalert(folders.mktemp("vmalert"), files, store.url, store.url) as ruler:
            yield store, ruler


def _ended(deployment: Deployment) -> Mapping[str, str]:
    """Return the states of the first runs that have ended as they must."""
    found = {(run.dag_id, run.state) for run in deployment.database.rows().runs}
    exports = [row.state for row in deployment.database.rows().tasks if row.task_id == "export"]
    over = len(exports) > 1 and {*exports} <= {"success", "failed"}
    return {dag_id: state for dag_id, state in ENDED.items() if over and (dag_id, state) in found}


def _state(deployment: Deployment, dag_id: str, run_id: str) -> str | None:
    row = deployment.database.rows().run(dag_id, run_id)
    return row.state if row else None


def _per_run(gateway: Pushgateway) -> list[Labels]:
    groups: Sequence[dict[str, Any]] = gateway.get_json("/api/v1/metrics")["data"]
    return [each["labels"] for each in groups if each["labels"]["job"] in PER_RUN]
