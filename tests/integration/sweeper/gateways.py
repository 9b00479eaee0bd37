"""Real Pushgateways with groups of any age, what they hold, and what can stand in front of them."""

from __future__ import annotations

import base64
import http.client
import re
import struct
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from dashgen.pushgateway.address import Address
from dashgen.pushgateway.connection import Connection
from dashgen_sweeper.plan import Selection
from dashgen_sweeper.sweep import Options, Result, sweep
from tests import servers, wire
from tests.command import Done, dashgen

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.wire import Request

    Answer = bytes | Iterable[bytes]
    Key = frozenset[tuple[str, str]]
    Held = dict[Key, Any]

HOUR = 3600.0
DAY = 24 * HOUR
MAX_AGE = DAY

TASK_DONE = "# TYPE task_status gauge\ntask_status 1\n"
TASK_RUNS = "# TYPE task_status gauge\ntask_status 0\n"
BACKUP = "# TYPE backup_bytes gauge\nbackup_bytes 7\n"
UPSTREAM_SECONDS = 60.0
# A sample's value in that file: protobuf's tag of a double, and that of a time of today.
_TIME = re.compile(rb"\x09(?=.{7}\x41)", re.DOTALL)


@dataclass(frozen=True)
class Group:
    """A group to push: its labels, how long ago (seconds), and what it says."""

    labels: Mapping[str, str]
    age: float = 0.0
    text: str = TASK_DONE

    @property
    def key(self) -> Key:
        """Its labels as the gateway's API has them, to look it up by."""
        return frozenset((name, re.sub("[\udc80-\udcff]", "\ufffd", value)) for name, value in self.labels.items())


def task_run(number: int = 0, *, age: float = 0.0, text: str = TASK_DONE, **more: str) -> Group:
    """Make a group of one task of one run, as the plugin pushes it."""
    labels = {"dag_id": "etl", "task_id": "load", "run_id": f"scheduled__2026-01-01T00:00:0{number}+00:00"}
    return Group({"job": "airflow_task_runs", **labels, "instance": "prod", **more}, age, text)


EXPIRED = (
    *(task_run(number, age=2 * DAY) for number in range(4)),
    Group({"job": "airflow_dag_runs", "dag_id": "a/b", "run_id": "..", "instance": "prod"}, 30 * DAY, TASK_DONE),
    task_run(9, age=7.1 * DAY, text=TASK_RUNS),
)
RUNNING = task_run(8, age=2 * DAY, text=TASK_RUNS)
FRESH = (task_run(5), task_run(6, age=MAX_AGE - HOUR), task_run(7, text=TASK_RUNS))
_IMPOSTOR = 'x",job="airflow_task_runs'
OTHERS = (
    Group({"job": "backup"}, 40 * DAY, BACKUP),
    Group({"job": "backup", "path": "s3://bucket/key"}, 40 * DAY, BACKUP),
    Group({"job": "backup", "dag_id": _IMPOSTOR}, 40 * DAY, BACKUP),
    Group({"job": _IMPOSTOR}, 40 * DAY, BACKUP),
    Group({"job": "airflow_task_runs_of_theirs", "dag_id": "etl"}, 40 * DAY),
    Group({"job": "AIRFLOW_TASK_RUNS", "dag_id": "etl"}, 40 * DAY),
    Group({"job": "airflow_tasks", "dag_id": "etl", "task_id": "load", "instance": "prod"}, 40 * DAY),
    Group({"job": "airflow_dags", "dag_id": "etl", "instance": "prod"}, 40 * DAY),
)
STAYING = (*FRESH, RUNNING, *OTHERS)


def path(labels: Mapping[str, str]) -> str:
    """Return a group's path; base64 throughout, which no value of a label breaks."""
    pairs = (("job", labels["job"]), *(pair for pair in labels.items() if pair[0] != "job"))
    return "/metrics/" + "/".join(
        f"{name}@base64/{base64.urlsafe_b64encode(value.encode(errors='surrogateescape')).decode() or '='}"
        for name, value in pairs
    )


def push(port: int, groups: Iterable[Group]) -> list[int]:
    """Push groups on one connection; return the statuses."""
    connection = http.client.HTTPConnection(servers.HOST, port, timeout=UPSTREAM_SECONDS)
    statuses = []
    for group in groups:
        connection.request("POST", path(group.labels), group.text)
        with connection.getresponse() as answer:
            answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


