"""Dashboards as Grafana's JSON: panels laid out, numbered and put into the shell they share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attr
from grafanalib import core

from dashgen.dashboards.grafana import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.dashboards.model import Dashboard, Panel, Row

FOLDER = "grafana/dashboards"
_GRID_WIDTH = 24
_SHARED_CROSSHAIR = 1


def path_of(dashboard: Dashboard) -> str:
    """Return where the dashboard's file goes."""
    return f"{FOLDER}/{dashboard.file}"


def dashboard_json(dashboard: Dashboard) -> dict[str, Any]:
    """Return the dashboard as Grafana 11 to 13 would save it."""
    return to_json(
        core.Dashboard(
            title=dashboard.title,
            uid=dashboard.uid,
            description=dashboard.description,
            tags=list(dashboard.tags),
            editable=False,
            graphTooltip=_SHARED_CROSSHAIR,
            refresh=dashboard.refresh,
            time=core.Time(f"now-{dashboard.span}", "now"),
            timezone="browser",
            templating=core.Templating(list=list(dashboard.variables)),
            annotations=core.Annotations(list=list(dashboard.annotations)),
            links=list(dashboard.links),
            panels=_lay_out(dashboard),
        )
    )


def dump(data: object) -> str:
    """Return canonical JSON: sorted keys, two spaces, a newline at the end."""
    return json.dumps(data, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _lay_out(dashboard: Dashboard) -> list[core.Panel]:
    panels: list[core.Panel] = []
    top = 0
    for row in dashboard.rows:
        placed, bottom = _flow(dashboard, row.panels, top + 1)
        header = _header(dashboard, row, top, placed if row.collapsed else [])
        panels += [header] if row.collapsed else [header, *placed]
        # Grafana packs what follows a collapsed row right under its header.
        top = top + 1 if row.collapsed else bottom
    return panels


def _header(dashboard: Dashboard, row: Row, top: int, inside: list[core.Panel]) -> core.RowPanel:
    return core.RowPanel(
        id=dashboard.panel_id(row.key),
        title=row.title,
        collapsed=row.collapsed,
        panels=inside,
        gridPos=core.GridPos(h=1, w=_GRID_WIDTH, x=0, y=top),
    )


def _flow(dashboard: Dashboard, panels: Iterable[Panel], top: int) -> tuple[list[core.Panel], int]:
    """Place panels from left to right, in lines as high as their highest panel."""
    placed = []
    left = line_height = 0
    for panel in panels:
        if left + panel.width > _GRID_WIDTH:
            top, left, line_height = top + line_height, 0, 0
        position = core.GridPos(h=panel.height, w=panel.width, x=left, y=top)
        told = {"description": panel.description} if panel.may_be_empty else {}
        placed.append(attr.evolve(panel.content, id=dashboard.panel_id(panel.key), gridPos=position, **told))
        left, line_height = left + panel.width, max(line_height, panel.height)
    return placed, top + line_height
