"""Alerts on room to run, as Airflow tells of it over StatsD: pools and executors."""

from __future__ import annotations

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.capacity import (
    EXECUTOR_OPEN_SLOTS,
    EXECUTOR_QUEUED_TASKS,
    EXECUTOR_RUNNING_TASKS,
    POOL_DEFERRED_SLOTS,
    POOL_OPEN_SLOTS,
    POOL_QUEUED_SLOTS,
    POOL_RUNNING_SLOTS,
    POOL_SCHEDULED_SLOTS,
    POOL_STARVING_TASKS,
)
from dashgen.catalog.statsd.labels import EXECUTOR_CLASS_NAME, NAME, POOL_NAME
from dashgen.catalog.statsd.scheduler import SCHEDULER_TASKS_STARVING
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import GAP, WARNING, by, labels_of, on
from dashgen.rules.phrases_statsd import BEATS, EXPORTER_TARGET, LASTING, unless_stopped

_POOL = (INSTANCE, POOL_NAME)
_EXECUTOR = (INSTANCE, EXECUTOR_CLASS_NAME, NAME)

_ETL = (*EXPORTER_TARGET, POOL_NAME.is_("etl"))
_OPEN, _SCHEDULED, _STARVING = (
    metric.select(*_ETL) for metric in (POOL_OPEN_SLOTS, POOL_SCHEDULED_SLOTS, POOL_STARVING_TASKS)
)
_STARVING_AT_ALL = SCHEDULER_TASKS_STARVING.select(*EXPORTER_TARGET)
_CELERY = (*EXPORTER_TARGET, EXECUTOR_CLASS_NAME.is_("CeleryExecutor"))
_SLOTS, _QUEUED = (metric.select(*_CELERY) for metric in (EXECUTOR_OPEN_SLOTS, EXECUTOR_QUEUED_TASKS))
# The notation of promtool's series can't repeat +Inf; the sum of these is it.
_INFINITE = "1e308+1e308x1"


def capacity_alerts() -> tuple[Alert, ...]:
    """Define the alerts on pools and executors."""
    return (_pool_starving(), _executor_full())


def _usually(selector: str) -> str:
    # A full pool or executor has a free slot for a moment whenever a task ends.
    return f"quantile_over_time(0.5, {selector}[{GAP}])"


def _always(selector: str) -> str:
    return f"min_over_time({selector}[{GAP}])"


def _pool_starving() -> Alert:
    # Airflow counts who starves in pools with an open slot alone, and a pool that starved once keeps that
    # number: the total of all pools is 0 when none does. Open slots are below 0 where a pool was made
    # smaller than what it runs, and +Inf where it has no limit (airflow/models/pool.py).
    return Alert(
        "AirflowPoolStarving",
        expr=(
            f"max {by(*_POOL)} ({_always(POOL_SCHEDULED_SLOTS.select())}) > 0\n"
            f"and {on(*_POOL)} (\n"
            f"  {_usually(POOL_OPEN_SLOTS.select())} <= 0\n"
            f"  or {_always(POOL_STARVING_TASKS.select())} > 0\n"
            f"  and {on(INSTANCE)} {_always(SCHEDULER_TASKS_STARVING.select())} > 0\n"
            ")\n"
            f"{unless_stopped()}"
        ),
        hold=LASTING,
        severity=WARNING,
        owner=POOL_STARVING_TASKS.owner,
        summary=f"Pool {POOL_NAME.annotation} is too small",
        description=(
            f"Tasks wait for slots of pool {POOL_NAME.annotation} of Airflow that sends to statsd_exporter "
            f"{INSTANCE.annotation}: {{{{ $value | humanize }}}} or more at each moment."
        ),
        panel="platform/pool-starving",
        about=_POOL,
        runbook=Runbook(
            "pool-starving",
            "Tasks wait for slots of a pool",
            meaning=(
                "For as long as the alert's hold tasks were ready to run and scheduled for this pool, and it was full, "
                "or had less room than the next task asks for. Open slots below 0: it was made smaller than what it "
                "runs. A pool without a limit has +Inf and does not fire."
            ),
            impact="Those tasks start late, and their runs end late.",
            diagnosis=(
                "1. What holds the slots?\n\n"
                f"   `{POOL_RUNNING_SLOTS.select()}`, `{POOL_QUEUED_SLOTS.select()}` and "
                f"`{POOL_DEFERRED_SLOTS.select()}`\n"
                "2. Running: is one of them stuck? Airflow's page of task instances filters by pool.\n"
                "3. Queued: the slots are held by tasks that no worker takes. See the runbook of the executor that is "
                "full.\n"
                "4. Sensors that poke hold their slot while they wait."
            ),
            mitigation=(
                "End what is stuck. If the load is right, make the pool larger (Admin, Pools) as far as what it "
                "protects can bear, or spread the schedules. Let sensors reschedule or defer."
            ),
        ),
        cases=(
            Case(
                "a full pool that tasks wait for fires",
                {_SCHEDULED: "3x1", _OPEN: "0x1"},
                at="0m",
                fires=(Firing(labels_of(None, *_ETL), 3),),
            ),
            Case(
                "a pool that has a free slot for a moment fires",
                {_SCHEDULED: "0 3x2", _OPEN: "0 0 1 0"},
                at="6m",
                interval="2m",
                fires=(Firing(labels_of(None, *_ETL), 3),),
            ),
            Case(
                "tasks that ask for more slots than are open fire",
                {_SCHEDULED: "2x1", _OPEN: "1x1", _STARVING: "1x1", _STARVING_AT_ALL: "1x1"},
                at="0m",
                fires=(Firing(labels_of(None, *_ETL), 2),),
            ),
            Case(
                "a pool that was made smaller than what it runs fires",
                {_SCHEDULED: "3x1", _OPEN: "-2x1"},
                at="0m",
                fires=(Firing(labels_of(None, *_ETL), 3),),
            ),
            Case(
                "a missed scrape does not begin the hold anew",
                {_SCHEDULED: "3 stale 3", _OPEN: "0 stale 0"},
                at="0m",
                fires=(Firing(labels_of(None, *_ETL), 3),),
            ),
            Case("a full pool that nothing waits for is silent", {_SCHEDULED: "0x1", _OPEN: "0x1", _STARVING: "1x1"}),
            Case(
                "a pool that starved long ago is silent",
                {_SCHEDULED: "3x1", _OPEN: "1x1", _STARVING: "1x1", _STARVING_AT_ALL: "0x1"},
            ),
            Case("tasks that wait for something else are silent", {_SCHEDULED: "3x1", _OPEN: "1x1", _STARVING: "0x1"}),
            Case("a pool without a limit is silent", {_SCHEDULED: "3x1", _OPEN: _INFINITE, _STARVING: "0x1"}),
            Case(
                "the last values of an Airflow that is gone are silent",
                {_SCHEDULED: "3x1", _OPEN: "0x1", BEATS: "7x1"},
            ),
        ),
    )


