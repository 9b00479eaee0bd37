"""Every test here runs a real Airflow."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.performance import Performance, performed
from tests.e2e.scenarios import AIRFLOW_2, AIRFLOW_3

HERE = Path(__file__).parent
ONE_PROCESS = frozenset({"test_dags_test.py", "test_sweeper_dag.py"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder, and those that run more of Airflow than one process of it."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)
            if item.path.name not in ONE_PROCESS:
                item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def in_airflow_3(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Performance:
    """Perform all scenarios in Airflow 3."""
    return performed(AIRFLOW_3, tmp_path_factory, wheel)


@pytest.fixture(scope="session")
def in_airflow_2(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Performance:
    """Perform all scenarios in Airflow 2."""
    return performed(AIRFLOW_2, tmp_path_factory, wheel)


@pytest.fixture
def performance(request: pytest.FixtureRequest, version: str) -> Performance:
    """Return what came of the scenarios in a version; made once, although many tests ask for it."""
    made: Performance = request.getfixturevalue({AIRFLOW_3: "in_airflow_3", AIRFLOW_2: "in_airflow_2"}[version])
    return made
