"""Whatever Airflow's objects hold or raise: no hook raises, and nothing is pushed that is not true.

An object is a task's own (an attribute that it lacks raises AttributeError) or a row whose session
is gone (it raises what SQLAlchemy raises). What is true is worked out here once more, from the
object alone.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashgen.catalog import airflow
from dashgen.catalog.model import FLEET, LAB
from dashgen.pushgateway import group
from dashgen_plugin import delivery, environment, exposition, own_metrics, reconciliation
from dashgen_plugin.listener import Listener
from dashgen_plugin.reconciliation import Rows
from tests import conformance
from tests.hookspecs import LINES, registered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dashgen_plugin.events import Push

EXAMPLES = 300
INSTANCE = conformance.SETTINGS[environment.INSTANCE_NAME]
TASK_HOOKS = {
    "on_task_instance_running": 0,
    "on_task_instance_success": 1,
    "on_task_instance_failed": -1,
    "on_task_instance_skipped": 3,
}
RUN_HOOKS = {"on_dag_run_running": 0, "on_dag_run_success": 1, "on_dag_run_failed": -1}
STATUSES = ("task_status", "dag_run_status")
RETRIED = "up_for_retry"


class DetachedInstanceError(Exception):
    """What SQLAlchemy raises, which is no AttributeError."""


class Raises:
    """An attribute that raises when it is read."""

    def __init__(self, error: Exception) -> None:
        """Take what is raised."""
        self.error = error

    def __repr__(self) -> str:
        """Show the error in a falsifying example."""
        return f"Raises({self.error!r})"


class Nasty:
    """A value that can't even be asked whether it is true, or what it is."""

    def _refuse(self, *_: object) -> Any:  # noqa: ANN401  (never returns)
        raise DetachedInstanceError("nasty")

    __bool__ = __str__ = __eq__ = __lt__ = __int__ = __float__ = __index__ = _refuse
    __hash__ = object.__hash__
    value = property(_refuse)


class State(str, Enum):
    """Airflow's enum of states."""

    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    UP_FOR_RETRY = "up_for_retry"
    SKIPPED = "skipped"


class Odd:
    """An object of Airflow's with these attributes; another raises as its kind does."""

    def __init__(self, attributes: dict[str, object], missing: type[Exception]) -> None:
        """Take the attributes, and what a missing one raises."""
        self.attributes = attributes
        self.missing = missing

    def __getattr__(self, name: str) -> object:
        """Return or raise what the attribute is."""
        value = self.attributes.get(name, Raises(self.missing(name)))
        if isinstance(value, Raises):
            raise value.error
        return value

    def __repr__(self) -> str:
        """Show the object in a falsifying example."""
        return f"Odd({self.attributes!r}, {self.missing.__name__})"

    def known(self, name: str, kind: type) -> Any:  # noqa: ANN401  (of that kind)
        """Return an attribute if it can be read and is of a kind, else None."""
        value = self.attributes.get(name)
        return value if isinstance(value, kind) else None


errors = st.sampled_from([DetachedInstanceError, AttributeError, RuntimeError, KeyError, ValueError, RecursionError])
raising = errors.map(lambda kind: Raises(kind("odd")))
# What a database can return, and what an attribute can be.
wrong: Any = st.one_of(st.none(), st.booleans(), st.floats(), st.binary(max_size=3), st.just([]))
junk = st.one_of(raising, wrong, st.builds(Nasty))
zones: Any = st.one_of(st.none(), st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(timezone))
moments = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2), timezones=zones),  # noqa: DTZ001  (zones are drawn)
    st.datetimes(timezones=zones),
)
words = st.sampled_from([*conformance.TASK_CODES, "removed", "queued", ""])
states = st.one_of(words, st.sampled_from(State))
names = st.one_of(st.sampled_from(["etl", "a/b", "", ".", "..", "d_ünï", "a+b c"]), st.text(max_size=5))
numbers = st.one_of(st.integers(-2, 5), st.integers())
# What Airflow's attributes are when all is well.
GOOD: dict[str, Any] = {
    "dag_id": names,
    "task_id": names,
    "run_id": names,
    "map_index": numbers,
    "state": states,
    "try_number": numbers,
    "start_date": st.none() | moments,
    "end_date": st.none() | moments,
}
# In most objects no more than two attributes are not as they should be; the others show what they spoil.
spoilt = st.dictionaries(st.sampled_from(sorted(GOOD)), st.one_of(junk, junk, names, numbers, moments), max_size=2)
known = st.fixed_dictionaries(GOOD) | st.fixed_dictionaries({}, optional=GOOD)
objects = st.builds(
    lambda good, bad, missing: Odd(good | bad, missing),
    known,
    spoilt,
    st.sampled_from([AttributeError, DetachedInstanceError]),
)
rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", ""]),
        st.one_of(states, wrong),
        st.one_of(numbers, wrong),
        st.one_of(moments, wrong),
        st.one_of(moments, wrong),
        st.booleans(),
        st.integers(1, 3),
        st.one_of(moments, wrong),
        st.one_of(numbers, wrong),
    ),
    max_size=4,
)


