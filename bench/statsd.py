"""How fast statsd_exporter takes in a fleet's lines, and what it keeps of them, beside a plain mapping."""

from __future__ import annotations

import re
import socket
import statistics
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bench.figures import Figure
from bench.groups import peak_mib
from dashgen import project
from dashgen.build import build
from dashgen.catalog.labels import DAG_ID, TASK_ID
from dashgen.catalog.statsd import METRICS, tasks
from dashgen.catalog.statsd.labels import STATE
from dashgen.settings import Settings
from tests import servers
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.servers import Server

DAGS, TASKS = 1_000, 20
ROUNDS = 3
# So often that what Go leaves to its garbage collector is as much as it ever is.
AGAIN = 12
TIMES, SECONDS, MIB = "times", "s", "MiB"
KINDS = {"plain": "a plain mapping", "ours": "our mapping"}
PREFIX = Settings().statsd.prefix
# What Airflow says of each try of a task, without tags, with a value and the type as they are sent.
SAID = (
    (tasks.TASK_SCHEDULED_DURATION, "1500|ms"),
    (tasks.TASK_QUEUED_DURATION, "700|ms"),
    (tasks.TI_START, "1|c"),
    (tasks.TASK_DURATION, "61000|ms"),
    (tasks.TI_FINISH, "1|c"),
)
COUNT = DAGS * TASKS * len(SAID)

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LINES_READ = re.compile(r"^statsd_exporter_lines_total (\S+)$", re.MULTILINE)
_OF_AIRFLOW = re.compile(r"^(airflow_.+) \S+$", re.MULTILINE)
_LONGEST_SECONDS = 120
# It has nothing left to do when it has used no processor for so long.
_QUIET_SECONDS = 0.5
_LOOK_SECONDS = 0.01


class ExporterError(Exception):
    """An exporter lost lines, or made other series of them than it should."""


def statsd(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Send 100,000 lines of 20,000 tasks to an exporter with our mapping and to one with a plain one; then more."""
    mappings = _mappings()
    took: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in range(1, ROUNDS + 1):
        series = {}
        for kind, mapping in mappings.items():
            tell(f"statsd_exporter with {KINDS[kind]} ({turn} of {ROUNDS})")
            with _exporter(folder / f"{kind}{turn}", mapping) as (server, port):
                took[kind].append(_taken_in(server, port, lines()))
                series[kind] = _series(server, COUNT)
        if differing := sorted(series["ours"] ^ series["plain"]):
            raise ExporterError(f"{len(differing)} series that only one mapping makes, {differing[0]} among them")
    seconds = {kind: statistics.median(took[kind]) for kind in KINDS}
    for kind, title in KINDS.items():
        yield Figure(f"{COUNT:,} StatsD lines, {title}", seconds[kind], SECONDS)
    yield Figure(f"{COUNT:,} StatsD lines, ours / plain", seconds["ours"] / seconds["plain"], TIMES, 1 / 0.8)
    tell("statsd_exporter, the same lines again and again")
    once, twice = _peaks(folder / "memory", mappings["ours"])
    yield Figure(f"statsd_exporter, peak memory, {AGAIN} times these lines", once, MIB)
    yield Figure(f"statsd_exporter, peak memory, {2 * AGAIN} times / {AGAIN} times", twice / once, TIMES, 1.2)


def _peaks(folder: Path, mapping: str) -> Iterator[float]:
    """Yield the peak memory of an exporter in MiB, after some times the same lines and after twice as many."""
    with _exporter(folder, mapping) as (server, port):
        for _ in range(2):
            for _ in range(AGAIN):
                _taken_in(server, port, lines())
            yield peak_mib(server.process.pid)


def lines() -> bytes:
    """Return the lines of the whole fleet, each task of all DAGs after the other, as on a schedule."""
    forms = [f"{PREFIX}.{metric.statsd[0].legacy}:{value}\n" for metric, value in SAID]
    return "".join(
        form.format_map({DAG_ID.name: f"dag_{dag:04}", TASK_ID.name: f"task_{task:02}", STATE.name: "success"})
        for task in range(TASKS)
        for dag in range(DAGS)
        for form in forms
    ).encode()


def _mappings() -> Mapping[str, str]:
    """Return our mapping, and a plain one: a glob for each name that carries labels, as few words as it takes."""
    ours = build(project.load(Settings(), CHECKOUT)).files["statsd/statsd_mapping.yml"]
    defaults = yaml.safe_load(ours).get("defaults", {})
    return {"ours": ours, "plain": yaml.safe_dump({"defaults": defaults, "mappings": list(_plain_rules())})}


def _plain_rules() -> Iterator[dict[str, object]]:
    for metric in METRICS:
        for line in metric.statsd:
            name = line.legacy or line.name
            labels = {label: f"${number}" for number, label in enumerate(_PLACEHOLDER.findall(name), 1)}
            labels |= {label.name: value for label, value in line.fixed}
            glob = f"{PREFIX}.{_PLACEHOLDER.sub('*', name)}"
            if re.search(r"[^.]\*|\*[^.]", glob):  # a part of a component: no glob takes that
                continue
            yield {"match": glob, "name": metric.name, "labels": labels}


@contextmanager
def _exporter(folder: Path, mapping: str) -> Iterator[tuple[Server, int]]:
    """Run an exporter, and give the port on which it takes lines over TCP, where none is lost."""
    folder.mkdir()
    file = folder / "mapping.yml"
    file.write_text(mapping, encoding="utf-8")
    port = servers.free_port()
    listen = ("--statsd.listen-udp=", f"--statsd.listen-tcp={servers.HOST}:{port}")
    with servers.running("statsd_exporter", (f"--statsd.mapping-config={file}", *listen), folder) as server:
        yield server, port


def _taken_in(server: Server, port: int, sent: bytes) -> float:
    """Send lines and return how many seconds it takes until the exporter has nothing left to do."""
    began = time.perf_counter()
    with socket.create_connection((servers.HOST, port)) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        # It closes the connection when it has read all.
        while connection.recv(1):
            pass
    used, since = _used(server.process.pid), time.perf_counter()
    while (now := time.perf_counter()) - since < _QUIET_SECONDS:
        if now - began > _LONGEST_SECONDS:
            raise ExporterError(f"it is busy after {_LONGEST_SECONDS} s")
        time.sleep(_LOOK_SECONDS)
        before, used = used, _used(server.process.pid)
        if used != before:
            since = time.perf_counter()
    return since - began


def _used(process: int) -> int:
    """Return how long a process has used processors, in the system's ticks of 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _series(server: Server, sent: int) -> set[str]:
    """Return the series that an exporter made of Airflow's lines, once it has read so many."""
    _, body = server.request("GET", "/metrics", timeout=_LONGEST_SECONDS)
    text = body.decode()
    (read,) = _LINES_READ.findall(text)
    if float(read) != sent:
        raise ExporterError(f"{sent:,} lines were sent, and {float(read):,.0f} read")
    return set(_OF_AIRFLOW.findall(text))
