"""What every test may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.environments import build_wheel
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the root of the repository."""
    return CHECKOUT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the package as it would be published, built from the checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes long, so that no worker comes to it last."""
    items.sort(key=lambda item: item.get_closest_marker("integration") is None)
