"""The demo, as ``make`` runs it, and what is left of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 120.0
# An Airflow's components have 15 s of it, and are ended together.
STOP_SECONDS = 60.0
# Where each says that it works.
HEALTH = {
    "Prometheus": "/-/ready",
    "Alertmanager": "/-/ready",
    "Pushgateway": "/-/ready",
    "statsd_exporter": "/-/ready",
    "Airflow": "/api/v2/monitor/health",
}


@dataclass(frozen=True)
class Demo:
    """A demo that runs, what it prints, and the folder that its temporary folder is in."""

    process: subprocess.Popen[bytes]
    log: Path
    temporary: Path

    def said(self) -> str:
        """Return what it and what it runs have printed so far."""
        return self.log.read_text(encoding="utf-8")

    def wait(self, sentence: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until it has said something."""
        eventually(lambda: sentence in self.said() or self.process.poll() is not None, seconds)
        assert sentence in self.said(), self.said()

    def addresses(self) -> dict[str, str]:
        """Return the addresses that it has printed, by what answers there."""
        return dict(re.findall(r"^(\w+) +(http://127\.0\.0\.1:\d+)", self.said(), re.MULTILINE))

    def interrupt(self) -> int:
        """End it as a terminal does at Ctrl-C, by a signal to its whole process group; return its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def terminate(self) -> int:
        """End it as a service manager does, by a signal to its process alone; return its exit code."""
        self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def left(self) -> list[str]:
        """Return all that is left of it: files, and the command lines of processes."""
        return [*map(str, self.temporary.iterdir()), *_of_folder(self.temporary)]


@contextmanager
def running(folder: Path, *arguments: str, limits: tuple[str, ...] = (), **environment: str) -> Iterator[Demo]:
    """Run the demo in a session of its own, by a command that limits it if one is given, with more environment."""
    log, temporary = folder / "log", folder / "temporary"
    temporary.mkdir()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            (*limits, sys.executable, "-m", "demo", *arguments),
            cwd=CHECKOUT,
            env={**os.environ, "TMPDIR": str(temporary), **environment},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Demo(process, log, temporary)
    finally:
        # Where a test has failed, an Airflow would go on for ever, in sessions of its own.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def eventually(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def answer(url: str) -> bytes:
    """Return what an address on loopback answers; its status is 200."""
    with urllib.request.urlopen(url) as response:  # noqa: S310  (on loopback)
        assert response.status == 200
        body: bytes = response.read()
        return body


def _of_folder(folder: Path) -> list[str]:
    """Return the command lines of all processes that work in a folder, or name it in them or in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                words, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
                # Airflow's give themselves titles, which are written over both.
                place = os.fsencode((process / "cwd").readlink())
            except OSError:  # it has ended
                continue
            if any(os.fsencode(folder) in each for each in (words, environment, place)):
                found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found
