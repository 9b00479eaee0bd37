"""Reads the task instances of real DAG runs as the listener does; run where Airflow is.

Prints JSON: for each case what was read, and what the session was made to do.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from dashgen_plugin import reconciliation
from tests.airflow_database import START, Database

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MANY = 5_000


@dataclass
class Told:
    """What reading a run found, and which SQL, flushes and commits it caused."""

    each: bool | None = None
    rows: list[list[str]] = field(default_factory=list)
    number: int = 0
    sql: list[str] = field(default_factory=list)
    flushes: int = 0
    commits: int = 0


def told(database: Database, run: Any, *, each: bool) -> Told:  # noqa: ANN401  (a DagRun)
    """Read a run's task instances and watch the session meanwhile; some change of its own waits in it."""
    found = Told()

    def sql(_: object, __: object, statement: str, *___: object) -> None:
        found.sql.append(statement)

    def flushed(*_: object) -> None:
        found.flushes += 1

    def committed(*_: object) -> None:
        found.commits += 1

    watched = (
        (database.session.get_bind(), "before_cursor_execute", sql),
        (database.session, "before_flush", flushed),
        (database.session, "before_commit", committed),
    )
    if run in database.session:
        database.session.refresh(run)  # as a scheduler has just read it
    run.last_scheduling_decision = START
    for target, name, watch in watched:
        event.listen(target, name, watch)
    rows = reconciliation.read(run, each=each)
    for target, name, watch in watched:
        event.remove(target, name, watch)
    database.session.rollback()
    if rows is not None:
        found.each, found.number = rows.each, len(rows.rows)
        found.rows = [[str(value) for value in row] for row in sorted(rows.rows, key=str)[:10]]
    return found


def mapped(number: int, **values: object) -> Iterable[Mapping[str, object]]:
    """Return this many instances of one task."""
    return ({"map_index": index, **values} for index in range(number))


def main() -> None:
    """Read each kind of run."""
    database = Database.made()
    failed = {"task_id": "check", "state": "failed", "try_number": 2, "end_date": START + timedelta(seconds=90)}
    never = {"task_id": "send", "state": None, "try_number": 0, "start_date": None, "end_date": None}
    tasks = [*mapped(2), failed, never]
    first = database.add_run("first", tasks)
    found = {"each": told(database, first, each=True), "grouped": told(database, first, each=False)}
    database.add_run("other", tasks, dag_id="other", start=START + timedelta(days=1))
    found["beside another DAG"] = told(database, first, each=False)
    database.add_run("second", [], start=START + timedelta(hours=1))
    found["overtaken"] = told(database, first, each=False)
    found["overtaken, each"] = told(database, first, each=True)
    found["a run that did not start"] = told(database, database.add_run("third", tasks, start=None), each=True)
    below = database.add_run("below", mapped(MANY - 1), start=START + timedelta(days=2))
    found["just below many"] = told(database, below, each=True)
    many = database.add_run("many", mapped(MANY), start=START + timedelta(days=3))
    found["many"] = told(database, many, each=True)
    database.session.expunge(many)
    found["detached"] = told(database, many, each=True)
    print(json.dumps({name: asdict(each) for name, each in found.items()}))  # noqa: T201  (the result)


if __name__ == "__main__":
    main()
