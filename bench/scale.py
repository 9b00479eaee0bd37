"""How long V3 takes on 20,000 tasks of 1,000 DAGs in a real Prometheus, with the recording rules and without."""

from __future__ import annotations

import random
import re
import subprocess
import time
from typing import TYPE_CHECKING

from bench import panels
from bench.figures import Figure
from dashgen.catalog.airflow import DAG_RUN_STATUS, TASK_STATUS
from dashgen.catalog.recorded import (
    DAG_DURATION_MAX,
    DAG_TASK_COUNT,
    DAG_TASKS,
    INSTANCE_TASKS,
    TASK_MIDNIGHT_DURATION,
    TASK_USUAL_DURATION,
)
from dashgen.rules.model import Record
from tests import servers
from tests.command import dashgen
from tests.grafana import Window
from tests.programs import promtool
from tests.watched_fleet import project_of, watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from dashgen.catalog.model import Metric
    from dashgen.definitions import Project

DAGS, TASKS = 1_000, 20
SIZE = ("--dags", str(DAGS), "--tasks", str(TASKS), "--runs", "0")
V3 = "v3"
ROUNDS, ROUNDS_WITHOUT = 5, 2
EVERY = "30s"
# The past ends so long ago, in seconds: no query of now finds its samples in two places, as none does in production.
GAP = 360
TARGET_MILLISECONDS = 1000
MILLISECONDS = "ms"
WITH, WITHOUT = "with the recording rules", "without them"
# What is read over time is stored so often, in seconds: of each task seldom, or it would take minutes to store.
OF_DAGS = {DAG_RUN_STATUS: 60}
OF_TASKS = {TASK_STATUS: 300}
RECORDED = dict.fromkeys((*DAG_TASKS.values(), DAG_TASK_COUNT, *INSTANCE_TASKS.values(), DAG_DURATION_MAX), 120)
# Two remember midnights: without them there is nothing to ask. The third would need the durations of all tasks.
REMEMBERED = (TASK_MIDNIGHT_DURATION, TASK_USUAL_DURATION, DAG_DURATION_MAX)


class FleetError(Exception):
    """The fleet to measure could not be made."""


def scale(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Ask every query of V3 over six hours."""
    size = f"{DAGS * TASKS:,} tasks"
    tell(f"emitting {size}")
    with servers.pushgateway(_made(folder / "gateway")) as gateway:
        emitted = dashgen("emit", "--pushgateway-url", gateway.url, *SIZE, cwd=folder)
        if emitted.code:
            raise FleetError(emitted.stderr)
        tell(f"storing six hours of {size}")
        _remember(folder, gateway.request("GET", "/metrics")[1].decode(), Window(time.time() - GAP))
        project = project_of(gateway.url)
        tell(f"{size} in Prometheus (warming up)")
        with watching(folder, project, every=EVERY) as server:
            window = Window(time.time())
            tell(f"asking for {size} {WITH}")
            asked = panels.requests(project, V3, server, window)
            took = panels.timed({WITH: (server, asked)}, ROUNDS)
            tell(f"asking for {size} {WITHOUT}")
            records = _records(project)
            plain = panels.requests(project, V3, server, window, lambda expr: without_records(expr, records))
            took |= panels.timed({WITHOUT: (server, plain)}, ROUNDS_WITHOUT)
    for which in (WITH, WITHOUT):
        yield from (Figure(f"V3, {name}, {size}, {which}", took[which, name], MILLISECONDS) for name in asked)
    yield Figure(
        f"V3, {len(asked)} queries together, {size}, {WITH}",
        panels.total(took, WITH),
        MILLISECONDS,
        TARGET_MILLISECONDS,
    )
    yield Figure(f"V3, {len(asked)} queries together, {size}, {WITHOUT}", panels.total(took, WITHOUT), MILLISECONDS)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _remember(folder: Path, exposed: str, window: Window) -> None:
    """Give Prometheus six hours of what V3 reads over time, of the series that a gateway exposes."""
    chance = random.Random(1)  # noqa: S311  (no secret)
    past = folder / "past.om"
    with past.open("w", encoding="utf-8") as file:
        for metric, every in {**OF_DAGS, **OF_TASKS, **RECORDED}.items():
            file.write(f"# TYPE {metric.name} {metric.type.value}\n")
            moments = range(int(window.end - window.seconds), int(window.end), every)
            for series in _series(exposed, metric):
                file.write("".join(f"{series} {chance.choice((-1, 0, 1, 1))} {moment}\n" for moment in moments))
        file.write("# EOF\n")
    command = (promtool(), "tsdb", "create-blocks-from", "openmetrics", past, folder / "data")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (the arguments are ours)


def _series(exposed: str, metric: Metric) -> list[str]:
    """Return the series of a metric; one that is recorded has those of a DAG's with the labels that it keeps."""
    of = DAG_RUN_STATUS if metric in RECORDED else metric
    labels = re.findall(rf"(?m)^{of.name}\{{(.*)\}} ", exposed)
    if metric in RECORDED:
        kept = "|".join(map(str, metric.labels))
        labels = list(dict.fromkeys(",".join(re.findall(rf'\b(?:{kept})="[^"]*"', each)) for each in labels))
    return [f"{metric.name}{{{each}}}" for each in labels]


def _records(project: Project) -> Mapping[str, str]:
    return {
        rule.metric.name: rule.expr
        for group in project.recording
        for rule in group.rules
        if isinstance(rule, Record) and rule.metric not in REMEMBERED
    }


def without_records(expr: str, records: Mapping[str, str]) -> str:
    """Put the rules' expressions in place of what they record: what a query asks for where nothing is recorded."""
    names = "|".join(map(re.escape, records))

    def put(found: re.Match[str]) -> str:
        inner = without_records(records[found[1]], records)
        # What is recorded has a range; an expression gets one step by step.
        return f"({inner})" + (f"{found[2][:-1]}:1m]" if found[2] else "")

    return re.sub(rf"\b({names})(?:\{{[^}}]*\}})?(\[[^\]:]*\])?", put, expr)
