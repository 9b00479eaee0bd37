"""A gateway that holds what a sweep must remove and what it must not, and nothing from the environment."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from dashgen_plugin import environment
from dashgen_sweeper import sweep
from tests import servers
from tests.integration.sweeper import gateways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.sweeper.gateways import Held


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.lower() in {"http_proxy", "https_proxy", "no_proxy", "all_proxy"} or name in environment.DEFAULTS:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for what is to go, in this process: where it must not go, every wait is for nothing."""
    monkeypatch.setattr(sweep, "SETTLE_SECONDS", (0.0, 0.1, 0.3))


@pytest.fixture(scope="session")
def aged_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a gateway that holds all groups of :mod:`gateways`, as old as they say."""
    folder = tmp_path_factory.mktemp("aged")
    gateways.store(folder, (*gateways.EXPIRED, *gateways.STAYING))
    return folder / "groups"


@pytest.fixture
def store_in(aged_store: Path, tmp_path: Path) -> Path:
    """Return a folder in which a gateway finds those groups."""
    shutil.copy(aged_store, tmp_path / "groups")
    return tmp_path


@pytest.fixture
def gateway(store_in: Path) -> Iterator[servers.Pushgateway]:
    """Return a gateway that holds those groups."""
    with servers.pushgateway(store_in) as running:
        yield running


@pytest.fixture
def before(gateway: servers.Pushgateway) -> Held:
    """Return what that gateway holds at first."""
    return gateways.held(gateway)


@pytest.fixture
def assert_swept(gateway: servers.Pushgateway, before: Held) -> Callable[[], None]:
    """Return the assertion that what has expired is gone, and all else is as it was."""

    def check() -> None:
        after = gateways.held(gateway)
        assert not gateways.keys(gateways.EXPIRED) & after.keys()
        gateways.assert_untouched(before, after)

    return check


@pytest.fixture
def assert_untouched(gateway: servers.Pushgateway, before: Held) -> Callable[[], None]:
    """Return the assertion that nothing went but what has expired."""
    return lambda: gateways.assert_untouched(before, gateways.held(gateway))
