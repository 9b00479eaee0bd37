"""Panels on DAG runs: durations by outcome, and what delays their start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID
from dashgen.catalog.recorded_statsd import DAG_RUN_ABOVE_USUAL, DAG_RUN_SECONDS, DAG_RUN_USUAL, DAG_RUNS, DAG_TI_FINISH
from dashgen.catalog.statsd.dags import (
    DAGRUN_DEPENDENCY_CHECK,
    DAGRUN_DURATION,
    DAGRUN_FIRST_TASK_SCHEDULING_DELAY,
    DAGRUN_FIRST_TASK_START_DELAY,
    DAGRUN_SCHEDULE_DELAY,
    TASK_REMOVED_FROM_DAG,
    TASK_RESTORED_TO_DAG,
)
from dashgen.catalog.statsd.labels import STATE
from dashgen.catalog.statsd.thresholds import SCHEDULE_DELAY
from dashgen.dashboards.panels import Column, bars, table, timeseries
from dashgen.dashboards.platform_scope import (
    FAILED,
    HERE,
    IN_EACH,
    OF_DAGS,
    RETRIED,
    SUCCEEDED,
    counted,
    dag_links,
    happened,
    hourly,
    hourly_worst,
)
from dashgen.dashboards.queries import by, on, ranged, steps
from dashgen.dashboards.scope import DAG, DAG_LEGEND
from dashgen.statsd_queries import HIGH, SUM, mean, part, quantile, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grafanalib.core import Threshold

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Matcher
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings

DAG_ROWS = 100

_HALF = (12, 9)
_NO_RUN = "No such run has ended in the time range."


def runs(settings: Settings) -> tuple[Panel, ...]:
    """Show durations of runs by outcome, their high quantile, and the DAGs by failures."""
    return (
        _durations("Duration of runs that succeeded (top 10)", "run-duration", SUCCEEDED),
        _durations("Duration of runs that failed (top 10)", "run-duration-failed", FAILED),
        _high(settings),
        _dag_table(settings),
        _above_usual(settings),
    )


def _durations(title: str, key: str, outcome: Matcher) -> Panel:
    return timeseries(
        title,
        key=key,
        metric=DAGRUN_DURATION,
        what="Mean duration of the runs that ended so in the hour before, for the ten DAGs with the longest in the "
        "time range.",
        targets=[
            ranged(hourly_worst(DAG_RUN_SECONDS, DAG_RUNS, *DAG, matchers=(*OF_DAGS, outcome)), DAG_LEGEND),
        ],
        legend_right=True,
        size=_HALF,
        may_be_empty=_NO_RUN,
    )


def _high(settings: Settings) -> Panel:
    labels = (*DAG, STATE)
    return bars(
        f"Duration of runs, {HIGH:.0%} (top 10)",
        key="run-duration-high",
        metric=DAGRUN_DURATION,
        expr=f"topk(10, {quantile(settings, DAGRUN_DURATION, *OF_DAGS, of=HIGH, labels=labels, window='1h')})",
        legend=f"{DAG_LEGEND} {STATE.legend}",
        what=f"{HIGH:.0%} of the runs that ended lately took at most so long, the ten DAGs with the longest. Lately is "
        + ("the last hour." if settings.statsd.timers == "histogram" else "the last ten minutes."),
        size=(8, 10),
        may_be_empty="No run has ended lately.",
    )


def _dag_table(settings: Settings) -> Panel:
    def runs_in(outcome: Matcher) -> str:
        return counted(DAG_RUNS, *DAG, matchers=(*OF_DAGS, outcome))

    def tries_in(outcome: Matcher) -> str:
        return counted(DAG_TI_FINISH, *DAG, matchers=(*OF_DAGS, outcome))

    ended = f"({counted(DAG_RUNS, *DAG, matchers=OF_DAGS)} > 0)"
    # Failures first, and then those that run most often.
    shown = f"topk({DAG_ROWS}, 1e6 * {runs_in(FAILED)} + {on(*DAG)} {ended} or {on(*DAG)} {ended})"

    def of_shown(expr: str) -> str:
        return f"max {by(*DAG)} ({expr} and {on(*DAG)} {shown})"

    seconds = total(f"sum_over_time({DAG_RUN_SECONDS.select(*OF_DAGS)}[$__range])", *DAG)
    number = total(f"sum_over_time({DAG_RUNS.select(*OF_DAGS)}[$__range])", *DAG)
    return table(
        f"DAGs by failures (top {DAG_ROWS})",
        key="dags",
        metric=DAGRUN_DURATION,
        what=f"Runs and tries that ended in the time range, for the {DAG_ROWS} DAGs whose runs failed most often.",
        rows=DAG,
        columns=(
            Column("Runs", of_shown(f"round({ended})")),
            Column("Failed", of_shown(f"round({runs_in(FAILED)})")),
            Column("Mean duration", of_shown(f"{seconds} / ({number} > 0)"), unit="s"),
            Column("Tries failed", of_shown(f"round({tries_in(FAILED)})")),
            Column("Tries retried", of_shown(f"round({tries_in(RETRIED)})")),
        ),
        sort="Failed",
        links={DAG_ID: dag_links(settings)},
        size=(16, 10),
        may_be_empty=_NO_RUN,
    )


def _above_usual(settings: Settings) -> Panel:
    unusual = f"topk({DAG_ROWS}, {DAG_RUN_ABOVE_USUAL.select(*OF_DAGS)})"
    usual = f"{DAG_RUN_USUAL.select(*OF_DAGS)} and {on(*DAG)} {unusual}"
    return table(
        f"DAGs far above their own usual (top {DAG_ROWS})",
        key="above-usual",
        metric=DAG_RUN_ABOVE_USUAL,
        rows=DAG,
        columns=(
            Column("Times its usual", f"max {by(*DAG)} ({unusual})", unit="suffix:×"),
            Column("Usual", f"max {by(*DAG)} ({usual})", unit="s"),
        ),
        sort="Times its usual",
        links={DAG_ID: dag_links(settings)},
        size=(24, 7),
        may_be_empty="No DAG is far above its usual.",
    )


def delays(settings: Settings) -> tuple[Panel, ...]:
    """Show how late runs start, what the scheduler needs for each DAG, and edits while a run goes."""
    return (
        _delay(
            "Schedule delay (top 10)",
            "schedule-delay",
            DAGRUN_SCHEDULE_DELAY,
            thresholds=steps("green", (settings.limit(SCHEDULE_DELAY), "red")),
        ),
        _delay("First task after its run was due (top 10)", "first-task-delay", DAGRUN_FIRST_TASK_SCHEDULING_DELAY),
        _delay(
            "First task after its run was queued (top 10)",
            "first-task-start",
            DAGRUN_FIRST_TASK_START_DELAY,
            may_be_empty="Only Airflow 3 sends it, and without tags for all DAGs together: choose all.",
        ),
        bars(
            "Schedule delay of the last hour (top 10)",
            key="schedule-delay-high",
            metric=DAGRUN_SCHEDULE_DELAY,
            expr=f"topk(10, {mean(DAGRUN_SCHEDULE_DELAY, *OF_DAGS, labels=DAG, window='1h')})",
            legend=DAG_LEGEND,
            thresholds=steps("blue", (settings.limit(SCHEDULE_DELAY), "red")),
            what="Mean schedule delay of the runs that started in the last hour, the ten longest.",
            size=(8, 8),
            may_be_empty="No scheduled run has started in the last hour.",
        ),
        _dependency_check(settings),
        timeseries(
            "Tasks removed and restored",
            key="removed-tasks",
            metric=TASK_REMOVED_FROM_DAG,
            what="Task instances whose task was taken out of a chosen DAG while a run was going, or put back. "
            f"{IN_EACH}",
            targets=[
                ranged(happened(TASK_REMOVED_FROM_DAG, matchers=OF_DAGS), f"removed {HERE}"),
                ranged(happened(TASK_RESTORED_TO_DAG, matchers=OF_DAGS), f"restored {HERE}"),
            ],
            size=(8, 8),
            may_be_empty="No DAG was edited while a run was going.",
        ),
    )


def _delay(
    title: str,
    key: str,
    timer: Metric,
    may_be_empty: str = "No such run has started in the time range.",
    thresholds: Sequence[Threshold] = (),
) -> Panel:
    return timeseries(
        title,
        key=key,
        metric=timer,
        what=f"{timer.help}: the mean of the hour before, for the ten DAGs with the longest in the time range.",
        targets=[ranged(hourly(timer, *DAG, matchers=OF_DAGS), DAG_LEGEND)],
        thresholds=thresholds,
        size=(8, 8),
        may_be_empty=may_be_empty,
    )


def _dependency_check(settings: Settings) -> Panel:
    spent = total(f"rate({part(DAGRUN_DEPENDENCY_CHECK, SUM, *OF_DAGS)}[1h])", *DAG)
    high = quantile(settings, DAGRUN_DEPENDENCY_CHECK, *OF_DAGS, of=HIGH, labels=DAG, window="1h")
    costly = f"topk(50, {spent} > 0)"

    def of_costly(expr: str) -> str:
        return f"max {by(*DAG)} ({expr} and {on(*DAG)} {costly})"

    one = mean(DAGRUN_DEPENDENCY_CHECK, *OF_DAGS, labels=DAG, window="1h")
    return table(
        "DAGs that cost the scheduler most (top 50)",
        key="dependency-check",
        metric=DAGRUN_DEPENDENCY_CHECK,
        what="Time that the scheduler spent in the last hour on finding what the DAG's runs may start next: seconds "
        "per second, and of one check the mean and the high end.",
        rows=DAG,
        columns=(
            Column("Share of a scheduler", f"max {by(*DAG)} ({costly})", unit="percentunit"),
            Column("One check", of_costly(one), unit="s"),
            Column(f"{HIGH:.0%} of checks", of_costly(high), unit="s"),
        ),
        sort="Share of a scheduler",
        links={DAG_ID: dag_links(settings)},
        size=(8, 8),
        may_be_empty="No run was going in the last hour.",
    )
