"""How each series of :mod:`dashgen.catalog.recorded_statsd` is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE
from dashgen.catalog.recorded_statsd import (
    DAG_QUEUED,
    DAG_QUEUED_SECONDS,
    DAG_RUN_ABOVE_USUAL,
    DAG_RUN_HOURLY_MEAN,
    DAG_RUN_SECONDS,
    DAG_RUN_USUAL,
    DAG_RUNS,
    DAG_SCHEDULED,
    DAG_SCHEDULED_SECONDS,
    DAG_TASK_RUNS,
    DAG_TASK_SECONDS,
    DAG_TI_FINISH,
    DAG_TI_START,
    EXPORTER_DROP_SHARE,
    OPERATOR_FAILURES_TOTAL,
    OPERATOR_SUCCESSES_TOTAL,
)
from dashgen.catalog.statsd.dags import DAGRUN_DURATION
from dashgen.catalog.statsd.exporter import STATSD_EVENTS_ACTIONS
from dashgen.catalog.statsd.labels import ACTION, OPERATOR_NAME, STATE
from dashgen.catalog.statsd.tasks import (
    OPERATOR_FAILURES,
    OPERATOR_SUCCESSES,
    TASK_DURATION,
    TASK_QUEUED_DURATION,
    TASK_SCHEDULED_DURATION,
    TI_FINISH,
    TI_START,
)
from dashgen.catalog.statsd.thresholds import RUN_DURATION_FACTOR, RUN_DURATION_FLOOR
from dashgen.rules.model import Group, Record
from dashgen.rules.phrases import number, on
from dashgen.statsd_queries import COUNT, SUM, events, part, total

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label
    from dashgen.settings import Settings

# In these a try ends. Airflow 2.11 counts, at 0, the states in which none does as well.
FINISHED = ("success", "failed", "up_for_retry", "up_for_reschedule", "deferred", "skipped", "upstream_failed")

_WINDOW = "5m"
# The group runs each minute: so many samples an hour.
_HOURLY_MINUTES = 5
_PER_DAG = (INSTANCE, DAG_ID)


def statsd_recording(settings: Settings) -> tuple[Group, ...]:
    """Define the recording rules; in groups of their own, so that the scans of the fleet are spread."""
    ended = TI_FINISH.select(STATE % "|".join(FINISHED))
    return (
        Group("airflow_statsd_ends", (_counted(DAG_TI_FINISH, ended, *_PER_DAG, STATE),)),
        Group(
            "airflow_statsd_starts",
            (
                _counted(DAG_TI_START, TI_START.select(), *_PER_DAG),
                _counted(OPERATOR_FAILURES_TOTAL, OPERATOR_FAILURES.select(), INSTANCE, OPERATOR_NAME),
                _counted(OPERATOR_SUCCESSES_TOTAL, OPERATOR_SUCCESSES.select(), INSTANCE, OPERATOR_NAME),
            ),
        ),
        Group(
            "airflow_statsd_durations",
            (
                *_timed(DAG_RUN_SECONDS, DAG_RUNS, DAGRUN_DURATION, STATE),
                *_timed(DAG_TASK_SECONDS, DAG_TASK_RUNS, TASK_DURATION),
            ),
        ),
        Group(
            "airflow_statsd_waits",
            (
                *_timed(DAG_QUEUED_SECONDS, DAG_QUEUED, TASK_QUEUED_DURATION),
                *_timed(DAG_SCHEDULED_SECONDS, DAG_SCHEDULED, TASK_SCHEDULED_DURATION),
            ),
        ),
        Group("airflow_statsd_usual", (*_usual(settings), _drop_share())),
    )


def _counted(metric: Metric, counter: str, *labels: Label) -> Record:
    return Record(metric, total(events(counter, _WINDOW), *labels))


def _timed(seconds: Metric, count: Metric, timer: Metric, *more: Label) -> tuple[Record, ...]:
    return (
        _counted(seconds, part(timer, SUM), *_PER_DAG, *more),
        _counted(count, part(timer, COUNT), *_PER_DAG, *more),
    )


def _usual(settings: Settings) -> tuple[Record, ...]:
    succeeded = STATE.is_("success")
    seconds, runs = (
        total(f"sum_over_time({metric.select(succeeded)}[1h])", *_PER_DAG) for metric in (DAG_RUN_SECONDS, DAG_RUNS)
    )
    mean = f"{seconds}\n/ ({runs} > 0)"
    factor, floor = (number(settings.limit(limit)) for limit in (RUN_DURATION_FACTOR, RUN_DURATION_FLOOR))
    return (
        # At each full hour the mean of the hour before has every run once, and 8 days are 192 hours to read.
        Record(DAG_RUN_HOURLY_MEAN, f"{mean}\nand on () minute() < {_HOURLY_MINUTES}"),
        # Eight, not seven: when the run of a weekly DAG takes longer, that of the week before ended earlier.
        Record(DAG_RUN_USUAL, f"max_over_time({DAG_RUN_HOURLY_MEAN.select()}[8d] offset 1h)"),
        # A usual duration below one second counts as one: nothing is infinitely often longer.
        Record(
            DAG_RUN_ABOVE_USUAL,
            f"({mean} > {floor})\n/ {on(*_PER_DAG)} clamp_min({DAG_RUN_USUAL.select()}, 1) > {factor}",
        ),
    )


def _drop_share() -> Record:
    dropped, mapped = (
        total(f"increase({STATSD_EVENTS_ACTIONS.select(*chosen)}[1h])", INSTANCE)
        for chosen in ((ACTION.is_("drop"),), ())
    )
    return Record(EXPORTER_DROP_SHARE, f"{dropped}\n/ ({mapped} > 0)")
