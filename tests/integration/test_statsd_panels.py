"""Every query of the dashboards on StatsD's metrics, on an exporter of a fleet that is all at work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from dashgen import project
from dashgen.catalog.statsd.exporter import STATSD_LOADED_MAPPINGS
from dashgen.dashboards import dags, platform
from dashgen.settings import Settings
from tests import fleet, grafana, watched_fleet
from tests.asked import Asked, queries, rendered
from tests.e2e.stack_cannot import CANNOT, MAY
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers import Prometheus

MOST_SERIES = 500

# The annotation of firing alerts is every dashboard's.
ALERTS = "Alerts"
KEYS = (platform.KEY, dags.KEY)
PROJECT = project.load(Settings(), CHECKOUT)
BOARDS = {key: board for key, board in rendered(PROJECT).items() if key in KEYS}
QUERIES = tuple(asked for asked in queries(PROJECT) if asked.board in KEYS and asked.name != ALERTS)
ONE_DAG = "dag_0002"
# How each dashboard is looked at: as it opens, and with one DAG chosen.
VIEWS: dict[str, dict[str, str]] = {"as it opens": {}, "of one DAG": {"dag_id": ONE_DAG}}
# Everything has happened there, but nothing has a usual yet. Only without one chosen DAG there are no tasks
# of it, and without tags one metric does not say the DAG.
EMPTY = {
    "as it opens": {f"{dags.KEY}/above-usual", f"{dags.KEY}/tasks-of-dag"},
    "of one DAG": {f"{dags.KEY}/above-usual", f"{dags.KEY}/first-task-start"},
}


@pytest.fixture(scope="module")
def statsd_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Return a Prometheus that scrapes the exporter of a fleet and evaluates the generated rules.

    It has more DAGs than a panel may have series. Tasks are bounded in the same queries: few will do.
    """
    size = fleet.Fleet(dags=600, tasks_per_dag=5)
    with watched_fleet.statsd_watched(tmp_path_factory.mktemp("statsd_fleet"), size) as running:
        yield running


@pytest.fixture(scope="module")
def window(statsd_prometheus: Prometheus) -> grafana.Window:
    """Return the last six hours, once the fleet is there."""
    assert statsd_prometheus.query(STATSD_LOADED_MAPPINGS.select())
    return grafana.Window(time.time())


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("asked", QUERIES, ids=str)
def test_query(asked: Asked, view: str, statsd_prometheus: Prometheus, window: grafana.Window) -> None:
    """It is no error, and returns some series, at most 500."""
    values = grafana.chosen(BOARDS[asked.board], window, statsd_prometheus, **VIEWS[view])
    found = asked.ask(statsd_prometheus, grafana.interpolated(asked.expr, values, window), window)
    panel = str(asked).partition(" ")[0]
    assert bool(found) is (panel not in EMPTY[view])
    assert len(found) <= MOST_SERIES


def test_what_no_real_run_shows_is_asked_here() -> None:
    """Each panel that may be empty in the run of everything is one of those above that return something."""
    panels = {
        str(panel.content.title): f"{board.key}/{panel.key}"
        for board in PROJECT.dashboards
        for panel in board.panels()
        if board.key in KEYS
    }
    asked = {str(asked).partition(" ")[0] for asked in QUERIES}
    assert {panels.get(title) for title in (*CANNOT, *MAY)} <= asked - (EMPTY["as it opens"] & EMPTY["of one DAG"])


@pytest.mark.parametrize("board", BOARDS)
def test_variables(board: str, statsd_prometheus: Prometheus, window: grafana.Window) -> None:
    """Each variable offers something, and at most as many choices as there are DAGs."""
    values = grafana.chosen(BOARDS[board], window, statsd_prometheus)
    for variable in BOARDS[board]["templating"]["list"]:
        if variable["type"] == "query":
            offered = grafana.options(variable, values, window, statsd_prometheus)
            assert 0 < len(offered) <= 1000, variable["name"]
            assert all(offered)
