"""What the listener pushes for every event, held against the catalog.

``python -m tests.conformance`` prints how they differ, a line each, and fails if they do. The
hooks are called as Airflow calls them, with objects of which everything is known; what they put
into the delivery is written as it goes over the wire. Only the database of a run's end is played.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

from prometheus_client.parser import text_string_to_metric_families

from dashgen.catalog import airflow
from dashgen.catalog.model import FLEET, LAB, PER_RUN
from dashgen_plugin import delivery, environment, exposition, reconciliation
from dashgen_plugin.extractors import EXTRACTORS
from dashgen_plugin.listener import Listener
from tests import hooks
from tests.hookspecs import registered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dashgen.catalog.model import Event, Generation
    from dashgen_plugin.events import Push

    Row = tuple[object, ...]
    Key = tuple[str, tuple[tuple[str, str], ...]]
    Groups = dict[Key, dict[str, tuple[str, str, float]]]

GENERATIONS = (FLEET, PER_RUN, LAB)
ATTEMPT = 2
SECONDS = 90.0
MAP_INDEX = 3
START = hooks.START
END = START + timedelta(seconds=SECONDS)
# What Airflow calls a state, and the number that a person reads on the dashboards.
TASK_CODES = {
    "success": 1,
    "running": 0,
    "deferred": 0,
    "up_for_reschedule": 0,
    "failed": -1,
    "upstream_failed": -2,
    "up_for_retry": 2,
    "skipped": 3,
}
ENDED = ("success", "failed", "up_for_retry", "skipped")
SETTINGS = {
    environment.URL: "http://127.0.0.1:1",
    environment.INSTANCE_NAME: "here",
    environment.FLEET_ON: "true",
    environment.PER_RUN_ON: "true",
    environment.LAB_ON: "true",
}


@dataclass(frozen=True)
class Told:
    """What an event must set: the values that are known, by the metric's name, in the groups with these labels."""

    event: Event
    values: Mapping[str, float]
    labels: Mapping[str, str]
    generations: tuple[Generation, ...] = GENERATIONS


@dataclass(frozen=True)
class Case:
    """A hook that Airflow calls with an object, and what must be told then; ``rows`` are those of the database."""

    title: str
    hook: str
    arguments: Mapping[str, object]
    told: tuple[Told, ...]
    rows: tuple[Row, ...] = field(default=())


def cases() -> Iterator[Case]:
    """Yield a case for each event of the catalog and each of Airflow's states."""
    for event, state, end in (
        (airflow.ON_TASK_RUNNING, "running", None),
        (airflow.ON_TASK_SUCCESS, "success", END),
        (airflow.ON_TASK_RETRY, "up_for_retry", END),
        (airflow.ON_TASK_FAILED, "failed", END),
        (airflow.ON_TASK_SKIPPED, "skipped", None),
    ):
        for index in (MAP_INDEX, -1):
            task = hooks.task(try_number=ATTEMPT, map_index=index, state=state, start_date=START, end_date=end)
            arguments: dict[str, object] = {"previous_state": "running", "task_instance": task}
            if event.hook == "on_task_instance_failed":
                arguments["error"] = "it failed"
            told = (Told(event, _task_values(state), _labels("load", index)),)
            yield Case(f"{event.name}, map index {index}", event.hook, arguments, told)
    yield _run(airflow.ON_RUN_RUNNING, 0)
    yield _run(airflow.ON_RUN_SUCCESS, 1)
    yield _run(airflow.ON_RUN_FAILED, -1)
    for event, code in ((airflow.ON_RUN_SUCCESS, 1), (airflow.ON_RUN_FAILED, -1)):
        yield _overtaken(event, code)
        for state in TASK_CODES:
            yield _reconciled(event, code, state)


def problems() -> list[str]:
    """Return how the plugin and the catalog differ."""
    ours = {metric.name for metric in airflow.METRICS}
    extracted = {metric.name for metric in EXTRACTORS}
    found = [f"{name}: a metric without an extractor" for name in sorted(ours - extracted)]
    found += [f"{name}: an extractor without a metric" for name in sorted(extracted - ours)]
    seen: set[str] = set()
    for case in cases():
        wanted, pushed = _wanted(case.told), {}
        seen.update(name for values in wanted.values() for name in values)
        try:
            pushed = _pushed(case)
        except Exception as error:  # noqa: BLE001  (whatever it is, it is a difference)
            found.append(f"{case.title}: {type(error).__name__}: {error}")
        found += [f"{case.title}: {line}" for line in _different(wanted, pushed)]
    return found + [f"{name}: no event sets it" for name in sorted(ours - seen)]


def pushes(hook: str, arguments: Mapping[str, object], rows: Iterable[Row] = ()) -> list[Push]:
    """Call a hook of the listener as Airflow does, and return what it hands to the delivery."""
    works: list[Callable[[], Iterable[Push]]] = []
    found = reconciliation.Rows(tuple(rows), each=True)
    with (
        mock.patch.dict(os.environ, SETTINGS),
        mock.patch.object(delivery, "put", lambda work, _: works.append(work)),
        mock.patch.object(delivery, "flush"),
        mock.patch.object(reconciliation, "read", return_value=found),
    ):
        getattr(registered(Listener()).hook, hook)(**arguments)
    return [push for work in works for push in work()]


