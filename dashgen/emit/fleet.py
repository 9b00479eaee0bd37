"""DAGs and what happens in their runs: a pure function of a seed and of the time.

Run ``k`` of a DAG starts ``k`` intervals after its offset, counted from 1970: the same fleet goes
on wherever it is looked at. Times are unix seconds in whole milliseconds, which survive the way
through ``datetime``.
"""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from dashgen.catalog.labels import TaskState
from dashgen.emit import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Timed(Protocol):
    """What happens at a time, in unix seconds."""

    @property
    def at(self) -> float:
        """When."""


Happening = TypeVar("Happening", bound=Timed)

# How often DAGs run, in seconds, and how many of ten do.
_INTERVALS = (300, 900, 3600, 6 * 3600, 24 * 3600)
_SHARES = (1, 2, 3, 1, 3)
# A run takes at most this part of its interval, or runs would pile up.
_MOST_OF_INTERVAL = 0.5
_WIDTH = 3
_USUAL_SECONDS, _SPREAD = 45.0, 1.0
_JITTER = 0.15
_RETRY_DELAY_SECONDS = 20.0
_ATTEMPTS_OF_A_FAILURE = 2
_MAPPED_DAGS, _INSTANCES = 5, 3
_BRANCHING_DAGS = 3
_PERCENT = 100.0
FIRST_ATTEMPT = 1
NOT_MAPPED = -1


@dataclass(frozen=True)
class Size:
    """How large the fleet is: ``tasks`` and per-run ``runs`` of each DAG; ``failing`` is the percentage of runs."""

    dags: int = 20
    tasks: int = 10
    runs: int = 3
    failing: float = 10.0
    seed: int = 1


class Task(NamedTuple):
    """A task: tasks of a later ``layer`` wait for all of the earlier ones; ``seconds`` is what it usually takes."""

    task_id: str
    layer: int
    seconds: float
    mapped: bool
    skippable: bool


class Attempt(NamedTuple):
    """One attempt of a task instance and how it ended; of an instance that never ran, when that was decided.

    ``number`` is 0 for one that never ran; the index is -1 for one that is not mapped, as Airflow has it.
    """

    task_id: str
    map_index: int
    number: int
    start: float
    end: float
    state: TaskState


class Run(NamedTuple):
    """A DAG run with all its attempts; ``later`` says that the next run started before its end."""

    dag_id: str
    run_id: str
    start: float
    end: float
    attempts: tuple[Attempt, ...]
    failed: bool
    later: bool


@dataclass(frozen=True)
class Dag:
    """One DAG of a fleet."""

    size: Size
    number: int

    @property
    def dag_id(self) -> str:
        """Its name."""
        return names.dag(self.number)

    @cached_property
    def interval(self) -> int:
        """The seconds from one run to the next."""
        return self._random("interval").choices(_INTERVALS, _SHARES)[0]

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """Its tasks in the order of their layers."""
        chance = self._random("tasks")
        seconds = [chance.lognormvariate(math.log(_USUAL_SECONDS), _SPREAD) for _ in range(self.size.tasks)]
        layers = [seconds[begin : begin + _WIDTH] for begin in range(0, len(seconds), _WIDTH)]
        most = self.interval * _MOST_OF_INTERVAL * chance.uniform(0.2, 1)
        shrink = min(1.0, most / sum(map(max, layers)))
        mapped = 1 if self.number % _MAPPED_DAGS == 0 else None
        skippable = self.size.tasks - 1 if self.number % _BRANCHING_DAGS == 0 and self.size.tasks > _WIDTH else None
        return tuple(
            Task(names.task(index), index // _WIDTH, each * shrink, index == mapped, index == skippable)
            for index, each in enumerate(seconds)
        )

    def latest(self, now: float) -> int:
        """Return the number of the latest run that has started by ``now``."""
        return math.floor((now - self._offset) / self.interval)

    def start(self, run: int) -> float:
        """Return when a run starts."""
        return round(self._offset + run * self.interval, 3)

    def after(self, now: float, of_run: Callable[[int], Iterable[Happening]]) -> Iterator[Happening]:
        """Yield what happens in its runs after ``now``, without an end and in order; ``of_run`` tells it of one."""
        waiting: list[Happening] = []
        # The run before the latest may still be running.
        for run in itertools.count(self.latest(now) - 1):
            start = self.start(run)
            yield from (each for each in waiting if each.at < start)
            waiting = [each for each in waiting if each.at >= start]
            waiting += [each for each in of_run(run) if each.at > now]
            waiting.sort(key=lambda each: each.at)

    def run(self, run: int, run_id: str) -> Run:
        """Return what happens in a run."""
        chance, start = self._random(f"run {run}"), self.start(run)
        fails = chance.random() * _PERCENT < self.size.failing
        failing = chance.choice(self.tasks).task_id if fails else ""
        attempts: list[Attempt] = []
        blocked, end = False, start
        for layer in range(self.tasks[-1].layer + 1):
            here = [
                attempt
                for task in self.tasks
                if task.layer == layer
                for attempt in self._attempts(task, end, chance, fails=task.task_id == failing, blocked=blocked)
            ]
            blocked = blocked or any(attempt.state is TaskState.FAILED for attempt in here)
            end = max(attempt.end for attempt in here)
            attempts += here
        return Run(self.dag_id, run_id, start, end, tuple(attempts), blocked, self.start(run + 1) <= end)

    def _attempts(
        self, task: Task, begin: float, chance: random.Random, *, fails: bool, blocked: bool
    ) -> Iterator[Attempt]:
        """Yield the attempts of all instances of a task in one run."""
        never = TaskState.UPSTREAM_FAILED if blocked else TaskState.SKIPPED
        if blocked or (task.skippable and not fails and chance.random() < 1 / 2):
            yield Attempt(task.task_id, NOT_MAPPED, 0, begin, begin, never)
            return
        indexes = range(_INSTANCES) if task.mapped else (NOT_MAPPED,)
        for index in indexes:
            lost = fails and index == indexes[-1]
            retried = lost or chance.random() * _PERCENT * 2 < self.size.failing
            start = round(begin + chance.uniform(1, 3), 3)
            for number in range(FIRST_ATTEMPT, FIRST_ATTEMPT + (_ATTEMPTS_OF_A_FAILURE if retried else 1)):
                end = round(start + task.seconds * chance.lognormvariate(0, _JITTER), 3)
                if retried and number < _ATTEMPTS_OF_A_FAILURE:
                    state = TaskState.UP_FOR_RETRY
                else:
                    state = TaskState.FAILED if lost else TaskState.SUCCESS
                yield Attempt(task.task_id, index, number, start, end, state)
                start = round(end + min(_RETRY_DELAY_SECONDS, task.seconds), 3)

    @cached_property
    def _offset(self) -> float:
        return round(self._random("offset").uniform(0, self.interval), 3)

    def _random(self, of: str) -> random.Random:
        # By a text: hashing one needs no hash seed, and neighbours share nothing.
        return random.Random(f"{self.size.seed} {self.number} {of}")  # noqa: S311  (no secret is made)


def dags(size: Size) -> tuple[Dag, ...]:
    """Return the DAGs of a fleet."""
    return tuple(Dag(size, number) for number in range(size.dags))
