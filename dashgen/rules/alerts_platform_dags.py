"""Alerts on DAG runs, as Airflow times them over StatsD: late, or much longer than usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE
from dashgen.catalog.recorded_statsd import (
    DAG_RUN_ABOVE_USUAL,
    DAG_RUN_USUAL,
)
from dashgen.catalog.statsd.capacity import POOL_SCHEDULED_SLOTS
from dashgen.catalog.statsd.dags import DAGRUN_DURATION, DAGRUN_SCHEDULE_DELAY
from dashgen.catalog.statsd.labels import STATE
from dashgen.catalog.statsd.scheduler import (
    JOB_HEARTBEAT_FAILURE,
    SCHEDULER_LOOP_DURATION,
)
from dashgen.catalog.statsd.thresholds import (
    RUN_DURATION_FACTOR,
    RUN_DURATION_FLOOR,
    SCHEDULE_DELAY,
)
from dashgen.rules.model import Alert, Case, Firing, Runbook
from dashgen.rules.phrases import INFO, ONE_DAG, PER_DAG, WARNING, labels_of, number
from dashgen.rules.phrases_statsd import EXPORTER_UP, HELD, SALES_THERE, mean
from dashgen.statsd_queries import COUNT, SUM, part

if TYPE_CHECKING:
    from dashgen.settings import Settings

_SALES = labels_of(None, *SALES_THERE)
_DAG = f"DAG {DAG_ID.annotation}, which {INSTANCE.annotation} hears of,"


def run_alerts(settings: Settings) -> tuple[Alert, ...]:
    """Define the alerts on DAG runs."""
    return (
        _schedule_delay(settings.limit(SCHEDULE_DELAY)),
        _run_duration(settings.limit(RUN_DURATION_FACTOR), settings.limit(RUN_DURATION_FLOOR)),
    )


def _schedule_delay(limit: float) -> Alert:
    seconds, runs = (part(DAGRUN_SCHEDULE_DELAY, suffix, *SALES_THERE) for suffix in (SUM, COUNT))
    border, late = number(limit), number(limit + 60)
    fires = (Firing(_SALES, limit + 60),)
    loop = mean(SCHEDULER_LOOP_DURATION, INSTANCE, window="1h").replace("\n", " ")
    return Alert(
        "AirflowScheduleDelay",
        expr=f"{mean(DAGRUN_SCHEDULE_DELAY, *PER_DAG, window='1h')} > {border}",
        hold=HELD,
        severity=WARNING,
        owner=DAGRUN_SCHEDULE_DELAY.owner,
        summary=f"Runs of DAG {DAG_ID.annotation} start late",
        description=f"Runs of {_DAG} started {{{{ $value | humanizeDuration }}}} late in the last hour, on average.",
        panel="dags/schedule-delay",
        about=PER_DAG,
        runbook=Runbook(
            "schedule-delay",
            "The runs of a DAG start late",
            meaning=(
                "From when the scheduled runs of the last hour were due to when they started, more time than the limit "
                "went by on average. Manual runs do not count. It ends an hour after the last late run started."
            ),
            impact="The result is late by at least as much.",
            diagnosis=(
                "1. This DAG alone: its `max_active_runs` holds runs back while earlier ones go on. Or it was paused, "
                "or catches up with runs that were due long ago: then nothing is wrong.\n"
                "2. Many DAGs: the scheduler is behind. How long is its loop?\n\n"
                f"   `{loop}`\n"
                "3. Heartbeats that can't be written: the database is slow.\n\n"
                f"   `increase({JOB_HEARTBEAT_FAILURE.select()}[1h])`"
            ),
            mitigation=(
                "End the run that holds back the others, or raise `max_active_runs`. A scheduler that is behind: "
                "another one beside it, a faster database, fewer DAGs at the full hour. The threshold is "
                f"`{SCHEDULE_DELAY.name}`."
            ),
        ),
        cases=(
            Case("a run later than the limit fires", {seconds: f"0+{late}x1", runs: "0+1x1"}, fires=fires),
            Case(
                "the first run that an exporter hears of fires when it is late",
                {seconds: f"_x61 {late}", runs: "_x61 1", EXPORTER_UP: "1x61"},
                at="61m",
                fires=fires,
            ),
            Case("runs that are as late as the limit are silent", {seconds: f"0+{border}x1", runs: "0+1x1"}),
            Case("late runs of long ago are silent", {seconds: f"{late}x61", runs: "1x61"}, at="61m"),
            Case("old runs of an exporter that is new to Prometheus are silent", {seconds: f"_ {late}", runs: "_ 1"}),
        ),
    )


def _run_duration(factor: float, floor: float) -> Alert:
    succeeded = STATE.is_("success")
    total_seconds, runs = (part(DAGRUN_DURATION, suffix, *SALES_THERE, succeeded) for suffix in (SUM, COUNT))

    def taking(before: float, after: float) -> dict[str, str]:
        """Return a run in the first hour, and one that ends on the second full hour, whose mean has it already."""
        ended = f"0x9 {number(before)}x109 {number(before + after)}"
        return {total_seconds: ended, runs: "0x9 1x109 2"}

    usual = max(1, floor)
    above, border = usual * (factor + 1), usual * factor
    return Alert(
        "AirflowRunDurationHigh",
        expr=f"{DAG_RUN_ABOVE_USUAL.select()} > {number(factor)}",
        hold=HELD,
        severity=INFO,
        owner=DAGRUN_DURATION.owner,
        summary=f"Runs of DAG {DAG_ID.annotation} took much longer than usual",
        description=f"Runs of {_DAG} took {{{{ $value | humanize }}}} times their usual duration in the last hour.",
        panel="dags/run-duration",
        about=PER_DAG,
        runbook=Runbook(
            "run-duration-high",
            "The runs of a DAG take much longer than usual",
            meaning=(
                "The runs of the DAG that succeeded in the last hour took, on average, more than "
                f"{number(factor)} times their usual duration and more than {number(floor)} seconds. Usual is the "
                "longest mean of an hour in the last eight days, the last hour left out: a weekly DAG has one, a "
                "monthly one has none. A run that still goes on has no duration yet. The alert ends an hour after the "
                "run."
            ),
            impact="The result is late. The next run may be later: slowness often grows before it fails.",
            diagnosis=(
                "1. What is usual, and which others are slow?\n\n"
                f"   `{DAG_RUN_USUAL.select(ONE_DAG)}` and `{DAG_RUN_ABOVE_USUAL.select()}`\n"
                "2. Did its tasks run longer, or wait longer? The rows on tasks and on waits of the dashboard of DAGs "
                "show both.\n"
                "3. They waited: is a pool or the executor full?\n\n"
                f"   `{POOL_SCHEDULED_SLOTS.select()}`\n"
                "4. They ran longer: did the input grow, or a query plan change?"
            ),
            mitigation=(
                "Nothing is broken yet. Plan the work before the duration reaches the schedule's interval. The "
                f"thresholds are `{RUN_DURATION_FACTOR.name}` and `{RUN_DURATION_FLOOR.name}`."
            ),
        ),
        cases=(
            Case(
                "a run above the factor fires",
                taking(usual, above),
                at="2h",
                fires=(Firing(_SALES, factor + 1),),
            ),
            Case("a run of exactly the factor is silent", taking(usual, border), at="2h"),
            Case("a run of the floor is silent", taking(floor / factor / 2, floor), at="2h"),
            Case(
                "a DAG without a usual duration is silent",
                {total_seconds: f"0x119 {number(above)}", runs: "0x119 1"},
                at="2h",
            ),
        ),
    )
