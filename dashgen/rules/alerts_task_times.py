"""Alerts on how long a task takes: running, retrying, slower than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.catalog.airflow import (
    DURATION_FACTOR,
    DURATION_FLOOR,
    TASK_DURATION,
    TASK_RUNNING_TOO_LONG,
    TASK_START,
    TASK_STATUS,
    TASK_TRY_NUMBER,
)
from dashgen.catalog.labels import AIRFLOW_TASKS, DAG_ID
from dashgen.catalog.recorded import (
    TASK_ABOVE_USUAL,
    TASK_RETRYING,
    TASK_RUNNING_AGE,
    TASK_USUAL_DURATION,
)
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import (
    GAP,
    INFO,
    LOAD,
    NAMED_TASK,
    ONE_TASK,
    PER_TASK,
    RETRYING,
    RETRYING_HOLD,
    WARNING,
    WHERE,
    gone,
    labels_of,
    number,
    retrying_hold,
)

if TYPE_CHECKING:
    from dashgen.settings import Settings

_LOAD = labels_of(AIRFLOW_TASKS, *LOAD)

_STATUS, _START, _DURATION, _TRY = (
    metric.fleet(*LOAD) for metric in (TASK_STATUS, TASK_START, TASK_DURATION, TASK_TRY_NUMBER)
)


def task_time_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on the tasks' times."""
    return (
        _running_too_long(settings.limit(TASK_RUNNING_TOO_LONG)),
        _retrying_too_long(durations.parse(retrying_hold(settings))),
        _slow(settings.limit(DURATION_FACTOR), settings.limit(DURATION_FLOOR)),
    )


def _running_too_long(limit: float) -> Alert:
    at_the_limit = f"{number(-limit)}x1"
    return Alert(
        "AirflowTaskRunningTooLong",
        expr=f"{TASK_RUNNING_AGE.select()} > {number(limit)}",
        keep_firing_for=GAP,
        severity=WARNING,
        owner=TASK_START.owner,
        summary=f"Task {NAMED_TASK} runs too long",
        description=(
            f"The attempt of task {NAMED_TASK} {WHERE} started "
            "{{ $value | humanizeDuration }} ago and has not ended."
        ),
        panel="v3/attention",
        about=PER_TASK,
        runbook=Runbook(
            "task-running-too-long",
            "A task runs too long",
            meaning=(
                "The latest attempt started longer ago than the limit and no end has arrived. This "
                "alert is blind for sensors that reschedule, whose start is that of the last poke, "
                "and for mapped tasks, which show the instance that reported last: the alert on "
                "the DAG run's running time covers both."
            ),
            impact="It holds a worker slot, and all that follows it waits.",
            diagnosis=(
                "1. Open the task instance in Airflow: is it still running there?\n"
                "2. Running, and its log grows: it is slow. Compare with its usual duration.\n\n"
                f"   `{TASK_USUAL_DURATION.select(*ONE_TASK)}`\n"
                "3. Running, and its log stands still: it waits for something (a lock, a remote "
                "job, a full pool). Look there.\n"
                "4. Ended in Airflow: its process was killed before it could report, and the end of "
                "its run will correct the state."
            ),
            mitigation=(
                "If it hangs, mark it as failed in Airflow (the process is ended) and clear it. Give "
                "it an `execution_timeout`, so that Airflow does this by itself. If this is its "
                f"normal running time, raise the threshold `{TASK_RUNNING_TOO_LONG.name}`."
                f"{gone('task', AIRFLOW_TASKS)}"
            ),
        ),
        cases=(
            Case(
                "a task that runs for longer than the limit fires",
                {_STATUS: "0x1", _START: at_the_limit},
                fires=(Firing(_LOAD, limit + 60, grows=True),),
            ),
            Case("a task that ended is silent", {_STATUS: "1x1", _START: at_the_limit}),
            Case("a task that waits for its retry is silent", {_STATUS: "2x1", _START: at_the_limit}),
        ),
    )


