"""The states that no task hook reports, read at the end of a DAG run by one SELECT.

Columns, never ORM rows (86 ms for 2,000 instances against 8 ms), through the run's own session:
another session's commit would break the scheduler's locks and end it. Where there is no session
(``airflow dags test``) there is no reconciliation.

The rows are grouped by task and state in the database unless the per-run generation needs each
instance, and also then for very large runs. What a group of many instances can't tell exactly
(start, attempt, duration) is left to the hooks, which set it.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import NamedTuple

from dashgen.catalog import airflow
from dashgen.catalog.labels import TaskState
from dashgen.catalog.model import FLEET, PER_RUN
from dashgen_plugin import events
from dashgen_plugin import facts as reading
from dashgen_plugin.facts import RunFacts, TaskFacts

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from dashgen.catalog.model import Event, Generation
    from dashgen_plugin.events import Push

# A run this large is told by task and state only, not instance by instance.
MANY_INSTANCES = 5_000

FAILED_STATES = (TaskState.FAILED, TaskState.UPSTREAM_FAILED)
# A mapped task is in the worst state of its instances; the worst comes last and so is what stays.
BEST_FIRST = (
    TaskState.SKIPPED,
    TaskState.SUCCESS,
    TaskState.RUNNING,
    TaskState.UP_FOR_RETRY,
    TaskState.UPSTREAM_FAILED,
    TaskState.FAILED,
)


class Instances(NamedTuple):
    """Task instances of one task in one state: the greatest of each column, and how many they are."""

    task_id: str
    state: TaskState | None
    try_number: int | None
    start: float | None
    end: float | None
    later: bool
    number: int
    updated: float | None
    map_index: int | None = None


class Rows(NamedTuple):
    """What the SELECT found: the run's instances one by one (``each``), or grouped by task and state."""

    rows: Sequence[Sequence[object]]
    each: bool


def read(dag_run: object, *, each: bool) -> Rows | None:
    """Read the run's task instances, one by one where ``each`` and there are not too many.

    Returns None where the run has no session; raises whatever the database raises.
    """
    orm = sys.modules.get("sqlalchemy.orm")
    session = orm.object_session(dag_run) if orm else None
    if session is None:
        return None
    run: Any = dag_run
    of_run = {"dag": run.dag_id, "run": run.run_id, "start": run.start_date}
    # What is pending in the scheduler's session is its own business, and flushing it could fail.
    with session.no_autoflush:
        if each:
            rows = session.execute(_statement(each=True), of_run).all()
            if len(rows) < MANY_INSTANCES:
                return Rows(rows, each=True)
        return Rows(session.execute(_statement(each=False), of_run).all(), each=False)


@cache
def _statement(*, each: bool) -> Any:  # noqa: ANN401  (Airflow's SQLAlchemy is 1.4 or 2)
    """Make the SELECT, once: to make it takes longer than to execute it on a small run."""
    from airflow.models.dagrun import DagRun  # noqa: PLC0415  (loaded wherever a DAG run is)
    from airflow.models.taskinstance import TaskInstance  # noqa: PLC0415  (the same)
    from sqlalchemy import bindparam, exists, func, literal, select  # noqa: PLC0415  (the same)

    dag_id, run_id = bindparam("dag"), bindparam("run")
    later = exists().where(DagRun.dag_id == dag_id, DagRun.start_date > bindparam("start"))
    columns = (TaskInstance.try_number, TaskInstance.start_date, TaskInstance.end_date)
    of_run = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
    key = (TaskInstance.task_id, TaskInstance.state)
    updated = TaskInstance.updated_at
    if each:
        one_by_one = select(*key, *columns, later, literal(1), updated, TaskInstance.map_index)
        return one_by_one.where(*of_run).limit(MANY_INSTANCES)
    grouped = select(*key, *map(func.max, columns), later, func.count(), func.max(updated))
    return grouped.where(*of_run).group_by(*key)


def pushes(
    found: Rows | None, event: Event, run: RunFacts, generations: Iterable[Generation], instance: str
) -> Iterator[Push]:
    """Yield what the end of a run sets: the run's own metrics, and those of its tasks where they are known."""
    instances = [] if found is None else [_instances(row) for row in found.rows]
    overtaken = any(each.later for each in instances)
    if found is not None:
        run = run._replace(failed_tasks=sum(each.number for each in instances if each.state in FAILED_STATES))
    yield from events.pushes(airflow.ON_RUN_OVERTAKEN if overtaken else event, run, generations, instance)
    told = {PER_RUN: _of_run(instances, run) if found is not None and found.each else ()}
    if not overtaken:
        told[FLEET] = _of_fleet(instances, run)
    for generation in generations:
        for task in told.get(generation, ()):
            yield from events.pushes(airflow.ON_TASK_RECONCILED, task, (generation,), instance)


def _instances(row: Sequence[object]) -> Instances:
    task_id, state, try_number, start, end, later, number, updated, *map_index = row
    return Instances(
        str(task_id),
        reading.TASK_STATES.get(reading.state_word(state)),
        reading.whole(try_number),
        reading.timestamp(start),
        reading.timestamp(end),
        bool(later),
        reading.whole(number) or 0,
        reading.timestamp(updated),
        reading.mapped(map_index[0]) if map_index else None,
    )


def _of_run(instances: Iterable[Instances], run: RunFacts) -> Iterator[TaskFacts]:
    for each in instances:
        if each.state is not None:
            yield TaskFacts(
                run.dag_id, each.task_id, run.run_id, each.map_index, each.state, each.try_number, each.start, each.end
            )


def _of_fleet(instances: Iterable[Instances], run: RunFacts) -> Iterator[TaskFacts]:
    """Yield the facts of each task by state and end, the worst and the latest last.

    A task of which nothing changed since the run started was not cleared when the run was started
    again: a later run may have told newer things of it. Only one instance alone tells start,
    attempt and duration, and only what ended since the run started tells times.
    """
    tasks: dict[str, list[Instances]] = {}
    for each in instances:
        tasks.setdefault(each.task_id, []).append(each)
    for task_id, found in tasks.items():
        if not any(_since(run.start, each.updated) or _since(run.start, each.end) for each in found):
            continue
        alone = sum(each.number for each in found) == 1
        for each in sorted((each for each in found if each.state is not None), key=_rank):
            end = each.end if _since(run.start, each.end) else None
            known = (each.try_number, each.start) if alone and end is not None else (None, None)
            yield TaskFacts(run.dag_id, task_id, run.run_id, None, each.state, *known, end)


def _since(start: float | None, moment: float | None) -> bool:
    return moment is not None and (start is None or moment >= start)


def _rank(instances: Instances) -> tuple[int, float]:
    """Return what sorts the worst state last, and of one state what ended last."""
    badness = BEST_FIRST.index(instances.state) if instances.state is not None else 0
    return badness, instances.end or 0.0
