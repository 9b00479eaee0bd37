"""Every query of the dashboards on a fleet of 20,000 tasks, asked as Grafana asks it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from dashgen import project
from dashgen.build import build
from dashgen.catalog.pipeline import UP
from dashgen.render.grafana import path_of
from dashgen.settings import Settings
from tests import grafana
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers import Prometheus

MOST_SERIES = 1000

PROJECT = project.load(Settings(), CHECKOUT)
FILES = build(PROJECT).files
BOARDS: Mapping[str, Any] = {board.key: json.loads(FILES[path_of(board)]) for board in PROJECT.dashboards}
ONE_DAG = "dag_0002"
# How each dashboard is looked at: as it opens, and with one DAG chosen.
VIEWS: Mapping[str, dict[str, str]] = {"as it opens": {}, "of one DAG": {"dag_id": ONE_DAG}}


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


def _queries() -> Iterator[Asked]:
    for board in PROJECT.dashboards:
        defined = {board.panel_id(panel.key): panel for panel in board.panels()}
        data = BOARDS[board.key]
        panels = [inner for panel in data["panels"] for inner in (panel, *panel.get("panels", ()))]
        for panel in (panel for panel in panels if panel["type"] != "row"):
            definition = defined[panel["id"]]
            for target in panel.get("targets", ()):
                name = f"{definition.key} {target['refId']}"
                yield Asked(board.key, name, target["expr"], target["instant"], definition.may_be_empty)
        for annotation in data["annotations"]["list"]:
            yield Asked(board.key, annotation["name"], annotation["expr"], instant=False, may_be_empty="No event.")


QUERIES = tuple(_queries())


@dataclass
class Clock:
    """How long queries took, in seconds, by what asked them."""

    taken: dict[str, float] = field(default_factory=dict)

    def slowest(self) -> str:
        """Name the slowest query and its time."""
        name = max(self.taken, key=lambda each: self.taken[each])
        return f"slowest of {len(self.taken)} queries: {name}, {self.taken[name]:.3f} s"


@pytest.fixture(scope="module")
def clock(request: pytest.FixtureRequest) -> Iterator[Clock]:
    """Return what notes the time of each query; the slowest is printed at the end."""
    noted = Clock()
    yield noted
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(f"\n{noted.slowest()}")


@pytest.fixture(scope="module")
def window(fleet_prometheus: Prometheus) -> grafana.Window:
    """Return the last six hours, once the fleet is there."""
    assert fleet_prometheus.query(str(UP))
    return grafana.Window(time.time())


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("asked", QUERIES, ids=str)
def test_query(asked: Asked, view: str, fleet_prometheus: Prometheus, window: grafana.Window, clock: Clock) -> None:
    """It is no error, returns at most 1,000 series, and some unless its panel says why there may be none."""
    values = grafana.chosen(BOARDS[asked.board], window, fleet_prometheus, **VIEWS[view])
    expr = grafana.interpolated(asked.expr, values, window)
    began = time.perf_counter()
    found: tuple[object, ...] = (
        fleet_prometheus.query(expr, at=window.end)
        if asked.instant
        else fleet_prometheus.query_range(expr, start=window.end - window.seconds, end=window.end, step=window.step)
    )
    clock.taken[f"{asked} {view}"] = time.perf_counter() - began
    assert len(found) <= MOST_SERIES
    assert found or asked.may_be_empty


@pytest.mark.parametrize("board", BOARDS)
def test_variables(board: str, fleet_prometheus: Prometheus, window: grafana.Window) -> None:
    """Each variable offers something, and at most 1,000 choices."""
    values = grafana.chosen(BOARDS[board], window, fleet_prometheus)
    for variable in BOARDS[board]["templating"]["list"]:
        if variable["type"] == "query":
            offered = grafana.options(variable, values, window, fleet_prometheus)
            assert 0 < len(offered) <= MOST_SERIES, variable["name"]
            assert all(offered)
