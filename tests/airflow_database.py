"""DAG runs as rows in a database of Airflow's own, 2.11 or 3.

For scripts that tests and bench run where Airflow is; AIRFLOW_HOME is a new folder of theirs. Only
the tables that the rows need are made: a whole migration takes 5 s.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow import models, settings

if settings.Session is None:
    settings.initialize()
models.import_all_models()

from airflow.models.dagrun import DagRun  # noqa: E402  (the models must know each other first)
from airflow.models.taskinstance import TaskInstance  # noqa: E402  (the same)
from airflow.models.tasklog import LogTemplate  # noqa: E402  (the same)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Database:
    """The tables of runs and their task instances, and one session on them."""

    session: Any

    @classmethod
    def made(cls) -> Database:
        """Make the tables in AIRFLOW_HOME's SQLite."""
        tables = [LogTemplate.__table__, DagRun.__table__, TaskInstance.__table__]
        for table in tables:
            tables += {key.column.table for key in table.foreign_keys}.difference(tables)
        DagRun.metadata.create_all(settings.engine, tables=tables)
        return cls(settings.Session())

    def add_run(
        self, run_id: str, tasks: Iterable[Mapping[str, object]], *, dag_id: str = "etl", start: datetime | None = START
    ) -> Any:  # noqa: ANN401  (a DagRun)
        """Add a run with these task instances, and return it, attached to the session.

        A task instance without other values is one of the task ``load`` that is not mapped,
        succeeded at the first attempt and took a minute.
        """
        table = DagRun.__table__
        # 2.11 knows one date of a run, 3 computes its defaults from three; no two runs share it.
        day = START + timedelta(days=self.session.query(DagRun).count())
        dates = dict.fromkeys(("execution_date", "logical_date", "data_interval_end", "run_after"), day)
        values = {"dag_id": dag_id, "run_id": run_id, "run_type": "manual", "state": "running", "start_date": start}
        self.session.execute(table.insert().values(values | {k: v for k, v in dates.items() if k in table.c}))
        rows = [self._task() | {"dag_id": dag_id, "run_id": run_id} | dict(task) for task in tasks]
        if rows:
            self.session.execute(TaskInstance.__table__.insert(), rows)
        self.session.commit()
        return self.session.query(DagRun).filter_by(run_id=run_id).one()

    @staticmethod
    def _task() -> dict[str, object]:
        identity = {"id": uuid.uuid4()} if "id" in TaskInstance.__table__.c else {}
        return identity | {
            "task_id": "load",
            "map_index": -1,
            "pool": "default_pool",
            "state": "success",
            "try_number": 1,
            "start_date": START,
            "end_date": START + MINUTE,
            "updated_at": START + 1.5 * MINUTE,
        }
