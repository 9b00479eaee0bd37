"""Alertmanager's configuration: how alerts are grouped, and which ones others make superfluous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import ALERTNAME, DAG_ID, INSTANCE
from dashgen.render.prometheus import alerts_of
from dashgen.templating import render

if TYPE_CHECKING:
    from dashgen.definitions import Project

PATH = "alertmanager/alertmanager.yml"


def files(project: Project) -> dict[str, str]:
    """Render Alertmanager's configuration."""
    alerts = alerts_of(project)
    heartbeats = "|".join(alert.name for alert in alerts if alert.heartbeat)
    inhibitions = [
        {
            "source": str(ALERTNAME.is_(alert.name)),
            "targets": [str(matcher) for matcher in alert.inhibits.targets],
            "equal": [str(label) for label in alert.inhibits.equal],
        }
        for alert in alerts
        if alert.inhibits
    ]
    text = render(
        "alertmanager/alertmanager.yml.j2",
        group_by=[str(INSTANCE), str(DAG_ID)],
        heartbeats=str(ALERTNAME % heartbeats) if heartbeats else "",
        inhibitions=inhibitions,
    )
    return {PATH: text}
