"""What Airflow's own metrics say of the fleet's runs, as statsd_exporter tells it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from dashgen.catalog.labels import DAG_ID, INSTANCE, STATSD_EXPORTER, TASK_ID, TaskState
from dashgen.catalog.statsd import capacity, dags, scheduler, tasks
from dashgen.catalog.statsd.labels import EXECUTOR_CLASS_NAME, NAME, OPERATOR_NAME, POOL_NAME, QUEUE, STATE
from dashgen.emit.target import Labels, Target, Timer, series
from dashgen_plugin import facts as reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dashgen.catalog.model import Catalog, Metric
    from dashgen.emit.fleet import Attempt, Dag, Run

EXPORTER = "statsd-exporter:9102"
_SLOTS = 64
_POOLS = ("default_pool", "warehouse")
_OPERATORS = ("PythonOperator", "BashOperator", "SQLExecuteQueryOperator", "KubernetesPodOperator")
_QUEUE = (QUEUE.name, "default")
CELERY = "CeleryExecutor"
_EXECUTOR = ((EXECUTOR_CLASS_NAME.name, CELERY), (NAME.name, CELERY))
_WORDS = {state: word for word, state in reversed(reading.TASK_STATES.items())}
_MOST_SCHEDULED, _MOST_QUEUED = 2.0, 5.0
# What a person does not look at twice; every so many runs one starts late.
_USUAL_DELAY, _LATE_RUN, _LATE_DELAY = 3.0, 40, 90.0

# Those of the others nobody looks at, and they would be a third of the samples of a day.
_WITH_QUANTILES = (dags.DAGRUN_DURATION, dags.DAGRUN_DEPENDENCY_CHECK, tasks.TASK_DURATION)


class Happening(NamedTuple):
    """Something that Airflow counts or times (unix seconds)."""

    at: float
    tell: Callable[[], None]


@dataclass(frozen=True)
class Exporter:
    """A statsd_exporter beside the fleet; ``catalog`` says whether timers are summaries or histograms."""

    catalog: Catalog
    buckets: tuple[float, ...]
    target: Target

    def start(self, at: float) -> None:
        """Tell what is there before anything runs."""
        for pool in _POOLS:
            of_pool = ((POOL_NAME.name, pool),)
            self._set(capacity.POOL_OPEN_SLOTS, of_pool, _SLOTS, at)
            for slots in (capacity.POOL_RUNNING_SLOTS, capacity.POOL_QUEUED_SLOTS, capacity.POOL_SCHEDULED_SLOTS):
                self._set(slots, of_pool, 0, at)
            self._set(capacity.POOL_DEFERRED_SLOTS, of_pool, 0, at)
            self._set(capacity.POOL_STARVING_TASKS, of_pool, 0, at)
        self._set(capacity.EXECUTOR_OPEN_SLOTS, _EXECUTOR, _SLOTS, at)
        self._set(capacity.EXECUTOR_QUEUED_TASKS, _EXECUTOR, 0, at)
        self._set(capacity.EXECUTOR_RUNNING_TASKS, _EXECUTOR, 0, at)
        self._set(scheduler.SCHEDULER_DAGRUNS_RUNNING, (), 0, at)

    def of_run(self, dag: Dag, number: int) -> Iterator[Happening]:
        """Yield what happens in a run, in no order."""
        run = dag.run(number, "")
        of_dag = ((DAG_ID.name, dag.dag_id),)
        chance = Random(f"{dag.size.seed} {dag.dag_id} {number}")  # noqa: S311  (no secret is made)
        delay = chance.uniform(0.5, _USUAL_DELAY) + (_LATE_DELAY if chance.randrange(_LATE_RUN) == 0 else 0)
        state = ((STATE.name, "failed" if run.failed else "success"),)

        def begins() -> None:
            self._observe(dags.DAGRUN_SCHEDULE_DELAY, of_dag, delay, run.start)
            self._observe(dags.DAGRUN_FIRST_TASK_SCHEDULING_DELAY, of_dag, delay + 1, run.start)
            self._observe(dags.DAGRUN_FIRST_TASK_START_DELAY, of_dag, delay + 2, run.start)
            self._add(scheduler.SCHEDULER_DAGRUNS_RUNNING, (), 1, run.start)

        def ends() -> None:
            self._observe(dags.DAGRUN_DURATION, (*of_dag, *state), run.end - run.start, run.end)
            self._observe(dags.DAGRUN_DEPENDENCY_CHECK, of_dag, chance.uniform(0.004, 0.03), run.end)
            self._add(scheduler.SCHEDULER_DAGRUNS_RUNNING, (), -1, run.end)

        yield Happening(run.start, begins)
        yield Happening(run.end, ends)
        for attempt in run.attempts:
            yield from self._of_attempt(dag, run, attempt, chance)

    def _of_attempt(self, dag: Dag, run: Run, attempt: Attempt, chance: Random) -> Iterator[Happening]:
        of_task = ((DAG_ID.name, run.dag_id), (TASK_ID.name, attempt.task_id))
        if not attempt.number:
            yield Happening(attempt.end, partial(self._ended, of_task, attempt))
            return
        scheduled, queued = chance.uniform(0.1, _MOST_SCHEDULED), chance.uniform(0.1, _MOST_QUEUED)
        of_pool = ((POOL_NAME.name, _POOLS[dag.number % len(_POOLS)]),)
        operator = ((OPERATOR_NAME.name, _operator(attempt.task_id)),)

        def moves(waiting: int, running: int, at: float) -> None:
            for gauge, number in ((tasks.TI_QUEUED, waiting), (tasks.TI_RUNNING, running)):
                self._add(gauge, (_QUEUE, *of_task), number, at)
            self._add(capacity.POOL_QUEUED_SLOTS, of_pool, waiting, at)
            self._add(capacity.POOL_RUNNING_SLOTS, of_pool, running, at)
            self._add(capacity.POOL_OPEN_SLOTS, of_pool, -waiting - running, at)
            self._add(capacity.EXECUTOR_QUEUED_TASKS, _EXECUTOR, waiting, at)
            self._add(capacity.EXECUTOR_RUNNING_TASKS, _EXECUTOR, running, at)
            self._add(capacity.EXECUTOR_OPEN_SLOTS, _EXECUTOR, -running, at)

        def waits() -> None:
            self._set(tasks.TI_SCHEDULED, (_QUEUE, *of_task), 0, waiting_since)
            moves(1, 0, waiting_since)

        def starts() -> None:
            self._observe(tasks.TASK_SCHEDULED_DURATION, of_task, scheduled, attempt.start)
            self._observe(tasks.TASK_QUEUED_DURATION, of_task, queued, attempt.start)
            self._add(tasks.TI_START, of_task, 1, attempt.start)
            moves(-1, 1, attempt.start)

        def ends() -> None:
            moves(0, -1, attempt.end)
            self._observe(tasks.TASK_DURATION, of_task, attempt.end - attempt.start, attempt.end)
            succeeded = attempt.state is TaskState.SUCCESS
            self._add(tasks.TI_SUCCESSES if succeeded else tasks.TI_FAILURES, (), 1, attempt.end)
            self._add(tasks.OPERATOR_SUCCESSES if succeeded else tasks.OPERATOR_FAILURES, operator, 1, attempt.end)
            self._ended(of_task, attempt)

        waiting_since = max(attempt.start - queued, run.start)
        yield Happening(waiting_since, waits)
        yield Happening(attempt.start, starts)
        yield Happening(attempt.end, ends)

    def _ended(self, of_task: Labels, attempt: Attempt) -> None:
        self._add(tasks.TI_FINISH, (*of_task, (STATE.name, _WORDS[attempt.state])), 1, attempt.end)

    def _set(self, metric: Metric, labels: Labels, value: float, at: float) -> None:
        self.target.set(_series(metric, labels), value, at)

    def _add(self, metric: Metric, labels: Labels, number: float, at: float) -> None:
        self.target.add(_series(metric, labels), number, at)

    def _observe(self, metric: Metric, labels: Labels, seconds: float, at: float) -> None:
        found = self.catalog.by_name[metric.name]
        timer = Timer(found, STATSD_EXPORTER, (_instance(), *labels), self.buckets, metric in _WITH_QUANTILES)
        self.target.observe(timer, seconds, at)


def _series(metric: Metric, labels: Labels) -> str:
    return series(metric, STATSD_EXPORTER, (_instance(), *labels))


def _instance() -> tuple[str, str]:
    return (INSTANCE.name, EXPORTER)


def _operator(task_id: str) -> str:
    return Random(task_id).choice(_OPERATORS)  # noqa: S311  (no secret is made)
