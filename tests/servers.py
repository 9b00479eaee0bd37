"""Real servers for tests: on loopback, on a free port, with a folder of their own.

Each function is a context manager; what it yields is ready to answer, and is stopped by its
process id afterwards.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tests.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

HOST = "127.0.0.1"
READY_SECONDS = 30.0
REQUEST_SECONDS = 30.0
PROBE_SECONDS = 1.0
STOP_SECONDS = 10.0
PORTS_TRIED = 5


class ServerError(Exception):
    """A server did not start, or refused a request."""


@dataclass(frozen=True)
class Sample:
    """One series at one instant."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True)
class Series:
    """One series over time: its points are (unix seconds, value), oldest first."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def request(self, method: str, path: str, body: str = "", *, timeout: float = REQUEST_SECONDS) -> tuple[int, bytes]:
        """Return status and body of one request.

        Raises:
            OSError, http.client.HTTPException: the server can't be reached or breaks off.

        """
        connection = http.client.HTTPConnection(HOST, self.port, timeout=timeout)
        try:
            connection.request(method, path, body.encode())
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def get_json(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON is anything
        """Return what a GET answers, decoded.

        Raises:
            ServerError: the answer is not 200; the message holds it.

        """
        target = f"{path}?{urlencode(parameters)}" if parameters else path
        status, body = self.request("GET", target)
        if status != http.client.OK:
            raise ServerError(f"GET {self.url}{target}: {status} {body.decode(errors='replace')}")
        return json.loads(body)


@dataclass(frozen=True)
class Prometheus(Server):
    """A running Prometheus."""

    def query(self, expr: str, *, at: float | None = None) -> tuple[Sample, ...]:
        """Return what an expression gives at an instant (unix seconds; now without one).

        Raises:
            ServerError: Prometheus refuses the expression.

        """
        when = {} if at is None else {"time": repr(at)}
        data = self.get_json("/api/v1/query", query=expr, **when)["data"]
        if data["resultType"] == "scalar":
            return (Sample({}, float(data["result"][1])),)
        return tuple(Sample(s["metric"], float(s["value"][1])) for s in data["result"])

    def samples_read(self, expr: str, *, at: float) -> int:
        """Return how many samples an expression reads at an instant (unix seconds).

        Raises:
            ServerError: Prometheus refuses the expression.

        """
        data = self.get_json("/api/v1/query", query=expr, time=repr(at), stats="all")["data"]
        return int(data["stats"]["samples"]["totalQueryableSamples"])

    def query_range(self, expr: str, *, start: float, end: float, step: float) -> tuple[Series, ...]:
        """Return what an expression gives from start to end (unix seconds), each step seconds.

        Raises:
            ServerError: Prometheus refuses the expression.

        """
        when = {"start": repr(start), "end": repr(end), "step": repr(step)}
        data = self.get_json("/api/v1/query_range", query=expr, **when)["data"]
        return tuple(
            Series(s["metric"], tuple((float(at), float(value)) for at, value in s["values"])) for s in data["result"]
        )

    def label_values(self, label: str, selector: str) -> list[str]:
        """Return the values of a label on the series that a selector selects, sorted.

        Raises:
            ServerError: Prometheus refuses the selector.

        """
        values: list[str] = self.get_json(f"/api/v1/label/{label}/values", **{"match[]": selector})["data"]
        return values

    def rule_groups(self) -> list[dict[str, Any]]:
        """Return the rule groups as the API has them: rules, alerts, evaluation times."""
        groups: list[dict[str, Any]] = self.get_json("/api/v1/rules")["data"]["groups"]
        return groups


@dataclass(frozen=True)
class Pushgateway(Server):
    """A running Pushgateway."""

    def push(self, group: str, text: str) -> None:
        """Add exposition text to a group, given as its path: job/NAME/LABEL/VALUE.

        Raises:
            ServerError: the gateway refuses it.

        """
        status, body = self.request("POST", f"/metrics/{group}", text)
        if status not in {http.client.OK, http.client.ACCEPTED}:
            raise ServerError(f"POST /metrics/{group}: {status} {body.decode(errors='replace')}")


def free_port(usual: int = 0) -> int:
    """Return a port that nothing on loopback listens on, the usual one if it is; another process may take it."""
    try:
        with socket.create_server((HOST, usual)) as probe:
            port: int = probe.getsockname()[1]
            return port
    except OSError:
        if not usual:
            raise
        return free_port()


@contextmanager
def prometheus(folder: Path, config: str, *flags: str) -> Iterator[Prometheus]:
    """Run Prometheus on a configuration; relative paths in it are below folder.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    file = folder / "prometheus.yml"
    file.write_text(config, encoding="utf-8")
    arguments = (f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", *flags)
    with running("prometheus", arguments, folder) as server:
        yield Prometheus(server.port, server.process, server.log)


@contextmanager
def alertmanager(folder: Path, config: str) -> Iterator[Server]:
    """Run one Alertmanager, no cluster, on a configuration.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    file = folder / "alertmanager.yml"
    file.write_text(config, encoding="utf-8")
    arguments = (
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        "--cluster.listen-address=",
    )
    with running("prometheus-alertmanager", arguments, folder) as server:
        yield server


@contextmanager
def pushgateway(folder: Path, *flags: str, consistency_check: bool = False) -> Iterator[Pushgateway]:
    """Run a Pushgateway as it should run: no consistency check, groups kept in a file.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    check = () if consistency_check else ("--push.disable-consistency-check",)
    arguments = (*check, f"--persistence.file={folder / 'groups'}", *flags)
    with running("prometheus-pushgateway", arguments, folder) as server:
        yield Pushgateway(server.port, server.process, server.log)


@contextmanager
def running(
    name: str, arguments: Sequence[str], folder: Path, *, port: int = 0, listen: str = "--web.listen-address"
) -> Iterator[Server]:
    """Run a program that takes the address where it answers by this flag, on a port or any free one; its log in folder.

    Raises:
        ServerError: it does not start; the message holds its log.

    """
    server = _start((str(program(name)), *arguments), folder, port, listen)
    try:
        yield server
    finally:
        _stop(server.process)


def _start(command: Sequence[str], folder: Path, port: int, listen: str) -> Server:
    """Start a server; without a port on another one if the first was taken between choice and use."""
    log = folder / "log"
    for _ in range(1 if port else PORTS_TRIED):
        chosen = port or free_port()
        with log.open("wb") as sink:
            process = subprocess.Popen(
                (*command, f"{listen}={HOST}:{chosen}"),
                cwd=folder,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        server = Server(chosen, process, log)
        ready = False
        try:
            ready = _becomes_ready(server)
        finally:
            # Also where somebody interrupts the wait.
            if not ready:
                _stop(process)
        if ready:
            return server
        if "address already in use" not in log.read_text(errors="replace"):
            break
    raise ServerError(f"{' '.join(command)} did not start:\n{log.read_text(errors='replace')}")


def _becomes_ready(server: Server) -> bool:
    """Wait until the server answers; False if it ends, or takes too long."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        if _is_ready(server):
            # Whoever holds the port answers too: wait for ours to fail on it.
            time.sleep(0.1)
            return server.process.poll() is None
        time.sleep(0.05)
    return False


def _is_ready(server: Server) -> bool:
    try:
        status, _ = server.request("GET", "/-/ready", timeout=PROBE_SECONDS)
    except (OSError, http.client.HTTPException):
        return False
    # A Pushgateway below a path prefix knows no path outside it.
    return status in {http.client.OK, http.client.NOT_FOUND}


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
