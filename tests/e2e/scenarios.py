"""What happens in each DAG of dags/scenarios.py, and what the gateway must hold at each stage of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.e2e.play import RUN, Run, passed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.play import Steps

AIRFLOW_2 = "2.11.2"
AIRFLOW_3 = "3.3.2"
VERSIONS = (AIRFLOW_3, AIRFLOW_2)

INSTANCES = range(10)
FAILING = frozenset({2, 5, 8})
# More than one round of the scheduler takes, also on a busy machine.
SCHEDULER_LOOP_SECONDS = 4.0
SUCCEEDING = frozenset(INSTANCES) - FAILING


@dataclass(frozen=True)
class Scenario:
    """A DAG, the run that is started at first, and what then happens.

    ``alone`` keeps it out of the crowd: a task that leaves its slot and comes back before the scheduler
    has heard that it left is failed by Airflow 3, as it does when the scheduler is busy.
    """

    dag_id: str
    steps: Callable[[Run], Steps]
    run_id: str = RUN
    alone: bool = False
    versions: tuple[str, ...] = VERSIONS


def _success(run: Run) -> Steps:
    yield from run.shows_start("work")
    run.stage.deployment.open_gate("success")
    yield run.becomes("success")
    run.expected.tasks("task_success", *run.tasks())
    yield from run.shows_end("success")


def _at_once(run: Run) -> Steps:
    """Nothing to look at before the end."""
    yield run.becomes("success")
    for row in run.tasks():
        if row.state == "success":
            run.expected.tasks("task_success", row)
    yield from run.shows_end("success")


def _retry(run: Run) -> Steps:
    deployment = run.stage.deployment
    yield from run.shows_start("work")
    # The scheduler must not start the second attempt while the test looks at the end of the first.
    deployment.database.pause(run.dag_id, paused=True)
    deployment.open_gate("retry.1")
    yield run.reaches("work", "up_for_retry")
    run.expected.tasks("task_retry", *run.tasks())
    yield run.shown
    deployment.database.pause(run.dag_id, paused=False)
    yield from run.shows_start("work")
    deployment.open_gate("retry.2")
    yield run.becomes("success")
    run.expected.tasks("task_success", *run.tasks())
    yield from run.shows_end("success")


def _failure(run: Run) -> Steps:
    yield run.becomes("failed")
    run.expected.tasks("task_failed", *run.tasks("work"))
    yield from run.shows_end("failed")


def _mapped(run: Run, *, bad_first: bool) -> Steps:
    deployment, name = run.stage.deployment, run.dag_id.removeprefix("e2e.")
    bad = ("bad", "failed", "task_failed", FAILING)
    good = ("good", "success", "task_success", SUCCEEDING)
    yield from run.shows_start("hold", "work", of=INSTANCES)
    for kind, state, event, indices in (bad, good) if bad_first else (good, bad):
        deployment.open_gate(f"{name}.{kind}")
        yield run.reaches("work", state, of=indices)
        run.expected.tasks(event, *(row for row in run.tasks("work") if row.map_index in indices))
        yield run.shown
    yield from _let_end(run, "failed")


def _let_end(run: Run, state: str) -> Steps:
    """Let the task go on that keeps the run from its end."""
    run.stage.deployment.open_gate(f"{run.dag_id.removeprefix('e2e.')}.end")
    yield run.becomes(state)
    run.expected.tasks("task_success", *run.tasks("hold"))
    yield from run.shows_end(state)


def _bad_first(run: Run) -> Steps:
    return _mapped(run, bad_first=True)


def _bad_last(run: Run) -> Steps:
    return _mapped(run, bad_first=False)


def _race(run: Run) -> Steps:
    yield from run.shows_start("work", of=INSTANCES)
    run.stage.deployment.open_gate("race")
    yield run.becomes("failed")
    run.expected.tasks("task_failed", *run.tasks())
    yield from run.shows_end("failed")


def _skip(run: Run) -> Steps:
    deployment = run.stage.deployment
    yield from run.shows_start("hold", "work")
    deployment.open_gate("skip")
    yield run.reaches("work", "skipped")
    if deployment.version != AIRFLOW_2:  # which has no hook for it
        run.expected.tasks("task_skipped", *run.tasks("work"))
    yield run.shown
    yield from _let_end(run, "success")


def _deferred(run: Run) -> Steps:
    deployment = run.stage.deployment
    yield run.reaches("work", "deferred")
    run.expected.started(run.row)
    run.expected.tasks("task_running", *run.tasks())
    yield run.shown
    yield run.slot_free
    deployment.open_gate("deferred")
    yield from run.shows_start("work")
    deployment.open_gate("resumed")
    yield run.becomes("success")
    run.expected.tasks("task_success", *run.tasks())
    yield from run.shows_end("success")


def _sensor(run: Run) -> Steps:
    yield run.reaches("work", "up_for_reschedule")
    run.expected.started(run.row)

    def between_pokes() -> str:
        # Each poke has its own start.
        missing = run.reaches("work", "up_for_reschedule")()
        if not missing:
            run.expected.tasks("task_running", *run.tasks())
        return missing or run.shown()

    yield between_pokes
    run.stage.deployment.open_gate("sensor")
    yield run.becomes("success")
    run.expected.tasks("task_success", *run.tasks())
    yield from run.shows_end("success")


def _killed(run: Run) -> Steps:
    yield from run.shows_start("work")
    run.stage.deployment.open_gate("killed")
    yield run.becomes("failed")
    if run.stage.deployment.version == AIRFLOW_2:  # which calls the hook from another process
        run.expected.tasks("task_failed", *run.tasks())
    yield from run.shows_end("failed")


def _timeout(run: Run) -> Steps:
    yield from run.shows_start("work")
    yield from run.shows_end("failed")


def _stopped(run: Run) -> Steps:
    yield run.reaches("work", "running")
    # The scheduler, were it just looking at the run, would end it a second time, a moment later.
    run.stage.deployment.database.pause(run.dag_id, paused=True)
    yield from run.shows_start("work")
    yield passed(SCHEDULER_LOOP_SECONDS)
    run.stage.deployment.fail(run.dag_id, run.run_id)
    yield run.becomes("failed")
    run.expected.tasks("task_failed", *run.tasks("work"))
    yield from run.shows_end("failed")


def _overlap(first: Run) -> Steps:
    deployment = first.stage.deployment
    second = replace(first, run_id="second")
    yield from first.shows_start("work")
    deployment.trigger([(second.dag_id, second.run_id)])
    yield from second.shows_start("work")
    deployment.open_gate("overlap.second")
    yield second.becomes("success")
    second.expected.tasks("task_success", *second.tasks())
    yield from second.shows_end("success")
    deployment.open_gate("overlap.first")
    yield first.becomes("failed")
    # The task's latest event is the first run's; the DAG's latest run is still the second.
    first.expected.tasks("task_failed", *first.tasks())
    first.expected.overtaken(first.row, first.tasks())
    yield first.shown


SCENARIOS = (
    Scenario("e2e.timeout", _timeout),
    Scenario("e2e.deferred", _deferred, alone=True),
    Scenario("e2e.sensor", _sensor, alone=True),
    Scenario("e2e.overlap", _overlap, run_id="first"),
    Scenario("e2e.retry", _retry),
    Scenario("e2e.success", _success),
    Scenario("e2e.ünï", _at_once),
    Scenario("e2e.failure", _failure),
    Scenario("e2e.skip", _skip),
    Scenario("e2e.branch", _at_once),
    Scenario("e2e.group", _at_once),
    Scenario("e2e.killed", _killed),
    Scenario("e2e.stopped", _stopped, versions=(AIRFLOW_3,)),
    Scenario("e2e.bad_first", _bad_first),
    Scenario("e2e.bad_last", _bad_last),
    Scenario("e2e.race", _race),
)
DAGS = frozenset(scenario.dag_id for scenario in SCENARIOS)
