"""Many scenarios in one deployment at the same time: each goes on when what it waits for is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e import gateway_state
from tests.e2e.airflow import AirflowError
from tests.environments import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.e2e.airflow import Deployment
    from tests.e2e.expected import Expected
    from tests.e2e.gateway_state import State
    from tests.e2e.rows import Row, Rows
    from tests.servers import Pushgateway

STEP_SECONDS = 120.0
LOOK_SECONDS = 0.1
RUN = "run"

Condition = Callable[[], str]
"""What a step waits for: says what is still missing, and nothing when it is there."""
Steps = Generator[Condition, None, None]


@dataclass
class Stage:
    """The deployment, and what was last seen of it."""

    deployment: Deployment
    gateway: Pushgateway
    rows: Rows
    state: State

    def look(self) -> None:
        """See the gateway, and then the database."""
        self.state = gateway_state.read(self.gateway)
        self.rows = self.deployment.database.rows()


@dataclass
class Run:
    """One run of a DAG on the stage, with what the gateway must hold of its DAG."""

    stage: Stage
    dag_id: str
    expected: Expected
    run_id: str = RUN

    @property
    def row(self) -> Row:
        """The run's row."""
        row = self.stage.rows.run(self.dag_id, self.run_id)
        assert row is not None, f"{self.dag_id} has no run {self.run_id}"
        return row

    def tasks(self, task_id: str | None = None) -> list[Row]:
        """Return the instances of a task, or of all."""
        return self.stage.rows.of(self.dag_id, self.run_id, task_id)

    def reaches(self, task_id: str, state: str, *, of: Iterable[int] = (-1,)) -> Condition:
        """Wait until instances of a task are in a state."""
        indices = set(of)

        def missing() -> str:
            found = {row.map_index: row.state for row in self.tasks(task_id) if row.map_index in indices}
            done = found.keys() == indices and set(found.values()) == {state}
            return "" if done else f"{self.dag_id} {self.run_id} {task_id} is {found}, not {state}"

        return missing

    def becomes(self, state: str) -> Condition:
        """Wait until the run is in a state."""

        def missing() -> str:
            row = self.stage.rows.run(self.dag_id, self.run_id)
            found = row.state if row else None
            return "" if found == state else f"{self.dag_id} {self.run_id} is {found}, not {state}"

        return missing

    def shown(self) -> str:
        """Wait until the gateway holds exactly what it must."""
        return self.expected.difference(self.stage.state)

    def slot_free(self) -> str:
        """Wait until the scheduler has heard that a task of this DAG has left its slot."""
        heard = any(
            "xecutor event" in line and self.dag_id in line for line in self.stage.deployment.words("scheduler")
        )
        return "" if heard else f"the scheduler has not heard of a task of {self.dag_id}"

    def shows_start(self, *task_ids: str, of: Iterable[int] = (-1,)) -> Steps:
        """Wait until the run and tasks run, and the gateway says so; ``of`` are the instances of the last."""
        for task_id in task_ids:
            yield self.reaches(task_id, "running", of=of if task_id == task_ids[-1] else (-1,))
        self.expected.started(self.row)
        for task_id in task_ids:
            self.expected.tasks("task_running", *self.tasks(task_id))
        yield self.shown

    def shows_end(self, state: str) -> Steps:
        """Wait until the run has ended in a state, and the gateway says so of it and its tasks."""
        yield self.becomes(state)
        self.expected.ended(self.row, self.tasks())
        yield self.shown


def passed(seconds: float) -> Condition:
    """Wait for a time."""
    end = time.monotonic() + seconds

    def missing() -> str:
        return "" if time.monotonic() >= end else f"{seconds} s have not passed"

    return missing


@dataclass(frozen=True)
class Outcome:
    """How a scenario went: what was missing where it stopped."""

    missing: str
    expected: Expected


def perform(stage: Stage, plays: Mapping[str, tuple[Run, Steps]]) -> dict[str, Outcome]:
    """Go through the scenarios together; those that wait in vain end, the others go on."""
    outcomes: dict[str, Outcome] = {}
    waiting: dict[str, tuple[Condition, float]] = {name: (lambda: "", 0.0) for name in plays}
    while waiting:
        stage.look()
        for name, (condition, deadline) in list(waiting.items()):
            run, steps = plays[name]
            missing = condition()
            if missing and time.monotonic() < deadline:
                continue
            following = None
            if not missing:
                try:
                    following = next(steps, None)
                except (AssertionError, AirflowError, CommandError) as error:
                    missing = repr(error)
            if following is None:
                outcomes[name] = Outcome(missing, run.expected)
                del waiting[name]
            else:
                waiting[name] = (following, time.monotonic() + STEP_SECONDS)
        time.sleep(LOOK_SECONDS)
    return outcomes
