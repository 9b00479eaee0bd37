"""What the gateway must hold: the catalog's table of events, applied to what Airflow's database says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog import airflow
from dashgen.catalog.labels import DagRunState, TaskState
from dashgen.catalog.model import FLEET, LAB, PER_RUN
from tests.e2e.airflow import INSTANCE
from tests.e2e.gateway_state import Key, key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from dashgen.catalog.model import Event, Generation, Job, Metric
    from tests.e2e.gateway_state import State
    from tests.e2e.rows import Row

Range = tuple[float, float]
Values = dict[str, frozenset[Range]]
"""Of each metric the values that are right: several where the order of concurrent events decides."""

# Airflow's times are in microseconds; the difference of two as floats is off by less than half of one.
PRECISION = 5e-7

TASK_CODES = {
    "success": TaskState.SUCCESS,
    "running": TaskState.RUNNING,
    "deferred": TaskState.RUNNING,
    "up_for_reschedule": TaskState.RUNNING,
    "failed": TaskState.FAILED,
    "upstream_failed": TaskState.UPSTREAM_FAILED,
    "up_for_retry": TaskState.UP_FOR_RETRY,
    "skipped": TaskState.SKIPPED,
}
RUN_CODES = {"success": DagRunState.SUCCESS, "running": DagRunState.RUNNING, "failed": DagRunState.FAILED}
FAILED_STATES = frozenset({"failed", "upstream_failed"})
WORST_FIRST = ("failed", "upstream_failed", "up_for_retry", "running", "success", "skipped")

EVENTS: Mapping[str, Event] = {event.name: event for event in airflow.EVENTS}


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _if_ran(value: Callable[[Row], float | None]) -> Callable[[Row], float | None]:
    """Leave out what Airflow notes for a task that it never started: when that was decided."""
    return lambda row: value(row) if row.try_number else None


def _end_if(state: str) -> Callable[[Row], float | None]:
    return lambda row: _seconds(row.end) if row.state == state else None


_VALUES: Mapping[Metric, Callable[[Row], float | None]] = {
    airflow.TASK_STATUS: lambda row: TASK_CODES[row.state or ""],
    airflow.TASK_DURATION: _if_ran(lambda row: row.duration),
    airflow.TASK_START: _if_ran(lambda row: _seconds(row.start)),
    airflow.TASK_TRY_NUMBER: _if_ran(lambda row: row.try_number),
    airflow.TASK_LAST_SUCCESS: _end_if("success"),
    airflow.TASK_LAST_FAILURE: _end_if("failed"),
    airflow.DAG_RUN_STATUS: lambda row: RUN_CODES[row.state or ""],
    airflow.DAG_RUN_DURATION: lambda row: row.duration,
    airflow.DAG_RUN_START: lambda row: _seconds(row.start),
    airflow.DAG_RUN_LAST_SUCCESS: _end_if("success"),
    airflow.DAG_RUN_LAST_FAILURE: _end_if("failed"),
    # The first plugin's fault: each push starts to count anew.
    airflow.LAB_TASK_SUCCESS: lambda _: 1,
    airflow.LAB_TASK_FAILURE: lambda _: 1,
}


# Airflow 3 takes a task's start twice: for the database, and for the task itself once the API server has
# answered. It takes the end of one that fails twice, too: in the task, and when its process has ended.
# The hooks know only what the task knows.
LONGEST_ANSWER = 30.0
_OWN_TIMES: Mapping[Metric, Callable[[Row, float], Range]] = {
    airflow.TASK_START: lambda row, start: (start, _seconds(row.end) or start + LONGEST_ANSWER),
    airflow.TASK_DURATION: lambda _, duration: (0.0, duration),
    airflow.TASK_LAST_FAILURE: lambda row, end: (_seconds(row.start) or end, end),
}
# Airflow 3 notes the end of a task before it calls the task's hook: the scheduler can end the run, and
# reconcile it, before the task's own push.
_ENDS = frozenset({"task_success", "task_failed", "task_skipped"})


class Expected:
    """What the groups of one DAG hold after the events told so far.

    ``own_times`` says that tasks know other times than the database.
    """

    def __init__(self, dag_id: str, *, own_times: bool, lab: bool = True) -> None:
        """Start with an empty gateway; ``lab`` says whether V1 is on."""
        self._dag_id = dag_id
        self._per_instance = (PER_RUN, LAB) if lab else (PER_RUN,)
        self._own_times = own_times
        self._last_word: dict[tuple[Key, str], frozenset[Range]] = {}
        self.groups: dict[Key, Values] = {}

    def tasks(self, event: str, *rows: Row) -> None:
        """Add an event of task instances that report it at about the same time, in any order."""
        for row in rows:
            for generation in self._per_instance:
                self._add(event, generation, [row])
        self._add(event, FLEET, rows)

    def started(self, run: Row) -> None:
        """Add the start of a run."""
        self._run("dag_run_running", run)

    def ended(self, run: Row, tasks: Sequence[Row], *, reconciled: bool = True) -> None:
        """Add the end of a run that no other overtook, and the reconciliation of its tasks."""
        self._run(f"dag_run_{run.state}", run, tasks if reconciled else None)
        if reconciled:
            self._reconciled(tasks, (PER_RUN, FLEET))

    def overtaken(self, run: Row, tasks: Sequence[Row]) -> None:
        """Add the end of a run after a later one started: it is the fleet's latest run no more."""
        self._run(f"dag_run_{run.state}", run, tasks, (PER_RUN,))
        self._run("dag_run_overtaken", run, tasks, (FLEET,))
        self._reconciled(tasks, (PER_RUN,))

    def difference(self, state: State) -> str:
        """Say how the gateway differs, group by group; empty where it does not."""
        found = state.of_dag(self._dag_id)
        lines = [f"{_text(group)}: not there" for group in self.groups.keys() - found.keys()]
        lines += [f"{_text(group)}: unexpected, {found[group]}" for group in found.keys() - self.groups.keys()]
        for group in self.groups.keys() & found.keys():
            wanted, values = self.groups[group], found[group]
            lines += [
                f"{_text(group)}: {name} is {values.get(name)}, not in {sorted(wanted.get(name, ()))}"
                for name in sorted(wanted.keys() | values.keys())
                if not _is_one_of(values.get(name), wanted.get(name, frozenset()))
            ]
        return "\n".join(sorted(lines))

    def _run(
        self,
        event: str,
        run: Row,
        tasks: Sequence[Row] | None = None,
        generations: Iterable[Generation] = (PER_RUN, FLEET),
    ) -> None:
        for generation in generations:
            self._add(event, generation, [run], None if tasks is None else failed_tasks(tasks))

    def _reconciled(self, tasks: Sequence[Row], generations: Iterable[Generation]) -> None:
        known = [row for row in tasks if row.state in TASK_CODES]
        if PER_RUN in generations:
            for row in known:
                self._add("task_reconciled", PER_RUN, [row])
        if FLEET in generations:
            for task_id in dict.fromkeys(row.task_id for row in known):
                self._reconcile_fleet([row for row in known if row.task_id == task_id])

    def _reconcile_fleet(self, rows: Sequence[Row]) -> None:
        """One instance that ended tells all; of many the worst state counts, and the latest ends."""
        if len(rows) == 1 and rows[0].end:
            self._add("task_reconciled", FLEET, rows)
            return
        (job,) = (job for job in airflow.TASK_STATUS.jobs if job.generation == FLEET)
        group = self.groups.setdefault(self._key(job, rows[0]), {})
        worst = min((row.state or "" for row in rows), key=WORST_FIRST.index)
        group[airflow.TASK_STATUS.name] = _exactly(TASK_CODES[worst])
        for metric in (airflow.TASK_LAST_SUCCESS, airflow.TASK_LAST_FAILURE):
            ends = [end for row in rows if (end := _VALUES[metric](row)) is not None]
            if ends:
                late = self._last_word.get((self._key(job, rows[0]), metric.name), frozenset())
                group[metric.name] = _exactly(max(ends)) | late

    def _add(self, event: str, generation: Generation, rows: Sequence[Row], failed: int | None = None) -> None:
        for metric in EVENTS[event].sets.get(generation, ()):
            if metric is airflow.DAG_RUN_FAILED_TASKS:
                values = frozenset() if failed is None else _exactly(failed)
            else:
                values = frozenset(found for row in rows if (found := self._right(event, metric, row)) is not None)
            for job in metric.jobs:
                if values and job.generation == generation:
                    group = self._key(job, rows[0])
                    late = self._late(event, metric, group, values)
                    self.groups.setdefault(group, {})[metric.name] = values | late

    def _late(self, event: str, metric: Metric, group: Key, values: frozenset[Range]) -> frozenset[Range]:
        """Return what a task's last push may still put in the place of what the end of its run told."""
        if not self._own_times or metric not in _OWN_TIMES:
            return frozenset()
        if event == "task_reconciled":
            return self._last_word.get((group, metric.name), frozenset())
        self._last_word[group, metric.name] = values if event in _ENDS else frozenset()
        return frozenset()

    def _right(self, event: str, metric: Metric, row: Row) -> Range | None:
        value = _VALUES[metric](row)
        if value is None:
            return None
        if self._own_times and event != "task_reconciled" and metric in _OWN_TIMES:
            return _OWN_TIMES[metric](row, value)
        return (value, value)

    def _key(self, job: Job, row: Row) -> Key:
        labels = {
            "dag_id": self._dag_id,
            "task_id": row.task_id,
            "run_id": row.run_id,
            "map_index": "" if row.map_index < 0 else str(row.map_index),
            "instance": INSTANCE,
        }
        wanted = {label.name: labels[label.name] for label in job.grouping}
        return key(job.name, **{name: value for name, value in wanted.items() if value or name != "map_index"})


def failed_tasks(tasks: Iterable[Row]) -> int:
    """Count the instances that ended failed or upstream failed."""
    return sum(row.state in FAILED_STATES for row in tasks)


def _exactly(value: float) -> frozenset[Range]:
    return frozenset({(value, value)})


def _is_one_of(value: float | None, wanted: frozenset[Range]) -> bool:
    return value is not None and any(low - PRECISION <= value <= high + PRECISION for low, high in wanted)


def _text(group: Key) -> str:
    job, labels = group
    return f"{job}{{{', '.join(f'{name}={value}' for name, value in sorted(labels))}}}"