def _seconds(moment: datetime | None) -> float | None:
    """Return unix seconds, of a moment without a zone as of UTC; None of one that no clock shows."""
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    except (OverflowError, ValueError):
        return None


def _called(hook: str, line: int, thing: Odd, error: object = "x") -> list[Push]:
    """Call a hook with an object, and return all that it pushes."""
    works: list[Callable[[], Iterator[Push]]] = []
    arguments: dict[str, object] = {"task_instance": thing, "dag_run": thing, "msg": "x", "error": error}
    arguments |= {"previous_state": None, "session": None}
    with (
        mock.patch.dict("os.environ", conformance.SETTINGS),
        mock.patch.object(delivery, "put", lambda work, _: works.append(work)),
        mock.patch.object(delivery, "flush"),
    ):
        called = getattr(registered(Listener(), line).hook, hook)
        called(**{name: arguments[name] for name in (called.spec.argnames if called.spec else arguments)})
    own_metrics.leave()
    return [push for work in works for push in work()]


def _assert_true(push: Push, thing: Odd, status: int) -> None:
    """See that labels and values are the object's."""
    values = {metric.name: value for metric, value in push.values.items()}
    start, end = (_seconds(thing.known(name, datetime)) for name in ("start_date", "end_date"))
    for name, label in push.labels:
        if name == "instance":
            assert label == INSTANCE
        elif name == "map_index":
            assert label == str(thing.known(name, int))
            assert thing.known(name, int) >= 0
        else:
            assert label == thing.known(name, str)
    for name, value in values.items():
        assert math.isfinite(value)
        if name in STATUSES:
            assert value == status
        elif name.endswith("_duration_seconds"):
            assert start is not None
            assert end is not None
            assert value == end - start >= 0
        elif name.endswith("_start_timestamp_seconds"):
            assert value == start
        elif name.endswith(("_last_success_timestamp_seconds", "_last_failure_timestamp_seconds")):
            assert value == end
            assert start is None or value >= start
            assert status == (1 if "success" in name else -1)
        elif name == "task_try_number":
            assert value == thing.known("try_number", int) >= 1
            assert not isinstance(thing.attributes["try_number"], bool)
        else:
            assert push.job.generation is LAB
            assert value == 1


def _assert_sendable(push: Push) -> None:
    """See that a group can be written on the wire, or that its labels are no text that can."""
    assert exposition.text(push.values)
    valid = all(_is_text(value) for _, value in push.labels)
    if valid:
        assert group.path([("job", push.job.name), *push.labels]).isascii()


def _fleets(pushes: Sequence[Push]) -> int:
    """Return how many of the pushes are the fleet's; without one there is none at all."""
    number = sum(push.job.generation is FLEET for push in pushes)
    assert number or not pushes
    return number


