"""Every query of a project's dashboards, to be asked as Grafana asks it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashgen.build import build
from dashgen.render.grafana import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.definitions import Project
    from tests.grafana import Window
    from tests.servers import Prometheus, Sample


@dataclass(frozen=True)
class Asked:
    """A query: of which dashboard, panel or annotation, and why its result may be empty."""

    board: str
    name: str
    expr: str
    instant: bool
    may_be_empty: str = ""

    def __str__(self) -> str:
        """Read as the dashboard and the panel."""
        return f"{self.board}/{self.name}"

    def ask(self, server: Prometheus, expr: str, window: Window) -> tuple[Sample | object, ...]:
        """Ask it, with values in place of its variables, over the window or at its end."""
        if self.instant:
            return tuple(server.query(expr, at=window.end))
        found = server.query_range(expr, start=window.end - window.seconds, end=window.end, step=window.step)
        return tuple(found)


def rendered(project: Project) -> Mapping[str, Any]:
    """Return the project's dashboards as Grafana reads them, by key."""
    files = build(project).files
    return {board.key: json.loads(files[path_of(board)]) for board in project.dashboards}


def queries(project: Project) -> Iterator[Asked]:
    """Yield the queries of the project's dashboards."""
    boards = rendered(project)
    for board in project.dashboards:
        defined = {board.panel_id(panel.key): panel for panel in board.panels()}
        data = boards[board.key]
        panels = [inner for panel in data["panels"] for inner in (panel, *panel.get("panels", ()))]
        for panel in (panel for panel in panels if panel["type"] != "row"):
            definition = defined[panel["id"]]
            for target in panel.get("targets", ()):
                name = f"{definition.key} {target['refId']}"
                yield Asked(board.key, name, target["expr"], target["instant"], definition.may_be_empty)
        for annotation in data["annotations"]["list"]:
            yield Asked(board.key, annotation["name"], annotation["expr"], instant=False, may_be_empty="No event.")