def filled(gateway: servers.Server, groups: Sequence[Group]) -> Held:
    """Push groups, and return what the gateway holds when they are there: a 202 is only a promise."""
    push(gateway.port, groups)
    assert eventually(lambda: keys(groups) <= held(gateway).keys())
    return held(gateway)


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not (now := true()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return now


def held(gateway: servers.Server) -> Held:
    """Return what a gateway holds, by the groups' labels."""
    return {_key(entry): entry for entry in gateway.get_json("/api/v1/metrics")["data"]}


def _key(entry: dict[str, Any]) -> Key:
    labels = entry["labels"]
    # A user's metric may be called labels.
    if isinstance(labels.get("metrics"), list):
        labels = entry["push_time_seconds"]["metrics"][0]["labels"]
    return frozenset(labels.items())


def keys(groups: Iterable[Group]) -> set[Key]:
    """Return the labels of groups."""
    return {group.key for group in groups}


def store(folder: Path, groups: Iterable[Group], *flags: str, consistency_check: bool = False) -> None:
    """Write the file of a gateway that holds groups as old as they say.

    A gateway can't be told a push's time, but keeps it in its file, where it is set back.
    """
    groups = list(groups)
    with servers.pushgateway(folder, *flags, consistency_check=consistency_check) as gateway:
        found = filled(gateway, groups)
    ages = {group.key: group.age for group in groups}
    table = {}
    for key, entry in found.items():
        for metric in ("push_time_seconds", "push_failure_time_seconds"):
            told = float(entry[metric]["metrics"][0]["value"])
            if told and ages[key]:
                table[struct.pack("<d", told)] = struct.pack("<d", told - ages[key])
    file = folder / "groups"
    content = bytearray(file.read_bytes())
    for mark in _TIME.finditer(bytes(content)):
        value = slice(mark.end(), mark.end() + 8)
        written = bytes(content[value])
        content[value] = table.pop(written, written)
    assert not table, "a time is written otherwise"
    file.write_bytes(content)


@contextmanager
def holding(
    folder: Path, groups: Iterable[Group], *flags: str, consistency_check: bool = False
) -> Iterator[servers.Pushgateway]:
    """Run a gateway that holds groups as old as they say."""
    store(folder, groups, consistency_check=consistency_check)
    with servers.pushgateway(folder, *flags, consistency_check=consistency_check) as gateway:
        yield gateway


def assert_untouched(before: Held, after: Held, but: Iterable[Group] = EXPIRED) -> None:
    """Assert that what was there is there as it was, all but these groups: the same values and times."""
    may_go = keys(but)
    lost = {key for key in before if key not in may_go and before[key] != after.get(key)}
    assert not lost, lost
    assert all(before[key] == after[key] for key in may_go & after.keys())


def options(url: str, *, max_age: float = MAX_AGE, timeout: float = 10.0, **more: Any) -> Options:  # noqa: ANN401
    """Make the options of a sweep; those that are a selection's go there."""
    chosen = {name: more.pop(name) for name in ("jobs", "match", "fleet_max_age") if name in more}
    return Options(Address.parse(url), Selection(max_age, **chosen), timeout=timeout, **more)


def swept(url: str, **more: Any) -> Result:  # noqa: ANN401  (as options)
    """Sweep in this process."""
    result = Result()
    sweep(options(url, **more), result)
    return result


def date(seconds: float) -> str:
    """Return a time as a Date header has it."""
    return formatdate(seconds, usegmt=True)


@dataclass
class Front:
    """What stands in front of a gateway, its clock ``shift`` seconds ahead; ``then`` is asked before it."""

    port: int
    shift: float = 0.0
    then: Callable[[Request], Answer | None] = field(default=lambda _: None)

    def talk(self, server: wire.Server, connection: Any) -> None:  # noqa: ANN401  (a socket, plain or TLS)
        """Pass requests on, or answer instead; an answer without an end closes the connection."""
        for request in wire.requests(server, connection):
            instead = self.then(request)
            if instead is None:
                answer = self._forwarded(request)
                connection.sendall(answer)
                if not answer:
                    return
                continue
            whole = b""
            for part in (instead,) if isinstance(instead, bytes) else instead:
                connection.sendall(part)
                whole += part
                if server.stopping.is_set():
                    return
            if b"\r\n\r\n" not in whole:
                return

    def _forwarded(self, request: Request) -> bytes:
        upstream = http.client.HTTPConnection(servers.HOST, self.port, timeout=UPSTREAM_SECONDS)
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
        try:
            upstream.request(request.method, request.target, request.body, headers)
            answer = upstream.getresponse()
            told = {name: value for name, value in answer.getheaders() if name in {"Content-Type", "Content-Encoding"}}
            told["Date"] = date(time.time() + self.shift)
            return wire.response(answer.status, answer.read(), told)
        except (OSError, http.client.HTTPException):
            return b""
        finally:
            upstream.close()


@contextmanager
def front(
    port: int,
    then: Callable[[Request], Answer | None] = lambda _: None,
    *,
    shift: float = 0.0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[wire.Server]:
    """Stand in front of a gateway: its clock ``shift`` seconds ahead, ``then`` answering in its place."""
    with wire.serving(Front(port, shift, then).talk, tls) as server:
        yield server


def connection(url: str) -> Connection:
    """Make a connection, as the sweeper does."""
    return Connection(Address.parse(url))


def soon() -> float:
    """Return a deadline that no test should meet."""
    return time.monotonic() + UPSTREAM_SECONDS


def command(url: str, *arguments: str, cwd: Path) -> Done:
    """Run the command as a person does."""
    return dashgen("sweep", *(("--url", url) if url else ()), *arguments, cwd=cwd)


def refusing(part: str = "", status: int = 500, text: bytes = b"no") -> Callable[[Request], Answer | None]:
    """Make a front refuse to delete the groups in whose path this is."""

    def then(request: Request) -> Answer | None:
        refused = request.method == "DELETE" and part in request.target
        return wire.response(status, text, {}) if refused else None

    return then
