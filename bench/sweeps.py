"""One sweep of a full Pushgateway, by our command or by the plain sweeper, as a process of its own."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import groups
from tests import servers
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Pushgateway

# The plain sweeper first.
KINDS = ("plain", "ours")
# Between the last push to a stale group and the first to a fresh one. The plain sweeper's clock
# runs on while it lists: what remains of it is its time to do so.
GAP_SECONDS = 12
_LOOK_SECONDS = 0.02


class SweepError(Exception):
    """A sweep failed, or did not do what it should."""


@dataclass(frozen=True)
class Sweep:
    """What a sweep took: seconds, its own peak memory, and the gateway's before it and after (MiB)."""

    seconds: float
    peak_mib: float
    gateway_before_mib: float
    gateway_after_mib: float


@dataclass(frozen=True)
class Full:
    """A gateway with groups that are older than ``stale_since`` (seconds of ``time.monotonic``), and younger ones."""

    gateway: Pushgateway
    stale_since: float

    def sweep(self, kind: str) -> Sweep:
        """Remove the older ones.

        Raises:
            SweepError: the sweep fails; the message holds all that it printed.

        """
        server = self.gateway.process.pid
        before = groups.peak_mib(server)
        # As a user has it, not as a developer's shell or CI sets it.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  (our own command lines)
            self._words(kind), cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        with _watched(process.pid) as peaks:
            printed, _ = process.communicate()
        seconds = time.perf_counter() - began
        if process.returncode:
            raise SweepError(f"{kind} sweep: exit code {process.returncode}\n{printed.decode(errors='replace')}")
        return Sweep(seconds, max(peaks), before, groups.peak_mib(server))

    def _words(self, kind: str) -> tuple[str, ...]:
        # The gateway tells its time in whole seconds: a group may look a second younger than it is.
        max_age = math.floor(time.monotonic() - self.stale_since) - 1
        if kind == "plain":
            return (sys.executable, "-m", "bench.plain_sweeper", self.gateway.url, str(max_age))
        dashgen = str(Path(sys.executable).with_name("dashgen"))
        return (dashgen, "sweep", "--url", self.gateway.url, "--max-age", f"{max_age}s", "--yes")


@contextmanager
def full(folder: Path, stale: int, fresh: int) -> Iterator[Full]:
    """Run a gateway that holds so many groups; the stale ones have the lowest numbers, from 0.

    Raises:
        GroupsError, OSError, ServerError: it does not start, or does not take them.

    """
    folder.mkdir()
    with servers.pushgateway(folder) as gateway:
        groups.fill(gateway, range(stale))
        stale_since = time.monotonic()
        time.sleep(GAP_SECONDS)
        groups.fill(gateway, range(stale, stale + fresh))
        yield Full(gateway, stale_since)


def bare_peak_mib() -> float:
    """Return the peak memory of a Python that does nothing, in MiB."""
    words = (sys.executable, "-c", "print(open('/proc/self/status').read())")
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603  (our own)
    return groups.peak_of(told)


@contextmanager
def _watched(process: int) -> Iterator[list[float]]:
    """Look at a process' peak memory until the block ends, which is when the process does.

    What the system tells of an ended child starts at what its parent held.
    """
    peaks, stop = [0.0], threading.Event()

    def watch() -> None:
        with suppress(OSError, ValueError):  # it has ended
            while not stop.wait(_LOOK_SECONDS):
                peaks.append(groups.peak_mib(process))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()
