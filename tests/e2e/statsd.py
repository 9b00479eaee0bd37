"""Airflow's own metrics in an end-to-end run: what Airflow sends, and what a real statsd_exporter makes of it."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen.catalog.statsd.sent import V2_11, V3
from dashgen.settings import Settings
from tests import servers
from tests.e2e.scenarios import AIRFLOW_2, AIRFLOW_3
from tests.programs import CHECKOUT
from tests.projects import builtin
from tests.statsd_exporter import sending, statsd_exporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.definitions import Project
    from tests.e2e.rows import Rows
    from tests.servers import Prometheus, Pushgateway, Sample
    from tests.statsd_exporter import StatsdExporter

DAGS = Path(__file__).with_name("statsd_dags")
PAGE = CHECKOUT / "docs/statsd.md"
# Airflow looks at files only that speak of it and of a dag.
BROKEN = "raise ImportError('a dag that airflow cannot import')\n"
# The last runs that the scheduler starts by itself, and how they end.
BY_ITSELF = {"scheduled": "success", "triggered": "success", "doomed": "failed"}

# As the settings name them.
VERSIONS = {AIRFLOW_2: V2_11, AIRFLOW_3: V3}
# With tags where the generated airflow.env is without, and without where it has them.
OTHER_WAY = {
    AIRFLOW_2: {
        "AIRFLOW__METRICS__STATSD_PREFIX": "airflow.tagged",
        "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "True",
    },
    AIRFLOW_3: {
        "AIRFLOW__METRICS__STATSD_PREFIX": "airflow",
        "AIRFLOW__METRICS__STATSD_INFLUXDB_ENABLED": "False",
        "AIRFLOW__METRICS__LEGACY_NAMES_ON": "True",
    },
}
EVERY = "2s"
_OWN = {
    "drop": ("events_actions_total", {"action": "drop"}),
    "unmapped": ("events_unmapped_total", {}),
    "error": ("events_error_total", {}),
    "conflict": ("events_conflict_total", {}),
    "sample error": ("sample_errors_total", {}),
    "tag error": ("tag_errors_total", {}),
}


def made_for(version: str) -> Project:
    """Return the built-in project for a version of Airflow."""
    return builtin(airflow_version=VERSIONS[version], alertmanager_targets=())


@dataclass(frozen=True)
class Heard:
    """What Airflow sent in a run, line by line, and the series that the exporter made of it.

    ``said`` are the counts of what became no series, by what the exporter calls it.
    """

    lines: tuple[str, ...]
    series: tuple[Sample, ...]
    said: Mapping[str, float]


@dataclass(frozen=True)
class Ear:
    """An exporter, and a socket before it where each line is noted and passed on."""

    exporter: StatsdExporter
    receiver: socket.socket
    lines: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    def heard(self) -> Heard:
        """Return what was heard, once the exporter has taken it in; Airflow must have ended."""
        self.end()
        self.exporter.settle(len(self.lines))
        said = {key: self.exporter.own(f"statsd_exporter_{name}", **labels) for key, (name, labels) in _OWN.items()}
        return Heard(tuple(self.lines), self.exporter.series(), said)

    def pass_on(self) -> None:
        """Pass on what comes, until the end."""
        target = (servers.HOST, self.exporter.statsd_port)
        while datagram := self.receiver.recv(65536):
            self.lines.append(datagram.decode())
            self.receiver.sendto(datagram, target)
        self._ended.set()

    def end(self) -> None:
        """Return when all that has come is passed on; nothing that comes later is."""
        # An empty datagram ends it, behind all others.
        self.receiver.sendto(b"", self.receiver.getsockname())
        self._ended.wait()

    def environment(self, lines: str) -> dict[str, str]:
        """Return the variables of an airflow.env that make Airflow send here."""
        return sending(lines, self.receiver.getsockname()[1])


@contextmanager
def listening(folder: Path, files: Mapping[str, str]) -> Iterator[Ear]:
    """Run an exporter on the mapping of a project.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    with (
        statsd_exporter(folder, files["statsd/statsd_mapping.yml"]) as exporter,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
    ):
        receiver.bind((servers.HOST, 0))
        ear = Ear(exporter, receiver)
        threading.Thread(target=ear.pass_on).start()
        try:
            yield ear
        finally:
            ear.end()


@contextmanager
def scraping(folder: Path, files: Mapping[str, str], ear: Ear, gateway: Pushgateway) -> Iterator[Prometheus]:
    """Run Prometheus on the configuration and the rules of a project; scrapes and rules run every two seconds.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    (folder / "rules").mkdir()
    for name in ("recording.yml", "alerts.yml"):
        text = re.sub(r"(?m)^  interval: .*", f"  interval: {EVERY}", files[f"prometheus/rules/{name}"])
        (folder / "rules" / name).write_text(text, encoding="utf-8")
    config = re.sub(r"(\w+)_(interval|timeout): .*", rf"\1_\2: {EVERY}", files["prometheus/prometheus.yml"])
    defaults = Settings()
    ports = {defaults.pushgateway_targets[0]: gateway.port, defaults.statsd.targets[0]: ear.exporter.port}
    for target, port in ports.items():
        assert target in config
        config = config.replace(target, f"{servers.HOST}:{port}")
    with servers.prometheus(folder, config) as prometheus:
        yield prometheus


def dags(folder: Path, *sources: Path) -> Path:
    """Make a folder of DAGs of others, and add one file that cannot be imported."""
    for source in sources:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    (folder / "broken.py").write_text(BROKEN, encoding="utf-8")
    return folder


def all_ran(rows: Rows) -> bool:
    """Tell whether a run of each DAG that Airflow starts by itself has ended as it must."""
    return BY_ITSELF.items() <= {(run.dag_id, run.state) for run in rows.runs}


def name_handler(home: Path) -> dict[str, str]:
    """Put the stat name handler of the docs into an Airflow's home; return the variable that names it."""
    (code,) = re.findall(r"(?s)```python\n(.*?)```", PAGE.read_text(encoding="utf-8"))
    (home / "config").mkdir()
    (home / "config" / "stat_names.py").write_text(code, encoding="utf-8")
    return {"AIRFLOW__METRICS__STAT_NAME_HANDLER": "stat_names.ascii_only"}
