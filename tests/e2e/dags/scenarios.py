# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
# Airflow is not installed where the types are checked.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
"""DAGs that end in every way that a task or a run can end; unchanged on Airflow 2.11 and 3.

A task that has to be looked at while it runs waits for a gate: a file that the test makes.
The names are those of tests/e2e/scenarios.py.
"""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

try:
    from airflow.providers.standard.triggers.file import FileTrigger
    from airflow.sdk import BaseOperator, dag, task, task_group
    from airflow.sdk.exceptions import AirflowSkipException
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task, task_group
    from airflow.exceptions import AirflowSkipException
    from airflow.models.baseoperator import BaseOperator
    from airflow.triggers.file import FileTrigger

GATES = Path(os.environ["E2E_GATES"])
GATE_SECONDS = 180
INSTANCES = range(10)
FAILING = (2, 5, 8)

always = {"start_date": datetime(2026, 1, 1, tzinfo=timezone.utc), "catchup": False}


def wait_for(gate: str) -> None:
    """Return when the test opens the gate.

    Raises:
        TimeoutError: it does not.

    """
    deadline = time.monotonic() + GATE_SECONDS
    while not (GATES / gate).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(gate)
        time.sleep(0.02)


@task
def hold(gate: str) -> None:
    """Keep the run from its end, and so from being reconciled."""
    wait_for(gate)


@dag("e2e.success", schedule=None, **always)
def success() -> None:
    """Run a task that succeeds."""

    @task
    def work() -> None:
        wait_for("success")

    work()


@dag("e2e.ünï", schedule=None, **always)
def names() -> None:
    """Run tasks whose names are harder than most."""

    @task(task_id="tâche.α-1")
    def work() -> None:
        pass

    work()


@dag("e2e.retry", schedule=None, **always)
def retry() -> None:
    """Fail, and succeed at the second attempt."""

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def work(ti: Any = None) -> None:  # noqa: ANN401  (each version of Airflow has its own type)
        wait_for(f"retry.{ti.try_number}")
        if ti.try_number == 1:
            raise ValueError("the first attempt fails")

    work()


@dag("e2e.failure", schedule=None, **always)
def failure() -> None:
    """Fail, and so keep another task from running."""

    @task
    def work() -> None:
        raise ValueError("fails for good")

    @task
    def after() -> None:
        pass

    work() >> after()


def mapped(name: str) -> None:
    """Make a DAG with a mapped task: three instances fail; each kind waits for its gate."""

    @dag(f"e2e.{name}", schedule=None, **always)
    def made() -> None:
        @task
        def work(index: int) -> None:
            kind = "bad" if index in FAILING else "good"
            wait_for(f"{name}.{kind}")
            if kind == "bad":
                raise ValueError(f"instance {index} fails")

        work.expand(index=list(INSTANCES))
        hold(f"{name}.end")

    made()


@dag("e2e.race", schedule=None, **always)
def race() -> None:
    """Fail in all instances at the same moment."""

    @task
    def work(index: int) -> None:
        wait_for("race")
        raise ValueError(f"instance {index} fails")

    work.expand(index=list(INSTANCES))


@dag("e2e.skip", schedule=None, **always)
def skip() -> None:
    """Skip itself, and so another task by the scheduler."""

    @task
    def work() -> None:
        wait_for("skip")
        raise AirflowSkipException("nothing to do")

    @task
    def after() -> None:
        pass

    work() >> after()
    hold("skip.end")


@dag("e2e.branch", schedule=None, **always)
def branch() -> None:
    """Run one of two tasks."""

    @task.branch
    def choose() -> str:
        return "left"

    @task
    def left() -> None:
        pass

    @task
    def right() -> None:
        pass

    choose() >> [left(), right()]


@dag("e2e.group", schedule=None, **always)
def group() -> None:
    """Run a task in a group."""

    @task_group(group_id="grp")
    def grouped() -> None:
        @task
        def inner() -> None:
            pass

        inner()

    grouped()


class Deferred(BaseOperator):
    """Wait for a gate in the triggerer."""

    def execute(self, context: object) -> None:  # noqa: ARG002  (Airflow's signature)
        """Defer."""
        self.defer(trigger=FileTrigger(filepath=str(GATES / "deferred"), poke_interval=0.2), method_name="resume")

    def resume(self, context: object, event: object = None) -> None:  # noqa: ARG002  (Airflow's signature)
        """Wait once more, in a slot again."""
        wait_for("resumed")


@dag("e2e.deferred", schedule=None, **always)
def deferred() -> None:
    """Wait without a slot."""
    Deferred(task_id="work")


@dag("e2e.sensor", schedule=None, **always)
def sensor() -> None:
    """Poke, leave the slot, poke again."""

    @task.sensor(mode="reschedule", poke_interval=3, timeout=GATE_SECONDS)
    def work() -> bool:
        return (GATES / "sensor").exists()

    work()


@dag("e2e.killed", schedule=None, **always)
def killed() -> None:
    """Die without a word."""

    @task
    def work() -> None:
        wait_for("killed")
        os.kill(os.getpid(), signal.SIGKILL)

    work()


@dag("e2e.timeout", dagrun_timeout=timedelta(seconds=25), schedule=None, **always)
def timeout() -> None:
    """Run longer than the run may."""

    @task
    def work() -> None:
        wait_for("never")

    work()


@dag("e2e.stopped", schedule=None, **always)
def stopped() -> None:
    """Run until somebody marks the run failed."""

    @task
    def work() -> None:
        wait_for("never")

    work()


@dag("e2e.overlap", schedule=None, **always)
def overlap() -> None:
    """Run twice at the same time: the first run fails after the second has succeeded."""

    @task
    def work(run_id: str | None = None) -> None:
        wait_for(f"overlap.{run_id}")
        if run_id == "first":
            raise ValueError("the first run fails")

    work()


success()
names()
retry()
failure()
mapped("bad_first")
mapped("bad_last")
race()
skip()
branch()
group()
deferred()
sensor()
killed()
timeout()
stopped()
overlap()
