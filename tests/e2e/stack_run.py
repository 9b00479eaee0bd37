"""Everything at once, for real: Airflow, the servers on the files of a build, the command, and what all of it shows.

Two Prometheus look at the same gateway and exporters. One runs on the build as it is. The other runs on the same
definitions a thousand times as fast (tests/e2e/dashgen.toml), and asks every two seconds. VictoriaMetrics and vmalert
stand in the first one's place. All but Airflow's own work is waited for by its effect, each wait bounded.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgen.catalog.statsd.dags import DAGRUN_FIRST_TASK_SCHEDULING_DELAY
from demo import airflow, stack
from tests import servers
from tests.e2e import stack_lines, stack_watchers
from tests.e2e.airflow import AirflowError
from tests.e2e.stack_command import Command, Queries, findings, installed
from tests.e2e.stack_watchers import ELSEWHERE, RULES
from tests.programs import CHECKOUT
from tests.statsd_exporter import StatsdExporter, statsd_exporter
from tests.wire import requests, response, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping, Sequence

    import pytest

    from demo.stack import Stack
    from tests.e2e.airflow import Deployment
    from tests.servers import Prometheus, Pushgateway
    from tests.wire import Server

FASTER = Path(__file__).with_name("dashgen.toml")
LOOK_SECONDS = 1.0
# The rules as they are: a scrape, what one rule records and another reads, two minutes' hold, and the round.
ALERTS_SECONDS = 330.0
RUNS_SECONDS = 240.0
SHORT_SECONDS = 90.0
V3 = "grafana/dashboards/airflow_v3_low_cardinality.json"
DAGS = "grafana/dashboards/airflow_dags.json"
ONE_DAG = "dag_id=sales_orders"
BY_HAND = "by_hand"
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

# What fires of V3 by the rules as they are, and needs no past: VictoriaMetrics has none.
ON_FLEET = frozenset({"Watchdog", "AirflowTaskFailed", "AirflowTaskPartlyFailed", "AirflowDagRunFailed"})

Labels = dict[str, str]


@dataclass
class Played:
    """What was seen in the run.

    ``verified`` are the queries of ``dashgen verify`` by what was asked: "prometheus", "swept" (V3 after the sweep),
    "faster", "one DAG" (that is chosen, there), "victoriametrics", "swept elsewhere" (V3 there); ``live`` what
    ``dashgen live-check`` found.
    ``firing`` are the alerts of the first Prometheus, ``fired`` the names of the second one's, at any time;
    ``notified`` is what Alertmanager had at any time, of both and of vmalert.
    ``drawn`` is how ``dashgen preview --png`` ended, and what it said.
    ``groups`` are the labels of the per-run groups before the sweep and after it, ``swept`` how its run ended.
    """

    out: Path
    spare: str
    verified: dict[str, Queries] = field(default_factory=dict)
    live: list[dict[str, str]] = field(default_factory=list)
    firing: list[Labels] = field(default_factory=list)
    notified: dict[str, dict[str, Any]] = field(default_factory=dict)
    fired: set[str] = field(default_factory=set)
    drawn: tuple[int, str] = (-1, "")
    groups: list[list[Labels]] = field(default_factory=list)
    swept: str = ""

    @property
    def pictures(self) -> Path:
        """The folder of the pictures."""
        return self.out.with_name("pictures")

    def notified_of(self, pace: str | None) -> set[str]:
        """Return the names of the alerts that Alertmanager had with this label ``pace``, or without one."""
        labels = [each["labels"] for each in self.notified.values()]
        return {each["alertname"] for each in labels if each.get("pace") == pace}


def played(folders: pytest.TempPathFactory, wheel: Path) -> Played:
    """Play it once."""
    with ExitStack() as started:
        root, ports = folders.mktemp("stack"), stack.Ports.free()
        dashgen = installed(root / "command", wheel)
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
        faster = started.enter_context(stack_watchers.faster(faster_folder, faster_out))
        other = started.enter_context(stack_watchers.elsewhere(folders, out, running.alertmanager.url))
        seen = Played(out, targets[0])
        act = _Act(Command(dashgen, root), seen, running, faster, spare, unmapped)
        act.begin()
        with airflow.running(folders.mktemp("airflow"), wheel, dashgen, running, ports) as deployment:
            act.run(deployment)
            act.verify(Command(dashgen, faster_folder), faster_out, other)
            act.sweep(deployment, other)
            act.alerts()
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
        """Hear of a deployment once, and never again."""
        url = self.stack.pushgateway.url
        once = ("--dags", "1", "--tasks", "1", "--runs", "0", "--failing", "0", "--instance", SILENT)
        self.command.json("emit", "--pushgateway-url", url, *once)

    def run(self, deployment: Deployment) -> None:
        """Wait until the DAGs have run, one of them a second time, to its end."""
        self._until("an exporter that receives nothing", lambda: "StatsdExporterReceivesNothing" in self.seen.fired)
        self._send_trouble()
        self._until("a refused sweep", self._refused_sweep)
        self._until("the runs", lambda: _ended(deployment) == ENDED, RUNS_SECONDS)
        # What grows has to be seen twice.
        self._send_trouble()
        # Which is sent when a run has ended: all else of a second run has been sent then.
        again = f"increase({DAGRUN_FIRST_TASK_SCHEDULING_DELAY}_count[10m]) > 0"
        self._until("a second run of a schedule", lambda: bool(self.faster.query(again)), RUNS_SECONDS)

    def verify(self, fast: Command, fast_out: Path, other: tuple[Prometheus, Prometheus]) -> None:
        """Ask everything; what rules record may take until their next round."""
        (store, ruler), out, verified = other, self.stack.out, self.seen.verified

        def sound(asked: str, *files: Path, at: Prometheus, rules: Prometheus | None = None) -> bool:
            verified[asked] = self.command.verify(at, *files, rules=rules)
            return not findings(verified[asked])

        self._until("Prometheus", lambda: sound("prometheus", out, at=self.stack.prometheus))
        elsewhere = (out / V3, out / RULES)
        self._until("VictoriaMetrics", lambda: sound("victoriametrics", *elsewhere, at=store, rules=ruler))
        verified["faster"] = fast.verify(self.faster, fast_out)
        verified["one DAG"] = fast.verify(self.faster, fast_out / DAGS, choose=ONE_DAG)
        urls = ("--pushgateway-url", self.stack.pushgateway.url, "--prometheus-url", self.stack.prometheus.url)
        self.seen.live = self.command.json("live-check", *urls)["findings"]

    def sweep(self, deployment: Deployment, other: tuple[Prometheus, Prometheus]) -> None:
        """Run the sweeper's DAG for groups that are older than a minute, and look at V3 once that is scraped."""
        gateway, prometheus = self.stack.pushgateway, self.stack.prometheus
        self._until("no sweeper for long", lambda: "PushgatewaySweeperMissing" in self.seen.fired)
        self.seen.groups.append(_per_run(gateway))
        self._until("the start of a sweep", lambda: _started(deployment))
        self._until("the sweep", lambda: _state(deployment) in {"success", "failed"})
        self.seen.swept = _state(deployment) or ""
        self.seen.groups.append(_per_run(gateway))
        scraped = f'timestamp(up{{job="pushgateway"}}) > {time.time()}'
        self._until("a scrape", lambda: bool(prometheus.query(scraped)))
        self.seen.verified["swept"] = self.command.verify(prometheus, self.stack.out / V3)
        store, ruler = other
        self.seen.verified["swept elsewhere"] = self.command.verify(store, self.stack.out / V3, rules=ruler)

    def alerts(self) -> None:
        """Wait until what should fire by the rules as they are does; those that are held come last.

        Meanwhile a browser draws the dashboards.
        """
        names = {"AirflowTaskPartlyFailed", "AirflowTriggererStopped", "PushgatewaySweeperFailing", "AirflowTaskFailed"}
        with self.command.drawing(self.stack.prometheus, self.seen.pictures) as drawing:
            self._until("the alerts", lambda: names <= {each["alertname"] for each in self._firing()}, ALERTS_SECONDS)
            self.seen.firing = self._firing()
            self._until("VictoriaMetrics' alerts", lambda: self.seen.notified_of(ELSEWHERE) >= ON_FLEET)
            said, _ = drawing.communicate()
        self.seen.drawn = (drawing.returncode, said)

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

    def _send_trouble(self) -> None:
        self.spare.send(stack_lines.TROUBLE)
        self.unmapped.send(stack_lines.UNMAPPED)

    def _refused_sweep(self) -> bool:
        """Sweep where nobody may delete; tell whether something should have been."""

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
        assert done.returncode in {0, 1}, done.stdout + done.stderr
        return done.returncode == 1

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