def _spoils(hook: str, state: object) -> bool:
    """Whether a state keeps the event from being told: only where it must say whether the task is retried."""
    return hook == "on_task_instance_failed" and not (isinstance(state, str) and state)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("line", LINES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(hook=st.sampled_from(sorted(TASK_HOOKS)), thing=objects, error=st.one_of(st.text(), errors.map(lambda e: e())))
def test_task_hooks(line: int, hook: str, thing: Odd, error: object) -> None:
    """Of a task nothing is pushed but what the object says, in the state that the event says."""
    pushes = [] if line == 2 and hook == "on_task_instance_skipped" else _called(hook, line, thing, error)
    state = thing.attributes.get("state")
    retried = isinstance(state, str) and state == RETRIED
    status = 2 if hook == "on_task_instance_failed" and retried else TASK_HOOKS[hook]
    named = thing.known("dag_id", str) is not None and thing.known("task_id", str) is not None
    called = not (line == 2 and hook == "on_task_instance_skipped")
    assert _fleets(pushes) == (1 if named and called and not _spoils(hook, state) else 0)
    for push in pushes:
        assert {"dag_id", "task_id"} <= dict(push.labels).keys()
        _assert_true(push, thing, status)
        _assert_sendable(push)


@pytest.mark.parametrize("line", LINES)
@settings(max_examples=EXAMPLES, deadline=None)
@given(hook=st.sampled_from(sorted(RUN_HOOKS)), thing=objects)
def test_run_hooks(line: int, hook: str, thing: Odd) -> None:
    """Of a run nothing is pushed but what the object says, in the state that the event says."""
    pushes = _called(hook, line, thing)
    assert _fleets(pushes) == (0 if thing.known("dag_id", str) is None else 1)
    for push in pushes:
        _assert_true(push, thing, RUN_HOOKS[hook])
        _assert_sendable(push)


@settings(max_examples=EXAMPLES, deadline=None)
@given(thing=objects, found=rows, each=st.booleans())
@example(
    thing=Odd({"dag_id": "etl", "run_id": "r"}, AttributeError),
    found=[("a", "success", 1, None, datetime(2026, 1, day, tzinfo=timezone.utc), False, 1, day) for day in (2, 1)],
    each=True,
)
def test_ends_of_runs(thing: Odd, found: Sequence[tuple[Any, ...]], each: bool) -> None:  # noqa: FBT001  (drawn)
    """What is pushed of a run's tasks is the state of an instance of each, and times of such an instance."""
    of_rows = Rows(found if each else [row[:-1] for row in found], each=each)
    with mock.patch.object(reconciliation, "read", return_value=of_rows):
        pushes = _called("on_dag_run_failed", 3, thing)
    for push in pushes:
        _assert_sendable(push)
        labels = dict(push.labels)
        if "task_id" in labels:
            _assert_of_rows(push, [row for row in found if row[0] == labels["task_id"]], labels.get("map_index"))
    latest = {push.labels: push.values for push in pushes if airflow.TASK_LAST_SUCCESS in push.values}
    for labels_of_task, values in latest.items():
        ends = [
            _seconds(row[4]) for row in found if row[0] == dict(labels_of_task)["task_id"] and _is(row[1], "success")
        ]
        assert values[airflow.TASK_LAST_SUCCESS] == max(end for end in ends if end is not None)


def _is(state: object, word: str) -> bool:
    return isinstance(state, str) and state == word


def _assert_of_rows(push: Push, of_task: Sequence[tuple[Any, ...]], index: str | None) -> None:
    for metric, value in push.values.items():
        instances = [row for row in of_task if index is None or str(row[8]) == index]
        starts = {_seconds(row[3]) for row in instances if isinstance(row[3], datetime)}
        ends = {_seconds(row[4]) for row in instances if isinstance(row[4], datetime)}
        if metric is airflow.TASK_STATUS:
            assert value in {conformance.TASK_CODES.get(row[1]) for row in instances if isinstance(row[1], str)}
        elif metric is airflow.TASK_DURATION:
            assert value in {end - start for start in starts for end in ends if start is not None and end is not None}
            assert value >= 0
        elif metric is airflow.TASK_START:
            assert value in starts
        elif metric is airflow.TASK_TRY_NUMBER:
            assert value in [row[2] for row in instances if isinstance(row[2], int)]
        else:
            assert value in ends
