"""``dashgen preview``: its server in the test's process, and the command as a person runs it."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dashgen.preview.server import Server
from tests.command import BIN
from tests.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from dashgen.preview.state import State
    from dashgen.verify.client import Access

START_SECONDS = 180.0
STOP_SECONDS = 20.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What came back: the status, the headers by their names in lower case, the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  (JSON is anything)
        """The body, decoded."""
        return json.loads(self.body)


def get(port: int, target: str, **headers: str) -> Answer:
    """Ask for a target as it is written, with the headers of a browser."""
    return raw(port, f"GET {target} HTTP/1.1", {"Host": f"{HOST}:{port}", **headers})


def raw(port: int, line: str, headers: Mapping[str, str], body: str = "") -> Answer:
    """Send a request line and headers as they are written."""
    with socket.create_connection((HOST, port), ANSWER_SECONDS) as connection:
        fields = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"{line}\r\n{fields}\r\n{body}".encode())
        response = http.client.HTTPResponse(connection)
        response.begin()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, found, response.read())


@contextmanager
def served(state: State, access: Access, bundle: Path, timeout: float = 10.0) -> Iterator[int]:
    """Run the preview's server with a bundle; yield the port."""
    with Server(0, state, access, timeout, bundle) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            state.close()
            server.shutdown()
            thread.join()


@dataclass
class Running:
    """The command while it runs: its port, its process, and what it printed to stderr after its end."""

    port: int
    process: subprocess.Popen[str]
    errors: list[str] = field(default_factory=list)

    def stop(self) -> int:
        """End it as Ctrl-C does, and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def command(*arguments: str | Path, cwd: Path) -> Iterator[Running]:
    """Run ``dashgen preview`` on a free port in a folder until its page is served."""
    log = cwd / "preview.err"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            (str(BIN / "dashgen"), "preview", "--port", "0", *map(str, arguments)),
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    # Who waits for a line of a program that hangs, waits for ever.
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        late.cancel()
        found = re.search(r"http://[\d.]+:(\d+)", line)
        assert found, f"{line!r} {log.read_text(encoding='utf-8')}"
        yield Running(int(found[1]), process)
    finally:
        late.cancel()
        if process.poll() is None:
            process.terminate()
            process.wait(STOP_SECONDS)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def events(port: int, **headers: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Listen to the preview's changes; yield the states that it tells, as they come."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        connection.request(
            "GET", "/api/events", headers={name.replace("_", "-"): each for name, each in headers.items()}
        )
        response = connection.getresponse()
        assert response.status == http.client.OK
        assert response.getheader("Content-Type") == "text/event-stream"
        assert response.readline() == b": connected\n"

        def told() -> Iterator[dict[str, Any]]:
            deadline = time.monotonic() + 4 * ANSWER_SECONDS
            while time.monotonic() < deadline:
                line = response.readline()
                if not line:
                    return
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

        yield told()
    finally:
        connection.close()
