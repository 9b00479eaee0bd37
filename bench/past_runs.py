"""What past runs cost: V3 and V2 on 2,000 tasks whose last 1, 10 and 100 runs are in Prometheus as per-run series."""

from __future__ import annotations

import re
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench import panels
from bench.figures import Figure
from bench.groups import peak_mib
from dashgen.catalog.labels import RUN_ID
from dashgen.catalog.recorded import PER_RUN_GROUPS
from tests import fleet, servers
from tests.grafana import Window
from tests.watched_fleet import project_of, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.servers import Prometheus

DAGS, TASKS = 100, 20
RUNS = (1, 10, 100)
BOARDS = {"v3": "V3", "v2": "V2"}
ROUNDS = 7
RULES_EVERY, SCRAPED_EVERY = "10s", "30s"
MOST_GROWTH = 1.2
MILLISECONDS, TIMES, SECONDS, KIB = "ms", "times", "s", "KiB"
# Of a sample that is older than five minutes nothing is seen.
FRESH_SECONDS = 180
PATIENCE_SECONDS = 180
_NOW = "@now"
_KIB_PER_MIB = 1024


class ArrivalError(Exception):
    """What was exposed is not in Prometheus in time."""


def past_runs(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Ask every query of V3 and of V2 of three servers in turn, so that all have the same weather."""
    with ExitStack() as running:
        asked: dict[int, Prometheus] = {}
        for runs in RUNS:
            tell(f"{DAGS * TASKS * runs:,} task runs in Prometheus")
            asked[runs] = _server(running, folder / str(runs), runs)
            seconds = sum(group["evaluationTime"] for group in asked[runs].rule_groups())
            yield Figure(f"all rule groups, {DAGS * TASKS:,} tasks with {runs} past runs each", seconds, SECONDS)
            _rest(asked[runs], folder / str(runs))
        tell("asking V3 and V2")
        yield from _queries(asked)
        yield _memory(asked)


def _queries(started: dict[int, Prometheus]) -> Iterator[Figure]:
    window = Window(time.time())
    project = project_of()
    for board, title in BOARDS.items():
        asked = {
            str(runs): (server, panels.requests(project, board, server, window)) for runs, server in started.items()
        }
        took = panels.timed(asked, ROUNDS)
        for runs in RUNS:
            name = f"{title}, all queries, {DAGS * TASKS:,} tasks with {runs} past runs each"
            yield Figure(name, panels.total(took, str(runs)), MILLISECONDS)
        fewest, most = RUNS[0], RUNS[-1]
        growth = panels.total(took, str(most)) / panels.total(took, str(fewest))
        target = MOST_GROWTH if board == "v3" else None
        yield Figure(f"{title}, {most} past runs against {fewest}", growth, TIMES, target)


def _memory(started: dict[int, Prometheus]) -> Figure:
    """Tell the memory that the series of one run of a task take, its share of the DAG run's included."""
    peaks = {runs: peak_mib(server.process.pid) for runs, server in started.items()}
    fewest, most = RUNS[0], RUNS[-1]
    each = (peaks[most] - peaks[fewest]) * _KIB_PER_MIB / (DAGS * TASKS * (most - fewest))
    return Figure("Prometheus' memory for one run of a task (V2)", each, KIB)


def _rest(server: Prometheus, folder: Path) -> None:
    """Have the rules wait: by the minute they rest most of the time, every ten seconds they never do.

    What they recorded is there for five minutes more.
    """
    for file in (folder / "rules").iterdir():
        text = file.read_text(encoding="utf-8")
        file.write_text(re.sub(r"(?m)^  interval: .*", "  interval: 1d", text), encoding="utf-8")
    server.process.send_signal(signal.SIGHUP)


def _server(running: ExitStack, folder: Path, runs: int) -> Prometheus:
    """Run Prometheus on the tasks and their past runs, until the rules have counted the runs.

    Raises:
        ArrivalError: they have not after three minutes.

    """
    folder.mkdir()
    size = fleet.Fleet(dags=DAGS, tasks_per_dag=TASKS, dags_with_runs=DAGS, runs_per_dag=runs)
    latest, past = _split(fleet.exposition(size, time.time()))
    ports = [running.enter_context(fleet.served(each)) for each in (fleet.handler(latest), _seldom(past))]
    project = project_of(*(f"http://{servers.HOST}:{port}" for port in ports))
    server = running.enter_context(watching(folder, project, every=RULES_EVERY, scraped_every=SCRAPED_EVERY))
    expected = DAGS * (TASKS + 1) * runs
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not server.query(f"sum({PER_RUN_GROUPS}) == {expected}"):
        if time.monotonic() > deadline:
            raise ArrivalError(f"{expected:,} groups are not counted: {server.query(f'sum({PER_RUN_GROUPS})')}")
        time.sleep(1)
    return server


def _split(text: str) -> tuple[str, bytes]:
    """Part what is of the latest events from what is of single runs; the latter gets a time, to be filled in."""
    latest: list[str] = []
    past: list[str] = []
    for line in text.splitlines():
        (past if f'{RUN_ID}="' in line else latest).append(line)
    return "\n".join((*latest, "")), f" {_NOW}\n".join((*past, "")).encode()


def _seldom(text: bytes) -> type[BaseHTTPRequestHandler]:
    """Make what exposes all of a text only now and then, and nothing at other scrapes.

    A sample with a time of its own is there for five minutes, even if the next scrape does not have it:
    whoever asks meanwhile does not wait until Prometheus has read a million others.
    """
    exposed = [float("-inf")]

    def now() -> bytes:
        if time.monotonic() - exposed[0] <= FRESH_SECONDS:
            return b""
        exposed[0] = time.monotonic()
        return text.replace(_NOW.encode(), str(int(time.time() * 1000)).encode())

    return fleet.answering(now)
