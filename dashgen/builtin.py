"""The built-in definitions: what a project has before it adds anything of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashgen.catalog import airflow, pipeline, recorded, recorded_statsd, statsd
from dashgen.catalog.labels import STATSD_EXPORTER
from dashgen.dashboards.dags import dags
from dashgen.dashboards.platform import platform
from dashgen.dashboards.v2_per_run import per_run
from dashgen.dashboards.v3_fleet import fleet
from dashgen.definitions import Definitions
from dashgen.rules.alerts import alerts
from dashgen.rules.recording import recording

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.settings import Settings


def define(settings: Settings) -> Definitions:
    """Define the built-in catalog, dashboards and rules; V2's parts only when per_run is on."""
    only_per_run = (*pipeline.SWEEPER_METRICS, *recorded.PER_RUN_METRICS) if settings.per_run else ()
    return Definitions(
        metrics=(*airflow.METRICS, *_pipeline(settings), *recorded.METRICS, *only_per_run, *_statsd(settings)),
        events=airflow.EVENTS,
        dashboards=(
            fleet(settings),
            *((per_run(settings),) if settings.per_run else ()),
            *((platform(settings), dags(settings)) if settings.statsd.enabled else ()),
        ),
        recording=recording(settings),
        alerts=alerts(settings),
    )


def _pipeline(settings: Settings) -> tuple[Metric, ...]:
    """Return what the servers say of themselves: without statsd_exporter's job where nothing scrapes it."""
    if settings.statsd.enabled:
        return pipeline.METRICS
    return tuple(
        replace(metric, jobs=tuple(job for job in metric.jobs if job != STATSD_EXPORTER)) for metric in pipeline.METRICS
    )


def _statsd(settings: Settings) -> tuple[Metric, ...]:
    """Return what comes through statsd_exporter, its timers as the settings want them, and what is recorded of it."""
    if not settings.statsd.enabled:
        return ()
    sent = statsd.as_histograms(statsd.METRICS) if settings.statsd.timers == "histogram" else statsd.METRICS
    return (*sent, *recorded_statsd.METRICS)
