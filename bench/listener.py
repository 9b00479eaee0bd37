"""What the listener takes of tasks and of the scheduler, beside one that pushes in each hook and waits."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING, Any

from bench.figures import Figure
from dashgen_plugin import environment
from tests import airflow_scripts, faulty, servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

AIRFLOW = "3.3.2"
ROUNDS = 40
SCHEDULER_ROUNDS = 60
# Each takes 12 s: the plain listener waits twice for its timeout.
HANGING_ROUNDS = 2
SIZES = (20, 2_000)
DEADLINE_MILLISECONDS = 2_000
MILLISECONDS = "ms"

KINDS = {"plain": "the plain listener", "ours": "our listener"}

Tasks = dict[str, list[dict[str, float]]]


def listener(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Run the hooks as Airflow does, with a gateway that answers and with one that never does."""
    with servers.pushgateway(folder) as gateway:
        tell("tasks, the gateway answers")
        yield from _answered(_run(folder, gateway.url, "bench.listener_in_task", ROUNDS, "inherited"))
        tell("tasks in new containers, the gateway answers")
        yield from _imported(_run(folder, gateway.url, "bench.listener_in_task", ROUNDS, "fresh"))
    with faulty.hanging() as silent:
        tell("tasks, the gateway hangs")
        yield from _hung(_run(folder, silent.url, "bench.listener_in_task", HANGING_ROUNDS, "inherited"))
    with faulty.hanging() as silent:
        tell("scheduler, the gateway hangs")
        yield from _scheduled(_run(folder, silent.url, "bench.listener_in_scheduler", SCHEDULER_ROUNDS, *SIZES))


def _run(folder: Path, url: str, module: str, *arguments: object) -> Any:  # noqa: ANN401  (JSON)
    printed = airflow_scripts.printed(AIRFLOW, folder, module, *map(str, arguments), settings={environment.URL: url})
    return json.loads(printed)


def _answered(tasks: Tasks) -> Iterator[Figure]:
    took = {kind: _median(each["before"] + each["after"] for each in tasks[kind]) for kind in KINDS}
    for kind, title in KINDS.items():
        yield Figure(f"task, {title}", took[kind], MILLISECONDS)
    yield Figure("task, ours / plain", took["ours"] / took["plain"], "times", 0.5)
    for kind, title in KINDS.items():
        yield Figure(f"task, {title}, CPU", _median(each["cpu"] for each in tasks[kind]), MILLISECONDS)


def _imported(tasks: Tasks) -> Iterator[Figure]:
    for kind, title in KINDS.items():
        took = _median(each["before"] + each["after"] for each in tasks[kind])
        yield Figure(f"task that inherits no import, {title}", took, MILLISECONDS)


def _hung(tasks: Tasks) -> Iterator[Figure]:
    for kind, latest, longest in (("plain", None, None), ("ours", 10, DEADLINE_MILLISECONDS)):
        before = _median(each["before"] for each in tasks[kind])
        yield Figure(f"gateway hangs, {kind}: body starts later", before, MILLISECONDS, latest)
        held = _median(each["before"] + each["after"] for each in tasks[kind])
        yield Figure(f"gateway hangs, {kind}: slot held longer", held, MILLISECONDS, longest)


def _scheduled(seconds: Mapping[str, list[float]]) -> Iterator[Figure]:
    took = {name: _median(each) for name, each in seconds.items()}
    yield Figure("gateway hangs, plain: a DAG run starts", took["plain running"], MILLISECONDS)
    yield Figure("gateway hangs, plain: a DAG run ends", took["plain end"], MILLISECONDS)
    yield Figure("gateway hangs, ours: a DAG run starts", took["running"], MILLISECONDS, 0.2)
    for size in SIZES:
        title = f"gateway hangs, ours: a DAG run of {size:,} ends"
        yield Figure(title, took[f"end {size}"], MILLISECONDS)
        pairs = zip(seconds[f"end {size}"], seconds[f"select {size}"], strict=True)
        above = _median(end - select for end, select in pairs)
        yield Figure(f"{title}, above its SELECT", above, MILLISECONDS, 0.2)


def _median(seconds: Iterable[float]) -> float:
    """Return the median in milliseconds."""
    return 1000 * statistics.median(seconds)
