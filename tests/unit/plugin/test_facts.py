"""Reading Airflow's objects: whatever they hold or raise, what can't be read is None."""

from __future__ import annotations

import sys
import time
from datetime import datetime, timedelta, timezone, tzinfo
from enum import Enum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog.labels import HANDLER, DagRunState, TaskState
from dashgen_plugin import facts
from dashgen_plugin.facts import RunFacts, TaskFacts, UnreadableError
from tests import hooks
from tests.conformance import TASK_CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

START, END = hooks.START.timestamp(), hooks.START.timestamp() + 90


class State(str, Enum):
    """Airflow's enum of states, in short."""

    UP_FOR_RETRY = "up_for_retry"


class NoZone(tzinfo):
    """A zone that can't say what it is."""

    def _fail(self, _: datetime | None) -> Any:  # noqa: ANN401  (never returns)
        raise LookupError("no such zone")

    utcoffset = dst = tzname = _fail


class Detached:
    """A row whose session is gone: any attribute raises what is no AttributeError."""

    def __init__(self, **known: object) -> None:
        """Take what can be read all the same."""
        self.__dict__.update(known)

    def __getattr__(self, name: str) -> object:
        """Raise as SQLAlchemy does."""
        raise RuntimeError(f"{name}: not bound to a Session")


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the process's own zone be far from UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_task() -> None:
    """All that is told of a task instance is read, the state from the event."""
    task = hooks.task(map_index=3, try_number=2, state="running")
    assert facts.of_task(task, TaskState.SUCCESS) == TaskFacts(
        "etl", "load", "manual__1", 3, TaskState.SUCCESS, 2, START, END
    )


def test_run() -> None:
    """All that is told of a DAG run is read, the state from the event."""
    assert facts.of_run(hooks.run(), DagRunState.FAILED) == RunFacts(
        "etl", "manual__1", DagRunState.FAILED, START, START + 120
    )


@pytest.mark.parametrize("kind", [SimpleNamespace, Detached])
def test_what_can_not_be_read_is_none(kind: type) -> None:
    """An attribute that is missing, or raises whatever it likes, hides no other."""
    task = kind(dag_id="etl", task_id="load")
    assert facts.of_task(task, None) == TaskFacts("etl", "load", None, None, None, None, None, None)
    assert facts.of_run(kind(dag_id="etl"), DagRunState.SUCCESS)[:2] == ("etl", None)
    assert facts.state_of(task) == ""


@pytest.mark.parametrize("dag_id", [None, 7, b"etl"])
def test_without_a_dag_or_task_there_are_no_facts(dag_id: object) -> None:
    """An object that does not tell which DAG and task it is, is unreadable."""
    with pytest.raises(UnreadableError, match="SimpleNamespace has no dag_id"):
        facts.of_run(SimpleNamespace(dag_id=dag_id), DagRunState.SUCCESS)
    with pytest.raises(UnreadableError, match="SimpleNamespace has no task_id"):
        facts.of_task(SimpleNamespace(dag_id="etl", task_id=dag_id), None)


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(2026, 11, 22, 8, tzinfo=timezone.utc), START),
        (datetime(2026, 11, 22, 8), START),  # noqa: DTZ001  (without a zone on purpose)
        (datetime(2026, 11, 22, 10, tzinfo=timezone(timedelta(hours=2))), START),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=timezone.utc), -0.5),
        (datetime(2026, 11, 22, 8, tzinfo=NoZone()), None),
        (None, None),
        ("2026-11-22T08:00:00Z", None),
        (1.0, None),
    ],
    ids=["utc", "without a zone", "of another zone", "before 1970", "of no zone", "none", "text", "number"],
)
@pytest.mark.usefixtures("_in_tokyo")
def test_timestamp(moment: object, seconds: float | None) -> None:
    """A date is told in unix seconds; one without a zone is UTC, wherever the process runs."""
    assert facts.timestamp(moment) == seconds


@pytest.mark.parametrize(("number", "told"), [(0, 0), (3, 3), (-1, -1), (True, None), (1.0, None), ("1", None)])
def test_whole(number: object, told: int | None) -> None:
    """A whole number is one; nothing else is taken for it."""
    assert facts.whole(number) == told


@pytest.mark.parametrize(("index", "told"), [(-1, None), (0, 0), (9, 9), (None, None), ("0", None)])
def test_map_index(index: object, told: int | None) -> None:
    """Airflow says -1 of a task that is not mapped."""
    assert facts.mapped(index) == told


@pytest.mark.parametrize("state", ["up_for_retry", State.UP_FOR_RETRY], ids=["text", "enum"])
def test_state_word(state: object) -> None:
    """A state is read as Airflow's word, from an enum and from a text."""
    assert facts.state_of(SimpleNamespace(state=state)) == facts.UP_FOR_RETRY


def test_every_state_has_its_code() -> None:
    """Airflow's words for states mean the numbers that people read; what is not known is not told."""
    assert {word: int(code) for word, code in facts.TASK_STATES.items()} == TASK_CODES
    assert facts.TASK_STATES.keys().isdisjoint({"removed", "none", "queued", "scheduled", ""})


def test_a_label_that_objects_do_not_tell() -> None:
    """A job with another label in its key than Airflow's objects tell is an error, not an empty label."""
    with pytest.raises(KeyError):
        facts.label(HANDLER, facts.of_run(hooks.run(), DagRunState.SUCCESS), "here")


@pytest.mark.parametrize(
    ("module", "major"), [(None, 0), (SimpleNamespace(__version__="3.3.2"), 3), (SimpleNamespace(__version__="x"), 0)]
)
def test_airflow_major(module: object, major: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The major version is that of the Airflow in this process."""
    monkeypatch.setitem(sys.modules, "airflow", module)
    assert facts.airflow_major() == major
