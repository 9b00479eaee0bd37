"""Every test here runs a real Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.scenarios import AIRFLOW_2, AIRFLOW_3

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="module")
def in_airflow_3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Any:  # noqa: ANN401  (each module has its own)
    """Do what the module's ``performed`` does, in Airflow 3; return what came of it."""
    return request.module.performed(AIRFLOW_3, tmp_path_factory, wheel)


@pytest.fixture(scope="module")
def in_airflow_2(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Any:  # noqa: ANN401  (as above)
    """Do what the module's ``performed`` does, in Airflow 2; return what came of it."""
    return request.module.performed(AIRFLOW_2, tmp_path_factory, wheel)


@pytest.fixture
def performance(request: pytest.FixtureRequest, version: str) -> Any:  # noqa: ANN401  (as above)
    """Return what came of that in a version; made once, although many tests ask for it."""
    return request.getfixturevalue({AIRFLOW_3: "in_airflow_3", AIRFLOW_2: "in_airflow_2"}[version])
