"""All built-in alert rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.rules.alerts_dags import dag_alerts
from dashgen.rules.alerts_gateway import gateway_alerts
from dashgen.rules.alerts_pipeline import pipeline_alerts, watchdog
from dashgen.rules.alerts_platform import heartbeat_alerts
from dashgen.rules.alerts_platform_capacity import capacity_alerts
from dashgen.rules.alerts_platform_dags import run_alerts
from dashgen.rules.alerts_platform_parsing import parsing_alerts
from dashgen.rules.alerts_platform_tasks import instance_alerts
from dashgen.rules.alerts_statsd import exporter_alerts
from dashgen.rules.alerts_sweeper import sweeper_alerts
from dashgen.rules.alerts_task_times import task_time_alerts
from dashgen.rules.alerts_tasks import task_alerts
from dashgen.rules.model import Group

if TYPE_CHECKING:
    from dashgen.settings import Settings


def alerts(settings: Settings) -> tuple[Group, ...]:
    """Define the alert rules."""
    return (
        Group("task_alerts", (*task_alerts(), *task_time_alerts(settings))),
        Group("dag_alerts", dag_alerts(settings)),
        Group("gateway_alerts", gateway_alerts(settings)),
        Group("pipeline_alerts", pipeline_alerts(settings)),
        *((Group("sweeper_alerts", sweeper_alerts(settings)),) if settings.per_run else ()),
        *(_statsd(settings) if settings.statsd.enabled else ()),
        Group("watchdog", (watchdog(),)),
    )


def _statsd(settings: Settings) -> tuple[Group, ...]:
    platform = (*heartbeat_alerts(), *parsing_alerts(settings), *capacity_alerts())
    return (
        Group("platform_alerts", platform),
        Group("platform_run_alerts", (*run_alerts(settings), *instance_alerts(settings))),
        Group("statsd_exporter_alerts", exporter_alerts(settings)),
    )