def _retrying_too_long(hold: int) -> Alert:
    quarter = max(1, hold // 4)
    return Alert(
        RETRYING,
        expr=f"{TASK_RETRYING.select()} >= 1",
        hold=RETRYING_HOLD,
        severity=WARNING,
        owner=TASK_TRY_NUMBER.owner,
        summary=f"Task {NAMED_TASK} is retried again and again",
        description=(
            f"Task {NAMED_TASK} {WHERE} has been in repeated attempts without a success; "
            "the latest is attempt {{ $value | humanize }}."
        ),
        panel="v3/attention",
        about=PER_TASK,
        runbook=Runbook(
            "task-retrying-too-long",
            "A task is retried for too long",
            meaning=(
                "The task has waited for its next attempt, or been in one, for as long as the alert's "
                "hold, and has neither succeeded nor failed for good. An attempt that has run for "
                "longer than half of the hold no longer counts: that is a long task, and the alert on "
                "running times watches it. A task that was cleared by hand counts as a repeated "
                "attempt: Airflow gives it the next one's number."
            ),
            impact="The run is late and may fail in the end; each attempt costs a worker slot.",
            diagnosis=(
                "1. Open the task instance in Airflow and compare the logs of its attempts: the same "
                "error each time is no passing fault.\n"
                "2. See how many are in the same state:\n\n"
                f"   `count by ({DAG_ID}) ({TASK_RETRYING.select()})`\n"
                "3. Look at `retries`, `retry_delay` and exponential backoff of the task: the next "
                "attempt may be hours away."
            ),
            mitigation=(
                "Mend what the log names; clear the task to start at once instead of at the next "
                "retry. If it can't succeed, mark it as failed and tell those who wait for it."
                f"{gone('task', AIRFLOW_TASKS)}"
            ),
        ),
        cases=(
            Case(
                "a task that waits for its next attempt fires",
                {_STATUS: "1 2", _TRY: "1 1"},
                fires=(Firing(_LOAD, 1),),
            ),
            Case(
                "attempts that start again and again fire",
                {_STATUS: "1 0", _TRY: "1 2", _START: "0+60x1"},
                fires=(Firing(_LOAD, 2),),
            ),
            Case(
                "a missed scrape does not begin the hold anew",
                {_STATUS: "2 stale 2", _TRY: "1 stale 1"},
                at="0m",
                fires=(Firing(_LOAD, 1),),
            ),
            Case(
                "a missed scrape while an attempt runs does not begin the hold anew",
                {_STATUS: "0 stale 0", _TRY: "2 stale 2", _START: "60 stale 120+60x0"},
                at="0m",
                fires=(Firing(_LOAD, 2),),
            ),
            Case(
                "a second attempt that takes long after a short wait is silent",
                {_STATUS: "2 0x3", _TRY: "1 2x3", _START: f"_ {quarter}x3"},
                at=durations.text(4 * quarter),
                interval=durations.text(quarter),
            ),
            Case("a first attempt that runs is silent", {_STATUS: "1 0", _TRY: "1 1", _START: "0+60x1"}),
            Case("a retry that succeeded in time is silent", {_STATUS: "2 1", _TRY: "1 2"}),
        ),
    )


def _slow(factor: float, floor: float) -> Alert:
    # At 01:01 the usual is the duration that stood at midnight.
    usual = floor
    border, above = factor * usual, factor * usual + 1

    def taking(before: float, after: float) -> dict[str, str]:
        return {_DURATION: f"{number(before)}x60 {number(after)}"}

    return Alert(
        "AirflowTaskSlow",
        expr=f"{TASK_ABOVE_USUAL.select()} > {number(factor)}",
        keep_firing_for=GAP,
        severity=INFO,
        owner=TASK_DURATION.owner,
        summary=f"Task {NAMED_TASK} was much slower than usual",
        description=(
            f"The last attempt of task {NAMED_TASK} {WHERE} took {{{{ $value | humanize }}}} times its usual duration."
        ),
        panel="v3/above-usual",
        about=PER_TASK,
        runbook=Runbook(
            "task-slow",
            "A task is much slower than usual",
            meaning=(
                f"The last finished attempt took more than {number(factor)} times the task's usual "
                f"duration and more than {number(floor)} seconds. Usual is the longest of the "
                "durations that stood at the last seven midnights (UTC), the last hour left out. "
                "The alert ends with the next attempt of normal length, or at the latest when this "
                "duration has stood at a midnight itself."
            ),
            impact="The run is late. The next one may be later: slowness often grows before it fails.",
            diagnosis=(
                "1. Compare now and usual:\n\n"
                f"   `{TASK_DURATION.fleet(*ONE_TASK)}` and "
                f"`{TASK_USUAL_DURATION.select(*ONE_TASK)}`\n"
                "2. Are other tasks slow at the same time? Then it is the machine, the database or "
                "the network:\n\n"
                f"   `count by ({DAG_ID}) ({TASK_ABOVE_USUAL.select()})`\n"
                "3. It alone: did its input grow, or a query plan change? Its log tells how much it "
                "read."
            ),
            mitigation=(
                "Nothing is broken yet. Plan the work before the duration reaches the schedule's "
                f"interval. The thresholds are `{DURATION_FACTOR.name}` and `{DURATION_FLOOR.name}`."
            ),
        ),
        cases=(
            Case(
                "a duration above the factor fires",
                taking(usual, above),
                at="1h1m",
                fires=(Firing(_LOAD, above / usual),),
            ),
            Case("a duration of exactly the factor is silent", taking(usual, border), at="1h1m"),
            Case("a duration of the floor is silent", taking(floor / factor / 2, floor), at="1h1m"),
            Case("a task without a usual duration is silent", {_DURATION: f"_x61 {number(above)}"}, at="1h1m"),
        ),
    )
