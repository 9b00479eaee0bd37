"""Panels on all tasks together: throughput, what was killed, and operators that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.recorded_statsd import (
    DAG_TI_FINISH,
    DAG_TI_START,
    OPERATOR_FAILURES_TOTAL,
    OPERATOR_SUCCESSES_TOTAL,
)
from dashgen.catalog.statsd.labels import OPERATOR_NAME, STATE
from dashgen.catalog.statsd.scheduler import (
    SCHEDULER_ORPHANED_TASKS_ADOPTED,
    SCHEDULER_ORPHANED_TASKS_CLEARED,
    SCHEDULER_TASKS_KILLED_EXTERNALLY,
    TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED,
)
from dashgen.catalog.statsd.tasks import OPERATOR_FAILURES, TI_FINISH, TI_START
from dashgen.catalog.statsd.thresholds import OPERATOR_FAILURE_SHARE
from dashgen.dashboards.panels import Column, table, timeseries
from dashgen.dashboards.platform_scope import (
    HERE,
    IN_EACH,
    NOT_YET,
    OF_EXPORTER,
    PER_MINUTE,
    RANGE_END,
    STATE_COLORS,
    THIRD,
    counted,
    happened,
    highest,
    minutely,
)
from dashgen.dashboards.queries import by, colored_series, on, ranged, steps

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings

OPERATOR_ROWS = 50

_OPERATOR = (INSTANCE, OPERATOR_NAME)
_NONE_FAILED = "No operator has failed."


def tasks(settings: Settings) -> tuple[Panel, ...]:
    """Show how many task instances start, how they end, what was killed, and which operators fail."""
    return (
        timeseries(
            "Task instances started",
            key="task-starts",
            metric=TI_START,
            what="Tries that started, per minute.",
            targets=[ranged(minutely(DAG_TI_START, INSTANCE), HERE)],
            unit=PER_MINUTE,
            size=THIRD,
        ),
        timeseries(
            "Task instances ended",
            key="task-ends",
            metric=TI_FINISH,
            what="Tries that ended per minute, by the state they ended in.",
            targets=[ranged(minutely(DAG_TI_FINISH, STATE), STATE.legend)],
            unit=PER_MINUTE,
            stacked=True,
            overrides=colored_series(STATE_COLORS),
            size=THIRD,
        ),
        timeseries(
            "Tasks killed and orphaned",
            key="tasks-killed",
            metric=SCHEDULER_TASKS_KILLED_EXTERNALLY,
            what="Task instances that were killed from outside, whose heartbeats stopped, and that were left by a "
            f"scheduler that is gone: cleared to run again, or adopted. {IN_EACH}",
            targets=[
                ranged(happened(SCHEDULER_TASKS_KILLED_EXTERNALLY), f"killed externally {HERE}"),
                ranged(happened(TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED), f"without heartbeats {HERE}"),
                ranged(happened(SCHEDULER_ORPHANED_TASKS_CLEARED), f"orphaned, cleared {HERE}"),
                ranged(happened(SCHEDULER_ORPHANED_TASKS_ADOPTED), f"orphaned, adopted {HERE}"),
            ],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
        _failures(),
        _shares(settings),
    )


def _failures() -> Panel:
    failures = minutely(OPERATOR_FAILURES_TOTAL, *_OPERATOR)
    most = f"sum_over_time({OPERATOR_FAILURES_TOTAL.select(*OF_EXPORTER)}{RANGE_END}) > 0"
    return timeseries(
        "Operators that fail (top 10)",
        key="operator-failures",
        metric=OPERATOR_FAILURES,
        what="Tries that failed per minute, by the operator's class, for the ten with most in the time range.",
        targets=[ranged(highest(failures, most, *_OPERATOR), f"{OPERATOR_NAME.legend} {HERE}")],
        unit=PER_MINUTE,
        legend_right=True,
        size=(12, 9),
        may_be_empty=_NONE_FAILED,
    )


def _shares(settings: Settings) -> Panel:
    failed, succeeded = counted(OPERATOR_FAILURES_TOTAL), counted(OPERATOR_SUCCESSES_TOTAL)
    shown = f"topk({OPERATOR_ROWS}, {failed} > 0)"
    same = on(*_OPERATOR)
    all_ended = f"({failed} + {same} {succeeded} or {same} {failed})"

    def of_shown(expr: str) -> str:
        return f"max {by(*_OPERATOR)} ({expr} and {same} {shown})"

    return table(
        f"Operators by failures (top {OPERATOR_ROWS})",
        key="operator-shares",
        metric=OPERATOR_FAILURES,
        what=f"Tries by the operator's class in the time range, for the {OPERATOR_ROWS} that failed most often.",
        rows=_OPERATOR,
        columns=(
            Column("Failed", of_shown(f"round({failed})"), thresholds=steps("text", (1, "red"))),
            Column("Succeeded", of_shown(f"round({succeeded})")),
            Column(
                "Share failed",
                of_shown(f"{failed} / {same} {all_ended}"),
                unit="percentunit",
                thresholds=steps("text", (settings.limit(OPERATOR_FAILURE_SHARE), "red")),
            ),
        ),
        sort="Failed",
        size=(12, 9),
        may_be_empty=_NONE_FAILED,
    )