def _run(event: Event, code: int) -> Case:
    arguments = _run_arguments(event)
    told = Told(event, _run_values(code, failed=0), _labels())
    return Case(event.name, event.hook, arguments, (told,))


def _overtaken(event: Event, code: int) -> Case:
    """Return the end of a run after a later one started: the fleet keeps what the later one tells."""
    of_task = Told(airflow.ON_TASK_RECONCILED, _task_values("failed"), _labels("load", MAP_INDEX), (PER_RUN,))
    of_run = Told(airflow.ON_RUN_OVERTAKEN, _run_values(code, failed=1), _labels())
    title = f"{airflow.ON_RUN_OVERTAKEN.name} after {event.name}"
    return Case(title, event.hook, _run_arguments(event), (of_run, of_task), (_row("failed", later=True),))


def _reconciled(event: Event, code: int, state: str) -> Case:
    values, labels = _task_values(state), _labels("load", MAP_INDEX)
    # Of what has no end the fleet is told the state alone: a later run may have started since.
    in_fleet = values if state in ENDED else {name: values[name] for name in (airflow.TASK_STATUS.name,)}
    told = (
        Told(event, _run_values(code, failed=int(state in ("failed", "upstream_failed"))), _labels()),
        Told(airflow.ON_TASK_RECONCILED, values, labels, (PER_RUN,)),
        Told(airflow.ON_TASK_RECONCILED, in_fleet, labels, (FLEET,)),
    )
    title = f"{airflow.ON_TASK_RECONCILED.name}, {state}, after {event.name}"
    return Case(title, event.hook, _run_arguments(event), told, (_row(state),))


def _row(state: str, *, later: bool = False) -> Row:
    return ("load", state, ATTEMPT, START, END if state in ENDED else None, later, 1, END, MAP_INDEX)


def _run_arguments(event: Event) -> dict[str, object]:
    run = hooks.run()
    run.start_date, run.end_date = START, None if event is airflow.ON_RUN_RUNNING else END
    return {"dag_run": run, "msg": "a message"}


def _labels(task_id: str = "", map_index: int = -1) -> dict[str, str]:
    found = {"dag_id": "etl", "run_id": "manual__1", "instance": SETTINGS[environment.INSTANCE_NAME]}
    if task_id:
        found["task_id"] = task_id
    if map_index >= 0:
        found["map_index"] = str(map_index)
    return found


def _task_values(state: str) -> dict[str, float]:
    """Return what is known of a task instance in a state, whatever event tells it."""
    found: dict[str, float] = {"task_status": TASK_CODES[state]}
    if state == "upstream_failed":
        return found
    found |= {"task_start_timestamp_seconds": START.timestamp(), "task_try_number": ATTEMPT}
    if state in ENDED:
        found["task_duration_seconds"] = SECONDS
    if state == "success":
        found |= {"task_last_success_timestamp_seconds": END.timestamp(), "lab_task_success_total": 1}
    if state == "failed":
        found |= {"task_last_failure_timestamp_seconds": END.timestamp(), "lab_task_failure_total": 1}
    return found


def _run_values(code: int, *, failed: int) -> dict[str, float]:
    ended = {1: "dag_run_last_success_timestamp_seconds", -1: "dag_run_last_failure_timestamp_seconds"}
    found = {"dag_run_status": float(code), "dag_run_start_timestamp_seconds": START.timestamp()}
    if code:
        found |= {"dag_run_duration_seconds": SECONDS, "dag_run_failed_tasks": failed, ended[code]: END.timestamp()}
    return found


def _wanted(told: Iterable[Told]) -> Groups:
    """Return the groups that the catalog's table says, for what is known."""
    found: Groups = {}
    for each in told:
        for generation in each.generations:
            for metric in each.event.sets.get(generation, ()):
                for job in metric.jobs:
                    if job.generation == generation and metric.name in each.values:
                        names = (label.name for label in job.grouping)
                        key = job.name, tuple((name, each.labels[name]) for name in names if name in each.labels)
                        value = (metric.type.value, metric.help, each.values[metric.name])
                        found.setdefault(key, {})[metric.name] = value
    return found


def _pushed(case: Case) -> Groups:
    """Return the groups that the gateway would hold, had it held nothing before."""
    found: Groups = {}
    for push in pushes(case.hook, case.arguments, case.rows):
        values = found.setdefault((push.job.name, push.labels), {})
        for family in text_string_to_metric_families(exposition.text(push.values).decode()):
            for sample in family.samples:
                values[sample.name] = (family.type, family.documentation, sample.value)
    return found


def _different(wanted: Groups, pushed: Groups) -> Iterator[str]:
    for key in sorted(wanted.keys() | pushed.keys()):
        group = f"{key[0]}{dict(key[1])}"
        if key not in pushed:
            yield f"{group}: nothing is pushed"
        elif key not in wanted:
            yield f"{group}: the catalog has no such group"
        else:
            names = sorted(wanted[key].keys() | pushed[key].keys())
            told: list[tuple[str, Any, Any]] = [(name, pushed[key].get(name), wanted[key].get(name)) for name in names]
            yield from (f"{group}: {name} is {ours}, must be {theirs}" for name, ours, theirs in told if ours != theirs)


if __name__ == "__main__":
    told = problems()
    for line in told:
        print(line)  # noqa: T201  (the result)
    sys.exit(bool(told))