def _executor_full() -> Alert:
    named = f"{EXECUTOR_CLASS_NAME.annotation}{NAME.annotation}"
    # The scheduler hands a full executor nothing more: what waits is in the pools.
    waiting = (
        f"  sum {by(INSTANCE)} ({_always(POOL_SCHEDULED_SLOTS.select())}) > 0\n"
        f"  or sum {by(INSTANCE)} ({_always(EXECUTOR_QUEUED_TASKS.select())}) > 0"
    )
    scheduled = POOL_SCHEDULED_SLOTS.select(*_ETL)
    fires = (Firing(labels_of(None, *_CELERY), 0),)
    return Alert(
        "AirflowExecutorFull",
        expr=(
            f"max {by(*_EXECUTOR)} ({_usually(EXECUTOR_OPEN_SLOTS.select())}) <= 0\n"
            f"and {on(INSTANCE)} (\n{waiting}\n)\n"
            f"{unless_stopped()}"
        ),
        hold=LASTING,
        severity=WARNING,
        owner=EXECUTOR_OPEN_SLOTS.owner,
        summary=f"The executor of Airflow that sends to {INSTANCE.annotation} is full",
        description=(
            f"The executor {named} of Airflow that sends to statsd_exporter {INSTANCE.annotation} has no open slot, "
            "and tasks wait."
        ),
        panel="platform/executor-slots",
        about=(INSTANCE,),
        runbook=Runbook(
            "executor-full",
            "An executor is full",
            meaning=(
                "For as long as the alert's hold the executor has had as many task instances as its `parallelism` "
                "allows, and others were ready to run. With several executors, what waits may be meant for another one."
            ),
            impact="Nothing more starts until something ends; all DAGs are late.",
            diagnosis=(
                "1. How many does it hold?\n\n"
                f"   `{EXECUTOR_RUNNING_TASKS.select()}`\n"
                "   Those that wait for a worker are among them.\n"
                "2. Do the workers live, and do they take what is queued? Few running tasks in Airflow and a full "
                "executor: the workers are gone or cut off from the broker.\n"
                "3. All run: which tasks hold their slots for longest? Sensors that poke are the usual ones.\n"
                "4. Does the executor hold tasks that have ended? Its log and the scheduler's tell; a restart of the "
                "scheduler forgets them."
            ),
            mitigation=(
                "Bring back the workers, or add some and raise `parallelism`. End what is stuck. With `parallelism = "
                "0` in Airflow 2.11 the open slots are no limit: switch this alert off."
            ),
        ),
        cases=(
            Case(
                "a full executor while tasks are scheduled fires",
                {_SLOTS: "0x1", _QUEUED: "0x1", scheduled: "3x1"},
                at="0m",
                fires=fires,
            ),
            Case(
                "a full executor with tasks of its own that wait fires",
                {_SLOTS: "0x1", _QUEUED: "1x1"},
                at="0m",
                fires=fires,
            ),
            Case(
                "the only executor of Airflow 2.11, which has no name, fires",
                {EXECUTOR_OPEN_SLOTS.select(*EXPORTER_TARGET): "0x1", scheduled: "3x1"},
                at="0m",
                fires=(Firing(labels_of(None, *EXPORTER_TARGET), 0),),
            ),
            Case(
                "a missed scrape does not begin the hold anew",
                {_SLOTS: "0 stale 0", _QUEUED: "1 stale 1"},
                at="0m",
                fires=fires,
            ),
            Case("a full executor that nothing waits for is silent", {_SLOTS: "0x1", _QUEUED: "0x1", scheduled: "0x1"}),
            Case("an executor with an open slot is silent", {_SLOTS: "1x1", scheduled: "3x1"}),
            Case(
                "the last values of an Airflow that is gone are silent",
                {_SLOTS: "0x1", _QUEUED: "1x1", BEATS: "7x1"},
            ),
        ),
    )