def _ended(deployment: Deployment) -> Mapping[str, str]:
    """Return the states of the first runs that have ended as they must."""
    found = {(run.dag_id, run.state) for run in deployment.database.rows().runs}
    exports = [row.state for row in deployment.database.rows().tasks if row.task_id == "export"]
    over = len(exports) > 1 and {*exports} <= {"success", "failed"}
    return {dag_id: state for dag_id, state in ENDED.items() if over and (dag_id, state) in found}


def _started(deployment: Deployment) -> bool:
    """Start the sweeper's DAG by hand; tell whether it was. A database that is busy makes the server refuse."""
    body = {"dag_run_id": BY_HAND, "logical_date": None, "conf": {"max_age_mins": 1}}
    try:
        deployment.request("POST", f"/api/v2/dags/{airflow.SWEEPER}/dagRuns", body)
    except AirflowError:
        return _state(deployment) is not None
    return True


def _state(deployment: Deployment) -> str | None:
    """Return the state of that run, once it is there."""
    row = deployment.database.rows().run(airflow.SWEEPER, BY_HAND)
    return row.state if row else None


def _per_run(gateway: Pushgateway) -> list[Labels]:
    groups: Sequence[dict[str, Any]] = gateway.get_json("/api/v1/metrics")["data"]
    return [each["labels"] for each in groups if each["labels"]["job"] in PER_RUN]
