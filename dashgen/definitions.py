"""The contract between a project and the modules that define it.

A module, ours or a user's, has one function ``define(settings) -> Definitions``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.model import Catalog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.catalog.model import Event, Metric
    from dashgen.dashboards.model import Dashboard
    from dashgen.rules.model import Group
    from dashgen.settings import Settings


@dataclass(frozen=True)
class Definitions:
    """What a module adds: metrics, events, dashboards, recording and alert groups."""

    metrics: tuple[Metric, ...] = ()
    events: tuple[Event, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    recording: tuple[Group, ...] = ()
    alerts: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Project:
    """Everything that a build is made from: the settings and all definitions, in order."""

    settings: Settings
    catalog: Catalog
    dashboards: tuple[Dashboard, ...] = ()
    recording: tuple[Group, ...] = ()
    alerts: tuple[Group, ...] = ()


def combine(settings: Settings, parts: Iterable[Definitions]) -> Project:
    """Join the parts, in order, into one project."""
    found = tuple(parts)
    return Project(
        settings,
        Catalog(
            tuple(metric for part in found for metric in part.metrics),
            tuple(event for part in found for event in part.events),
        ),
        tuple(dashboard for part in found for dashboard in part.dashboards),
        tuple(group for part in found for group in part.recording),
        tuple(group for part in found for group in part.alerts),
    )
