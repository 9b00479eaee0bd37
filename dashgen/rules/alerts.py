"""All built-in alert rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.rules.alerts_dags import dag_alerts
from dashgen.rules.alerts_gateway import gateway_alerts
from dashgen.rules.alerts_pipeline import pipeline_alerts, watchdog
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
        Group("watchdog", (watchdog(),)),
    )
