"""Servers and the built package."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import servers

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
