"""What the plugin pushes when something happens in the fleet, by the plugin's own code.

Events, groups and values are :mod:`dashgen_plugin.events`' and :mod:`dashgen_plugin.reconciliation`'s:
here is only what Airflow would have told them, and when.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from dashgen.catalog import airflow
from dashgen.catalog.labels import TASK_JOBS, DagRunState, TaskState
from dashgen.catalog.model import FLEET, PER_RUN
from dashgen.catalog.own import why_not_reported
from dashgen.catalog.terms import Unit
from dashgen.emit.fleet import dags
from dashgen_plugin import events, reconciliation
from dashgen_plugin import facts as reading
from dashgen_plugin.events import Push
from dashgen_plugin.facts import RunFacts, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from dashgen.catalog.model import Catalog, Event, Generation, Job, Metric
    from dashgen.emit.fleet import Attempt, Dag, Run, Size
    from dashgen_plugin.events import Labels

# What the fleet remembers of the past, such as the last success of a task that fails now.
_REMEMBERED_RUNS = 3
_ENDS: Mapping[TaskState, Event] = {
    TaskState.SUCCESS: airflow.ON_TASK_SUCCESS,
    TaskState.FAILED: airflow.ON_TASK_FAILED,
    TaskState.UP_FOR_RETRY: airflow.ON_TASK_RETRY,
}
# Of Airflow's words that mean the same state, the first.
_WORDS = {state: word for word, state in reversed(reading.TASK_STATES.items())}
_USUAL_NUMBER = 1000.0


class Moment(NamedTuple):
    """Something that happens at a time (unix seconds), in these generations, and what the plugin pushes then."""

    at: float
    generations: tuple[Generation, ...]
    pushes: Callable[[Iterable[Generation], str], Iterable[Push]]


@dataclass(frozen=True)
class World:
    """A fleet under the name of an Airflow deployment, and the user's metrics that its tasks report."""

    size: Size
    instance: str
    own: tuple[Metric, ...] = ()

    def groups(self, now: float) -> Iterator[list[Push]]:
        """Yield, for each DAG, its groups as all events until ``now`` (unix seconds) leave them."""
        for dag in dags(self.size):
            latest = dag.latest(now)
            first = latest - max(self.size.runs, _REMEMBERED_RUNS) + 1
            moments = [
                moment
                for run in range(first, latest + 1)
                for moment in self._moments(dag, run, told=run > latest - self.size.runs)
                if moment.at <= now
            ]
            yield self.merged(sorted(moments, key=_at))

    def after(self, now: float) -> Iterator[Moment]:
        """Yield all that happens after ``now`` (unix seconds), without an end and in order."""
        return heapq.merge(
            *(dag.after(now, partial(self._moments, dag, told=True)) for dag in dags(self.size)), key=_at
        )

    def story(self, begins: Callable[[Dag], float], until: float) -> Iterator[Moment]:
        """Yield all that happens in each DAG after a time of its own, without an end and in order.

        Of the runs before ``until``, only the latest have groups of their own.
        """

        def of_run(dag: Dag, run: int) -> Iterator[Moment]:
            return self._moments(dag, run, told=run > dag.latest(until) - self.size.runs)

        return heapq.merge(*(dag.after(begins(dag), partial(of_run, dag)) for dag in dags(self.size)), key=_at)

    def merged(self, moments: Iterable[Moment]) -> list[Push]:
        """Return the groups that these moments, in order, leave: what a push does not set, stays."""
        found: dict[tuple[Job, Labels], Push] = {}
        for moment in moments:
            for push in moment.pushes(moment.generations, self.instance):
                found.setdefault((push.job, push.labels), push._replace(values={})).values.update(push.values)
        return list(found.values())

    def _moments(self, dag: Dag, number: int, *, told: bool) -> Iterator[Moment]:
        """Yield what happens in a run, in no order; ``told`` says whether the run has groups of its own."""
        generations = (FLEET, PER_RUN) if told and self.size.runs else (FLEET,)
        run = dag.run(number, f"scheduled__{_date(dag.start(number)).isoformat()}")
        started = RunFacts(run.dag_id, run.run_id, DagRunState.RUNNING, run.start, None)
        yield Moment(run.start, generations, partial(events.pushes, airflow.ON_RUN_RUNNING, started))
        for attempt in run.attempts:
            if attempt.number:
                yield from self._of_attempt(run, attempt, generations)
        event, state = (
            (airflow.ON_RUN_FAILED, DagRunState.FAILED) if run.failed else (airflow.ON_RUN_SUCCESS, DagRunState.SUCCESS)
        )
        ended = started._replace(state=state, end=run.end)
        yield Moment(run.end, generations, partial(reconciliation.pushes, _rows(run), event, ended))

    def _of_attempt(self, run: Run, attempt: Attempt, generations: tuple[Generation, ...]) -> Iterator[Moment]:
        started = TaskFacts(
            run.dag_id,
            attempt.task_id,
            run.run_id,
            reading.mapped(attempt.map_index),
            TaskState.RUNNING,
            attempt.number,
            attempt.start,
            None,
        )
        yield Moment(attempt.start, generations, partial(events.pushes, airflow.ON_TASK_RUNNING, started))
        ended = started._replace(state=attempt.state, end=attempt.end)
        yield Moment(attempt.end, generations, partial(events.pushes, _ENDS[attempt.state], ended))
        if self.own and attempt.state is TaskState.SUCCESS:
            yield Moment(attempt.end, generations, partial(self._reported, ended))

    def _reported(self, task: TaskFacts, generations: Iterable[Generation], instance: str) -> Iterator[Push]:
        """Yield what the task reports itself, in its own group."""
        chosen = tuple(generations)
        for job in TASK_JOBS:
            values = {metric: _value(metric, task) for metric in self.own if job in metric.jobs}
            labels = events.group(job, task, instance)
            if values and labels is not None and job.generation in chosen:
                yield Push(job, labels, values)


def reported(catalog: Catalog) -> tuple[Metric, ...]:
    """Return the user's metrics that a task can report."""
    return tuple(metric for metric in catalog if not why_not_reported(metric))


def _rows(run: Run) -> reconciliation.Rows:
    """Return the task instances of a run that ended as Airflow's database has them: the last attempt of each."""
    last = {(attempt.task_id, attempt.map_index): attempt for attempt in run.attempts}
    rows = [
        (
            attempt.task_id,
            _WORDS[attempt.state],
            attempt.number,
            _date(attempt.start),
            _date(attempt.end),
            run.later,
            1,
            _date(attempt.end),
            attempt.map_index,
        )
        for attempt in last.values()
    ]
    return reconciliation.Rows(rows, each=True)


def _value(metric: Metric, task: TaskFacts) -> float:
    """Return a believable value of a user's metric, by its codes or its unit."""
    chance = Random(f"{metric.name} {task.dag_id} {task.task_id} {task.run_id} {task.map_index}")  # noqa: S311  (no secret)
    if metric.codes is not None:
        return chance.choice(list(metric.codes))
    if metric.unit is Unit.TIMESTAMP:
        return task.end or 0.0
    if metric.unit is Unit.RATIO:
        return chance.random()
    number = chance.lognormvariate(math.log(_USUAL_NUMBER), 1)
    return number if metric.unit is Unit.SECONDS else math.floor(number)


def _date(at: float) -> datetime:
    return datetime.fromtimestamp(at, tz=timezone.utc)


def _at(moment: Moment) -> float:
    return moment.at
