"""How long each rule group takes in a real Prometheus, on a fleet of 20,000 tasks."""

from __future__ import annotations

import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from bench.figures import Figure
from tests import fleet
from tests.programs import promtool
from tests.watched_fleet import evaluations, watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROUNDS = 5
# Long enough for the groups not to be evaluated all at the same time, as they are not by the minute.
EVERY = "20s"


def rules(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Evaluate the recording and the alert rules on a whole fleet."""
    size = fleet.Fleet()
    tell(f"{size.tasks:,} tasks in Prometheus (warming up)")
    _remember_a_week(folder, size)
    samples = []
    with watched(folder, size, every=EVERY) as server:
        for turn, groups in enumerate(evaluations(server, ROUNDS), start=1):
            tell(f"{size.tasks:,} tasks in Prometheus ({turn} of {ROUNDS})")
            samples.append({group["name"]: group["evaluationTime"] for group in groups})
    for name in samples[0]:
        seconds = statistics.median(sample[name] for sample in samples)
        yield Figure(f"rule group {name}, {size.tasks:,} tasks", seconds, "s", 2)


def _remember_a_week(folder: Path, size: fleet.Fleet) -> None:
    """Give Prometheus the past that the usual durations are read from."""
    past = folder / "past.om"
    past.write_text(fleet.midnights(size, time.time()), encoding="utf-8")
    command = (promtool(), "tsdb", "create-blocks-from", "openmetrics", past, folder / "data")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (the arguments are ours)
