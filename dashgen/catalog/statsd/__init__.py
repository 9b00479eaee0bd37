"""What Airflow says of itself over StatsD, as the exporter's mapping names it.

Neither the plugin nor the sweeper imports this package: it would only cost them time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashgen.catalog.statsd import (
    capacity,
    dag_processing,
    dags,
    exporter,
    internals,
    providers,
    resumable_jobs,
    scheduler,
    tasks,
)
from dashgen.catalog.terms import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.catalog.model import Metric

AIRFLOW_METRICS = (
    *scheduler.METRICS,
    *dag_processing.METRICS,
    *capacity.METRICS,
    *dags.METRICS,
    *tasks.METRICS,
    *resumable_jobs.METRICS,
    *providers.METRICS,
    *internals.METRICS,
)
METRICS = (*AIRFLOW_METRICS, *exporter.METRICS)

# What Airflow sends, or its registry lists, and the catalog leaves out on purpose; the mapping drops it.
EXCLUDED = {
    "dag_processing.processes": "It goes up and down by one, which no Prometheus counter can: the exporter refuses "
    "every fall as an error, and what is left means nothing.",
    "dag_file_processor_timeouts": "The older name of dag_processing.processor_timeouts; Airflow 2.11 sends both.",
}


def as_histograms(metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """Return the metrics with every summary made a histogram, for a mapping whose timers are histograms."""
    return tuple(
        replace(metric, type=MetricType.HISTOGRAM) if metric.type is MetricType.SUMMARY else metric
        for metric in metrics
    )
