"""Servers and the built package."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import fleet, servers, watched_fleet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture
def start_prometheus(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., servers.Prometheus]]:
    """Return a function from a configuration (and flags) to a running Prometheus."""
    with ExitStack() as stack:

        def start(config: str, *flags: str) -> servers.Prometheus:
            folder = tmp_path_factory.mktemp("prometheus")
            return stack.enter_context(servers.prometheus(folder, config, *flags))

        yield start


@pytest.fixture
def start_alertmanager(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], servers.Server]]:
    """Return a function from a configuration to a running Alertmanager."""
    with ExitStack() as stack:

        def start(config: str) -> servers.Server:
            folder = tmp_path_factory.mktemp("alertmanager")
            return stack.enter_context(servers.alertmanager(folder, config))

        yield start


@pytest.fixture
def pushgateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Pushgateway]:
    """Return a running, empty Pushgateway."""
    with servers.pushgateway(tmp_path_factory.mktemp("pushgateway")) as running:
        yield running


@pytest.fixture(scope="session")
def fleet_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    """Return a Prometheus that scrapes a fleet of 20,000 tasks and evaluates the generated rules."""
    with watched_fleet.watched(tmp_path_factory.mktemp("fleet"), fleet.Fleet()) as running:
        yield running


@pytest.fixture(scope="session")
def statsd_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Prometheus]:
    """Return a Prometheus that scrapes the exporter of a fleet and evaluates the generated rules.

    It has more DAGs than a panel may have series. Tasks are bounded in the same queries: few will do.
    """
    size = fleet.Fleet(dags=600, tasks_per_dag=5)
    with watched_fleet.statsd_watched(tmp_path_factory.mktemp("statsd_fleet"), size) as running:
        yield running
