"""Every query of the platform's dashboards and alerts, on what a real Prometheus saw of real Airflows."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.labels import DAG_ID
from dashgen.catalog.recorded_statsd import DAG_RUN_ABOVE_USUAL, DAG_RUN_USUAL
from dashgen.catalog.statsd import AIRFLOW_METRICS
from dashgen.catalog.statsd.exporter import (
    STATSD_CONFIG_RELOADS,
    STATSD_EVENTS_CONFLICT,
    STATSD_EVENTS_ERROR,
    STATSD_SAMPLE_ERRORS,
)
from dashgen.promql import parse
from dashgen.render.grafana import dashboard_json
from dashgen.render.prometheus import alerts_of
from tests import grafana, servers
from tests.e2e.scenarios import AIRFLOW_3
from tests.e2e.statsd import made_for
from tests.e2e.statsd_cannot import CANNOT, MAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashgen.dashboards.model import Dashboard
    from dashgen.rules.model import Alert
    from tests.e2e.performance import Performance
    from tests.servers import Prometheus

PROJECT = made_for(AIRFLOW_3)
BOARDS = tuple(board for board in PROJECT.dashboards if board.key in {"platform", "dags"})
ALERTS = tuple(alert for alert in alerts_of(PROJECT) if alert.panel.partition("/")[0] in {"platform", "dags"})
# As a dashboard opens, and with one DAG chosen, as it is called with tags and without: some panels are about one.
VIEWS: Sequence[dict[str, str]] = ({}, {DAG_ID.name: "e2e.retry"}, {DAG_ID.name: "e2e"})
NOTHING = "scrape_configs: []\n"


def perhaps() -> Iterator[str]:
    """Yield the names of metrics of which there may be no series, for the reasons that other tests hold."""
    for metric in AIRFLOW_METRICS:
        versions = {version for line in metric.statsd for version in line.versions}
        if metric in MAY or all(metric in CANNOT[version] for version in versions):
            yield from (f"{metric.name}{suffix}" for suffix in ("", "_sum", "_count"))
    # What was usual before the last hour, and a run that takes far longer than that.
    yield from (metric.name for metric in (DAG_RUN_USUAL, DAG_RUN_ABOVE_USUAL))
    # No line is lost, and no mapping changes.
    yield from (
        metric.name
        for metric in (STATSD_SAMPLE_ERRORS, STATSD_EVENTS_ERROR, STATSD_EVENTS_CONFLICT, STATSD_CONFIG_RELOADS)
    )


PERHAPS = frozenset(perhaps())


@dataclass(frozen=True)
class Asked:
    """A query of a panel, and why its result may be empty."""

    board: Dashboard
    name: str
    expr: str
    instant: bool
    may_be_empty: str

    def __str__(self) -> str:
        """Read as the dashboard and the panel."""
        return f"{self.board.key}/{self.name}"


@dataclass(frozen=True)
class Past:
    """A Prometheus with what it saw of one Airflow, until that was stopped."""

    prometheus: Prometheus
    ended: float

    @property
    def window(self) -> grafana.Window:
        """The dashboards' time range."""
        return grafana.Window(self.ended)

    def empty(self, expr: str) -> set[int]:
        """Return which selectors of an expression select nothing, but for those that may: their places in it."""
        found = [(place, each) for place, each in enumerate(parse(expr).selectors) if each.name not in PERHAPS]
        return {place for place, each in found if not self.prometheus.query(str(each), at=self.ended)}

    def exprs(self, asked: Asked) -> Iterator[str]:
        """Yield the query as Grafana asks it."""
        for view in VIEWS:
            values = grafana.chosen(dashboard_json(asked.board), self.window, self.prometheus, **view)
            yield grafana.interpolated(asked.expr, values, self.window)

    def shows(self, asked: Asked) -> bool:
        """Tell whether a panel shows something."""
        return any(self._answers(expr, instant=asked.instant) for expr in self.exprs(asked))

    def _answers(self, expr: str, *, instant: bool) -> bool:
        end = self.window.end
        if instant:
            return bool(self.prometheus.query(expr, at=end))
        begin = end - self.window.seconds
        return bool(self.prometheus.query_range(expr, start=begin, end=end, step=self.window.step))


@pytest.fixture(scope="module")
def pasts(in_airflow_3: Performance, in_airflow_2: Performance) -> Iterator[Sequence[Past]]:
    """Return what was seen of each version of Airflow."""
    with ExitStack() as stack:
        yield [
            Past(stack.enter_context(servers.prometheus(seen.prometheus, NOTHING)), seen.ended)
            for seen in (in_airflow_3, in_airflow_2)
        ]


def queries() -> Iterator[Asked]:
    """Yield the queries of all panels."""
    for board in BOARDS:
        listed = dashboard_json(board)["panels"]
        drawn = {panel["id"]: panel for outer in listed for panel in (outer, *outer.get("panels", ()))}
        for panel in board.panels():
            for target in drawn[board.panel_id(panel.key)].get("targets", ()):
                name = f"{panel.key} {target['refId']}"
                yield Asked(board, name, target["expr"], target["instant"], panel.may_be_empty)


@pytest.mark.parametrize("asked", tuple(queries()), ids=str)
def test_panel(asked: Asked, pasts: Sequence[Past]) -> None:
    """It shows something of one of the Airflows, and all that it looks at is there, unless that may be missing."""
    selectors = parse(asked.expr).selectors
    empty = set.intersection(*(past.empty(expr) for past in pasts for expr in past.exprs(asked)))
    assert [str(selectors[place]) for place in empty] == []
    missing_is_fine = asked.may_be_empty or any(each.name in PERHAPS for each in selectors)
    assert missing_is_fine or any(past.shows(asked) for past in pasts)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_alert(alert: Alert, pasts: Sequence[Past]) -> None:
    """Prometheus takes its expression, and all that it looks at is there, unless that may be missing."""
    for past in pasts:
        past.prometheus.query(alert.expr, at=past.ended)
    empty = set.intersection(*(past.empty(alert.expr) for past in pasts))
    assert [str(parse(alert.expr).selectors[place]) for place in empty] == []


def test_there_are_some() -> None:
    """The dashboards and alerts are where this looks for them."""
    assert len(BOARDS) == 2
    assert len(ALERTS) > 10
