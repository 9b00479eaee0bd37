"""The series that our recording rules make of what comes over StatsD.

A fleet of 20,000 tasks has as many counters of each kind, and more: graphs read these totals. The
expressions are in :mod:`dashgen.rules.recording_statsd`. The totals tell of the last five minutes,
in which a counter that is new counts with its first value.
"""

from __future__ import annotations

from dashgen.catalog.labels import DAG_ID, INSTANCE
from dashgen.catalog.model import Gauge, Metric
from dashgen.catalog.statsd.labels import OPERATOR_NAME, STATE
from dashgen.catalog.terms import Label, Source, Unit

_RECORDED = {"source": Source.RECORDING_RULE, "owner": "data-platform"}
_ZERO = "In five minutes; 0 when there were none, absent when the exporter knows of none at all."


def _seconds(of: str, what: str, *more: Label) -> Metric:
    return Gauge(
        f"dag:{of}_seconds_sum:increase5m",
        help=f"{what} that ended in the last five minutes, added up over the DAG",
        read="Divided by their number, it is their mean.",
        labels=(INSTANCE, DAG_ID, *more),
        unit=Unit.SECONDS,
        **_RECORDED,
    )


def _number(of: str, what: str, *more: Label) -> Metric:
    return Gauge(
        f"dag:{of}_seconds_count:increase5m",
        help=f"Number of {what} that ended in the last five minutes, over the DAG",
        read=_ZERO,
        labels=(INSTANCE, DAG_ID, *more),
        **_RECORDED,
    )


DAG_TI_FINISH = Gauge(
    "dag:airflow_ti_finish:increase5m",
    help="Tries of the DAG's task instances that ended in the last five minutes, by the state they ended in",
    read=_ZERO,
    labels=(INSTANCE, DAG_ID, STATE),
    **_RECORDED,
)
DAG_TI_START = Gauge(
    "dag:airflow_ti_start:increase5m",
    help="Tries of the DAG's task instances that started in the last five minutes",
    read=_ZERO,
    labels=(INSTANCE, DAG_ID),
    **_RECORDED,
)
DAG_RUN_SECONDS = _seconds("airflow_dagrun_duration", "Durations of the DAG's runs", STATE)
DAG_RUNS = _number("airflow_dagrun_duration", "the DAG's runs", STATE)
DAG_TASK_SECONDS = _seconds("airflow_task_duration", "Durations of tries")
DAG_TASK_RUNS = _number("airflow_task_duration", "tries")
DAG_QUEUED_SECONDS = _seconds("airflow_task_queued_duration", "Waits for a worker")
DAG_QUEUED = _number("airflow_task_queued_duration", "waits for a worker")
DAG_SCHEDULED_SECONDS = _seconds("airflow_task_scheduled_duration", "Waits for a slot")
DAG_SCHEDULED = _number("airflow_task_scheduled_duration", "waits for a slot")
OPERATOR_FAILURES_TOTAL = Gauge(
    "operator:airflow_operator_failures:increase5m",
    help="Tries that failed in the last five minutes, by the operator's class",
    read=_ZERO,
    labels=(INSTANCE, OPERATOR_NAME),
    **_RECORDED,
)
OPERATOR_SUCCESSES_TOTAL = Gauge(
    "operator:airflow_operator_successes:increase5m",
    help="Task instances that succeeded in the last five minutes, by the operator's class",
    read=_ZERO,
    labels=(INSTANCE, OPERATOR_NAME),
    **_RECORDED,
)
DAG_RUN_HOURLY_MEAN = Gauge(
    "dag:airflow_dagrun_duration_seconds:hourly",
    help="Mean duration of the DAG's runs that succeeded in the last hour, in the first minutes of each hour only",
    read="A few samples an hour, so that the usual duration need not read a week of all of them.",
    labels=(INSTANCE, DAG_ID),
    unit=Unit.SECONDS,
    **_RECORDED,
)
DAG_RUN_USUAL = Gauge(
    "dag:airflow_dagrun_duration_seconds:max8d",
    help="Usual duration of the DAG's runs: the longest hourly mean of the last eight days, the last hour left out",
    read="What a person would call normal for this DAG; one that has not succeeded for eight days has none. Eight, "
    "so that a weekly DAG has its run of the week before.",
    labels=(INSTANCE, DAG_ID),
    unit=Unit.SECONDS,
    **_RECORDED,
)
DAG_RUN_ABOVE_USUAL = Gauge(
    "dag:airflow_dagrun_duration_seconds:ratio8d",
    help="Mean duration of the DAG's runs that succeeded in the last hour as a multiple of the usual, for DAGs far "
    "above it only",
    read="Present only above both the factor and the floor of the settings; a usual duration below one second counts "
    "as one.",
    labels=(INSTANCE, DAG_ID),
    unit=Unit.RATIO,
    **_RECORDED,
)
EXPORTER_DROP_SHARE = Gauge(
    "instance:statsd_exporter_events_dropped:ratio1h",
    help="Share of the mapped events of the last hour that the mapping dropped",
    read="Level while Airflow and the mapping stay what they are; absent when nothing arrives.",
    labels=(INSTANCE,),
    unit=Unit.RATIO,
    **_RECORDED,
)

METRICS = (
    DAG_TI_FINISH,
    DAG_TI_START,
    DAG_RUN_SECONDS,
    DAG_RUNS,
    DAG_TASK_SECONDS,
    DAG_TASK_RUNS,
    DAG_QUEUED_SECONDS,
    DAG_QUEUED,
    DAG_SCHEDULED_SECONDS,
    DAG_SCHEDULED,
    OPERATOR_FAILURES_TOTAL,
    OPERATOR_SUCCESSES_TOTAL,
    DAG_RUN_HOURLY_MEAN,
    DAG_RUN_USUAL,
    DAG_RUN_ABOVE_USUAL,
    EXPORTER_DROP_SHARE,
)
