"""The recording rules: how each series of :mod:`dashgen.catalog.recorded` is made.

A ruler may give what it records more labels, of its cluster or tenant (vmalert, Thanos), which what
is scraped has not: so a record is matched with other series by the labels of ours alone.

Whoever reads a record must know when it is 0 and when it is absent: a number of things that
exist is 0 when none of them is in that state, and absent when nothing arrives at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen import durations
from dashgen.catalog.airflow import (
    DAG_RUN_START,
    DURATION_FACTOR,
    DURATION_FLOOR,
    TASK_DURATION,
    TASK_LAST_FAILURE,
    TASK_RUNNING_TOO_LONG,
    TASK_START,
    TASK_STATUS,
    TASK_TRY_NUMBER,
)
from dashgen.catalog.labels import INSTANCE, PER_RUN_JOBS, PUSHGATEWAY_SWEEPER, Attention, TaskState
from dashgen.catalog.pipeline import PUSH_FAILURE_TIME, PUSH_TIME
from dashgen.catalog.recorded import (
    DAG_DURATION_MAX,
    DAG_TASK_COUNT,
    DAG_TASK_RUNS,
    DAG_TASKS,
    GROUPS,
    INSTANCE_TASKS,
    LAST_PUSH,
    OLDEST_PER_RUN_PUSH,
    PER_RUN_GROUPS,
    PER_RUN_SERIES,
    REFUSED_GROUPS,
    TASK_ABOVE_USUAL,
    TASK_ATTENTION,
    TASK_MIDNIGHT_DURATION,
    TASK_PARTLY_FAILED,
    TASK_RETRYING,
    TASK_RUNNING_AGE,
    TASK_USUAL_DURATION,
)
from dashgen.catalog.terms import JOB_LABEL, Matcher
from dashgen.rules.model import Group, Record
from dashgen.rules.phrases import PER_DAG, PER_TASK, by, number, on, pushed_jobs, retrying_hold, through_gap
from dashgen.rules.recording_statsd import statsd_recording

if TYPE_CHECKING:
    from dashgen.settings import Settings

_MIDNIGHT_MINUTES = 10


def recording(settings: Settings) -> tuple[Group, ...]:
    """Define the recording rules."""
    return (
        Group("airflow_dag_totals", _dag_totals()),
        # It moves once a day: seldom, and yet within the 5 minutes for which Prometheus looks back.
        Group("airflow_task_usual", _usual(), interval="2m"),
        # A group of its own: Prometheus spreads the groups over the minute, and so these scans of the fleet.
        Group("airflow_task_retrying", (_retrying(settings),)),
        Group("airflow_task_attention", (_above_usual(settings), *_attention(settings))),
        Group("gateway_totals", _gateway_totals(settings)),
        *((Group("airflow_run_totals", _run_totals()),) if settings.per_run else ()),
        *(statsd_recording(settings) if settings.statsd.enabled else ()),
    )


def _dag_totals() -> tuple[Record, ...]:
    return (
        *(
            Record(metric, f"sum {by(*PER_DAG)} ({TASK_STATUS.fleet()} == bool {state})")
            for state, metric in DAG_TASKS.items()
        ),
        Record(DAG_TASK_COUNT, f"count {by(*PER_DAG)} ({TASK_STATUS.fleet()})"),
        *(
            Record(metric, f"sum {by(INSTANCE)} ({DAG_TASKS[state].select()})")
            for state, metric in INSTANCE_TASKS.items()
        ),
        Record(DAG_DURATION_MAX, f"max {by(*PER_DAG)} ({TASK_DURATION.fleet()})"),
    )


def _usual() -> tuple[Record, ...]:
    # To read a week of every sample of 20,000 tasks takes 24 s, of those of its midnights 1.5 s.
    midnight = f"hour() * 60 + minute() < {_MIDNIGHT_MINUTES}"
    return (
        Record(TASK_MIDNIGHT_DURATION, f"{TASK_DURATION.fleet()}\nand on () {midnight}"),
        Record(TASK_USUAL_DURATION, f"max_over_time({TASK_MIDNIGHT_DURATION.select()}[7d] offset 1h)"),
    )


def _above_usual(settings: Settings) -> Record:
    factor = number(settings.limit(DURATION_FACTOR))
    floor = number(settings.limit(DURATION_FLOOR))
    # A usual duration below one second counts as one: nothing is infinitely often longer.
    return Record(
        TASK_ABOVE_USUAL,
        f"({TASK_DURATION.fleet()} > {floor})\n"
        f"/ {on(*PER_TASK)} group_left () clamp_min({TASK_USUAL_DURATION.select()}, 1) > {factor}",
    )


def _attention(settings: Settings) -> tuple[Record, ...]:
    running = f"{TASK_STATUS.fleet()} == {TaskState.RUNNING}"
    limit = number(settings.limit(TASK_RUNNING_TOO_LONG))
    # The clocks of Airflow and Prometheus may differ: no failure lies in the future.
    partly_failed = (
        "clamp_min(\n"
        f"  time() - ({TASK_LAST_FAILURE.fleet()}\n"
        f"    >= {on(*PER_DAG)} group_left () {DAG_RUN_START.fleet()}),\n"
        "  0\n"
        ")\n"
        f"and {TASK_STATUS.fleet()} != {TaskState.FAILED}"
    )
    reasons = (
        (f"({TASK_STATUS.fleet()} == {TaskState.FAILED})", Attention.FAILED),
        (TASK_PARTLY_FAILED.select(), Attention.PARTLY_FAILED),
        (TASK_RUNNING_AGE.select(), Attention.RUNNING_TOO_LONG),
        (TASK_RETRYING.select(), Attention.RETRYING),
    )
    return (
        Record(TASK_PARTLY_FAILED, partly_failed),
        Record(TASK_RUNNING_AGE, f"time() - {TASK_START.fleet()} > {limit}\nand {running}"),
        Record(TASK_ATTENTION, f"\nor {on(*PER_TASK)}\n".join(f"0 * {expr} + {code}" for expr, code in reasons)),
    )


def _retrying(settings: Settings) -> Record:
    # An alert holds this for long: a gap must not end it. One attempt that takes long is no retrying:
    # half of the hold leaves it time for a wait before.
    attempt, state, start = (through_gap(metric.fleet()) for metric in (TASK_TRY_NUMBER, TASK_STATUS, TASK_START))
    longest = durations.parse(retrying_hold(settings)) // 2
    retrying = (
        f"{attempt}\n"
        f"and {state} == {TaskState.UP_FOR_RETRY}\n"
        "or\n"
        f"{attempt} > 1\n"
        f"and {state} == {TaskState.RUNNING}\n"
        f"and time() - {start} <= {longest}"
    )
    return Record(TASK_RETRYING, retrying)


def _gateway_totals(settings: Settings) -> tuple[Record, ...]:
    every_job = pushed_jobs(settings)
    pushed = PUSH_TIME.select(jobs=[job for job in every_job if job is not PUSHGATEWAY_SWEEPER])
    return (
        # 0 is a group whose every push was refused.
        Record(LAST_PUSH, f"max {by(INSTANCE)} ({pushed} != 0)"),
        Record(GROUPS, f"count {by(INSTANCE)} ({pushed})"),
        Record(
            REFUSED_GROUPS,
            f"sum {by(INSTANCE)} (\n"
            f"  {PUSH_FAILURE_TIME.select(jobs=every_job)}\n"
            f"  > bool {PUSH_TIME.select(jobs=every_job)}\n"
            ")",
        ),
        *(_per_run_totals() if settings.per_run else ()),
    )


def _per_run_totals() -> tuple[Record, ...]:
    pushed = PUSH_TIME.select(jobs=PER_RUN_JOBS)
    # Whatever its name: a metric of the user's own costs the same.
    any_series = Matcher(JOB_LABEL, "=~", "|".join(job.name for job in PER_RUN_JOBS))
    # A deployment that pushes and whose last run was swept has none, not no data.
    none = f"{on(INSTANCE)} 0 * {GROUPS}"
    return (
        Record(PER_RUN_GROUPS, f"count {by(INSTANCE)} ({pushed})\nor {none}"),
        Record(PER_RUN_SERIES, f"count {by(INSTANCE)} ({{{any_series}}})\nor {none}"),
        Record(OLDEST_PER_RUN_PUSH, f"min {by(INSTANCE)} ({pushed} != 0)"),
    )


def _run_totals() -> tuple[Record, ...]:
    return tuple(
        Record(metric, f"sum {by(*PER_DAG)} ({TASK_STATUS.per_run()} == bool {state})")
        for state, metric in DAG_TASK_RUNS.items()
    )
