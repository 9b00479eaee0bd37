"""What Airflow's database says of task instances and runs, read without Airflow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# {instant} makes microseconds since 1970 of a column, in the database's own way.
TASKS = (
    "SELECT dag_id, task_id, run_id, map_index, state, try_number, "
    "{instant[start_date]} AS started, {instant[end_date]} AS ended FROM task_instance"
)
RUNS = "SELECT dag_id, run_id, state, {instant[start_date]} AS started, {instant[end_date]} AS ended FROM dag_run"
DAGS = "SELECT dag_id FROM serialized_dag"
PAUSE = "UPDATE dag SET is_paused = {paused} WHERE dag_id = '{dag_id}'"


@dataclass(frozen=True)
class Row:
    """A run, or one instance of a task."""

    dag_id: str
    run_id: str
    state: str | None
    start: datetime | None
    end: datetime | None
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0

    @property
    def duration(self) -> float | None:
        """End minus start, in seconds."""
        return None if self.start is None or self.end is None else (self.end - self.start).total_seconds()


@dataclass(frozen=True)
class Rows:
    """All task instances and runs at one moment."""

    tasks: tuple[Row, ...]
    runs: tuple[Row, ...]

    def of(self, dag_id: str, run_id: str, task_id: str | None = None) -> list[Row]:
        """Return the instances of a run, or of one task in it, by task and index."""
        found = [row for row in self.tasks if (row.dag_id, row.run_id) == (dag_id, run_id)]
        return sorted(
            (row for row in found if task_id in {None, row.task_id}), key=lambda row: (row.task_id, row.map_index)
        )

    def run(self, dag_id: str, run_id: str) -> Row | None:
        """Return a run; None before it is there."""
        return next((row for row in self.runs if (row.dag_id, row.run_id) == (dag_id, run_id)), None)


def read(records: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Make rows of what a query returned."""
    return tuple(_row(dict(record)) for record in records)


def _row(record: dict[str, Any]) -> Row:
    return Row(start=_instant(record.pop("started")), end=_instant(record.pop("ended")), **record)


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
