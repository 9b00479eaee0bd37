"""Panels on the tasks of DAGs: outcomes, durations, and what they wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID
from dashgen.catalog.recorded_statsd import (
    DAG_QUEUED,
    DAG_QUEUED_SECONDS,
    DAG_SCHEDULED,
    DAG_SCHEDULED_SECONDS,
    DAG_TASK_RUNS,
    DAG_TASK_SECONDS,
    DAG_TI_FINISH,
    DAG_TI_START,
)
from dashgen.catalog.statsd.labels import STATE
from dashgen.catalog.statsd.tasks import (
    TASK_DURATION,
    TASK_QUEUED_DURATION,
    TASK_SCHEDULED_DURATION,
    TI_DEFERRED,
    TI_FINISH,
    TI_QUEUED,
    TI_RUNNING,
    TI_SCHEDULED,
    TI_START,
)
from dashgen.dashboards.panels import Column, bars, table, timeseries
from dashgen.dashboards.platform_scope import (
    FAILED,
    OF_DAGS,
    OF_EXPORTER,
    ONLY_V3,
    PER_MINUTE,
    RANGE_END,
    RETRIED,
    STATE_COLORS,
    dag_links,
    highest,
    hourly_worst,
    minutely,
)
from dashgen.dashboards.queries import by, colored_series, on, ranged, steps
from dashgen.dashboards.scope import DAG, DAG_LEGEND, TASK, TASK_LEGEND
from dashgen.statsd_queries import HIGH, events, mean, quantile, total

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Matcher
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings

TASK_ROWS = 200

_THIRD = (8, 8)
_HALF = (12, 9)
_NONE = "None in the time range."
_NO_WAIT = "No task has waited so in the time range."


def tasks() -> tuple[Panel, ...]:
    """Show how tries end, which DAGs fail and retry, and how long tasks run."""
    return (
        timeseries(
            "Tries by the state they ended in",
            key="task-outcomes",
            metric=TI_FINISH,
            what="Tries that ended, per minute.",
            targets=[ranged(minutely(DAG_TI_FINISH, STATE, matchers=OF_DAGS), STATE.legend)],
            unit=PER_MINUTE,
            stacked=True,
            overrides=colored_series(STATE_COLORS),
            size=_HALF,
            may_be_empty=_NONE,
        ),
        _per_dag("Tries started (top 10 DAGs)", "starts", TI_START, DAG_TI_START, OF_DAGS),
        _per_dag("Tries that failed for good (top 10 DAGs)", "failures", TI_FINISH, DAG_TI_FINISH, (*OF_DAGS, FAILED)),
        _per_dag("Tries that are retried (top 10 DAGs)", "retries", TI_FINISH, DAG_TI_FINISH, (*OF_DAGS, RETRIED)),
        _hourly("Duration of tries (top 10 DAGs)", "task-duration", TASK_DURATION, DAG_TASK_SECONDS, DAG_TASK_RUNS),
        _slowest("Slowest tasks of the last hour (top 10)", "slowest-tasks", TASK_DURATION),
    )


def _per_dag(title: str, key: str, metric: Metric, recorded: Metric, matchers: tuple[Matcher, ...]) -> Panel:
    most = f"sum {by(*DAG)} (sum_over_time({recorded.select(*matchers)}{RANGE_END})) > 0"
    return timeseries(
        title,
        key=key,
        metric=metric,
        what=f"{title.partition(' (')[0]}, per minute, for the ten DAGs with most in the time range.",
        targets=[ranged(highest(minutely(recorded, *DAG, matchers=matchers), most, *DAG), DAG_LEGEND)],
        unit=PER_MINUTE,
        legend_right=True,
        size=_HALF,
        may_be_empty=_NONE,
    )


def _hourly(title: str, key: str, timer: Metric, seconds: Metric, number: Metric) -> Panel:
    return timeseries(
        title,
        key=key,
        metric=timer,
        what=f"{timer.help}: the mean over the DAG's tasks in the hour before, for the ten DAGs with the longest in "
        "the time range.",
        targets=[ranged(hourly_worst(seconds, number, *DAG, matchers=OF_DAGS), DAG_LEGEND)],
        legend_right=True,
        size=_HALF,
        may_be_empty=_NO_WAIT,
    )


def _slowest(title: str, key: str, timer: Metric) -> Panel:
    return bars(
        title,
        key=key,
        metric=timer,
        expr=f"topk(10, {mean(timer, *OF_DAGS, labels=TASK, window='1h')})",
        legend=TASK_LEGEND,
        what=f"{timer.help}: the mean of the last hour, the ten longest.",
        size=_HALF,
        may_be_empty="No task has ended in the last hour.",
    )


def waits() -> tuple[Panel, ...]:
    """Show how many tasks wait now, and how long they waited for a slot and for a worker."""
    now = (("scheduled", TI_SCHEDULED), ("queued", TI_QUEUED), ("running", TI_RUNNING), ("deferred", TI_DEFERRED))
    slot, worker = TASK_SCHEDULED_DURATION, TASK_QUEUED_DURATION
    return (
        timeseries(
            "Task instances now",
            key="task-instances",
            metric=TI_QUEUED,
            what="Task instances of the chosen DAGs that wait for a slot (scheduled), for a worker (queued), run, or "
            "wait for a trigger (deferred), as the scheduler counts them.",
            targets=[ranged(f"sum({metric.select(*OF_DAGS)})", word) for word, metric in now],
            size=(24, 7),
            may_be_empty=ONLY_V3,
        ),
        _hourly("Waits for a slot (top 10 DAGs)", "scheduled-duration", slot, DAG_SCHEDULED_SECONDS, DAG_SCHEDULED),
        _slowest("Tasks that waited longest for a slot, last hour (top 10)", "longest-scheduled", slot),
        _hourly("Waits for a worker (top 10 DAGs)", "queued-duration", worker, DAG_QUEUED_SECONDS, DAG_QUEUED),
        _slowest("Tasks that waited longest for a worker, last hour (top 10)", "longest-queued", worker),
    )


def one_dag(settings: Settings) -> tuple[Panel, ...]:
    """List the tasks of a DAG, when one is chosen."""
    # The exact matcher holds only when one DAG is chosen: no DAG is called "|.+" or "a,b".
    chosen = (*OF_EXPORTER, DAG_ID.is_(f"${{{DAG_ID}:raw}}"))

    def happened(counter: Metric, *matchers: Matcher) -> str:
        return f"round({total(events(counter.select(*chosen, *matchers), '$__range'), *TASK)})"

    def took(timer: Metric) -> str:
        return mean(timer, *chosen, labels=TASK, window="$__range")

    started = happened(TI_START)
    shown = f"topk({TASK_ROWS}, {started})"

    def of_shown(expr: str) -> str:
        return f"max {by(*TASK)} ({expr} and {on(*TASK)} {shown})"

    high = quantile(settings, TASK_DURATION, *chosen, of=HIGH, labels=TASK, window="$__range")
    return (
        table(
            f"Tasks of the chosen DAG (busiest {TASK_ROWS})",
            key="tasks-of-dag",
            metric=TASK_DURATION,
            what=f"What the tasks of one DAG did in the time range, the {TASK_ROWS} that started most often. Choose "
            "one DAG above.",
            rows=TASK,
            columns=(
                Column("Tries", f"max {by(*TASK)} ({shown})"),
                Column("Failed", of_shown(happened(TI_FINISH, FAILED)), thresholds=steps("text", (1, "red"))),
                Column("Retried", of_shown(happened(TI_FINISH, RETRIED))),
                Column("Mean duration", of_shown(took(TASK_DURATION)), unit="s"),
                Column(f"{HIGH:.0%} of durations", of_shown(high), unit="s"),
                Column("For a slot", of_shown(took(TASK_SCHEDULED_DURATION)), unit="s"),
                Column("For a worker", of_shown(took(TASK_QUEUED_DURATION)), unit="s"),
            ),
            sort="Tries",
            links={DAG_ID: dag_links(settings)},
            size=(24, 12),
            may_be_empty="No DAG, or several, are chosen.",
        ),
    )
