"""Every query of the dashboards on a fleet of 20,000 tasks, asked as Grafana asks it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from dashgen import project
from dashgen.catalog.pipeline import UP
from dashgen.settings import Settings, StatsdSettings
from tests import grafana
from tests.asked import Asked, queries, rendered
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.servers import Prometheus

MOST_SERIES = 1000

# What comes over StatsD has a fleet of its own.
PROJECT = project.load(Settings(statsd=StatsdSettings(enabled=False)), CHECKOUT)
BOARDS = rendered(PROJECT)
ONE_DAG = "dag_0002"
# How each dashboard is looked at: as it opens, and with one DAG chosen.
VIEWS: Mapping[str, dict[str, str]] = {"as it opens": {}, "of one DAG": {"dag_id": ONE_DAG}}
QUERIES = tuple(queries(PROJECT))


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
    found = asked.ask(fleet_prometheus, expr, window)
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
