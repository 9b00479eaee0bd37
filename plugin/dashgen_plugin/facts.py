"""Reading Airflow's objects: the only module of the plugin that knows what they look like.

The objects differ by version and process (an ORM row, a task runner's own, a detached one);
any attribute can be missing, None, left over from an earlier attempt, or raise on access, also
what is no AttributeError (DetachedInstanceError). So each is read by itself, and what can't be
read is None. Measured on Airflow 3.3.2 and 2.11.2.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from typing import NamedTuple

from dashgen.catalog.labels import DAG_ID, INSTANCE, MAP_INDEX, RUN_ID, TASK_ID, DagRunState, TaskState

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen.catalog.terms import Label

UP_FOR_RETRY = "up_for_retry"
# Airflow's words for the states; what is not here (removed, no state) is not pushed.
TASK_STATES = {
    "success": TaskState.SUCCESS,
    "failed": TaskState.FAILED,
    "upstream_failed": TaskState.UPSTREAM_FAILED,
    UP_FOR_RETRY: TaskState.UP_FOR_RETRY,
    "skipped": TaskState.SKIPPED,
    "running": TaskState.RUNNING,
    "deferred": TaskState.RUNNING,
    "up_for_reschedule": TaskState.RUNNING,
}


class TaskFacts(NamedTuple):
    """What is known of a task instance at an event; times are unix seconds."""

    dag_id: str
    task_id: str
    run_id: str | None
    map_index: int | None
    state: TaskState | None
    try_number: int | None
    start: float | None
    end: float | None


class RunFacts(NamedTuple):
    """What is known of a DAG run at an event; times are unix seconds."""

    dag_id: str
    run_id: str | None
    state: DagRunState | None
    start: float | None
    end: float | None
    failed_tasks: int | None = None


class UnreadableError(Exception):
    """An object without what its group is named by: its DAG and, of a task, the task."""


def of_task(task_instance: object, state: TaskState | None) -> TaskFacts:
    """Read a task instance that is in ``state``, which the event says better than the object.

    Raises:
        UnreadableError: it has no DAG or task.

    """
    return TaskFacts(
        _identity(task_instance, "dag_id"),
        _identity(task_instance, "task_id"),
        _text(task_instance, "run_id"),
        mapped(_attribute(task_instance, "map_index")),
        state,
        whole(_attribute(task_instance, "try_number")),
        timestamp(_attribute(task_instance, "start_date")),
        timestamp(_attribute(task_instance, "end_date")),
    )


def of_run(dag_run: object, state: DagRunState) -> RunFacts:
    """Read a DAG run that is in ``state``.

    Raises:
        UnreadableError: it has no DAG.

    """
    return RunFacts(
        _identity(dag_run, "dag_id"),
        _text(dag_run, "run_id"),
        state,
        timestamp(_attribute(dag_run, "start_date")),
        timestamp(_attribute(dag_run, "end_date")),
    )


def is_trial(task_instance: object) -> bool:
    """Whether this is ``airflow tasks test`` of Airflow 2, which tells of a start and never of a success."""
    return _attribute(task_instance, "test_mode") is True


def state_of(task_instance: object) -> str:
    """Return Airflow's word for the object's state, an empty string where it can't be read."""
    return state_word(_attribute(task_instance, "state"))


def state_word(state: object) -> str:
    """Return Airflow's word for a state, which is an enum's member or a string; empty for anything else."""
    word = state if type(state) is str else _attribute(state, "value")
    return word if isinstance(word, str) else ""


def mapped(map_index: object) -> int | None:
    """Return the index of a mapped task's instance, None for any other: Airflow says -1."""
    index = whole(map_index)
    return index if index is not None and index >= 0 else None


def whole(number: object) -> int | None:
    """Return a whole number as such, anything else as None."""
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def timestamp(moment: object) -> float | None:
    """Return a date and time as unix seconds; one without a zone is UTC, as Airflow's are."""
    if not isinstance(moment, datetime):
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except Exception:  # noqa: BLE001  (the zone can be of anyone's making)
        return None


def airflow_major() -> int:
    """Return the major version of the Airflow that runs in this process, 0 without one."""
    version = str(getattr(sys.modules.get("airflow"), "__version__", ""))
    major = version.partition(".")[0]
    return int(major) if major.isdecimal() else 0


def _attribute(thing: object, name: str) -> object:
    try:
        return getattr(thing, name, None)
    except Exception:  # noqa: BLE001  (a detached row raises its own kind of error)
        return None


def _identity(thing: object, name: str) -> str:
    text = _text(thing, name)
    if text is None:
        raise UnreadableError(f"{type(thing).__name__} has no {name}")
    return text


def _text(thing: object, name: str) -> str | None:
    value = _attribute(thing, name)
    return value if isinstance(value, str) else None


Facts = TaskFacts | RunFacts

# How each label of a group is known; None is a label that this group does not have.
_LABELS: dict[Label, Callable[[Facts, str], str | None]] = {
    DAG_ID: lambda facts, _: facts.dag_id,
    TASK_ID: lambda facts, _: facts.task_id if isinstance(facts, TaskFacts) else None,
    RUN_ID: lambda facts, _: facts.run_id,
    MAP_INDEX: lambda facts, _: _index(facts),
    INSTANCE: lambda _, instance: instance,
}


def label(wanted: Label, facts: Facts, instance: str) -> str | None:
    """Return the value of a grouping label, None where the group has none.

    Raises:
        KeyError: it is no label that Airflow's objects tell.

    """
    return _LABELS[wanted](facts, instance)


def _index(facts: Facts) -> str | None:
    return str(facts.map_index) if isinstance(facts, TaskFacts) and facts.map_index is not None else None
