"""The package inside Airflow's own environment."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.environments import install, installed, run
from tests.programs import TOOLS, MissingProgramError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["3.3.2", "2.11.2"])
def airflow(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of an environment in which nothing but Airflow was asked for."""
    made = TOOLS / f"airflow-{request.param}"
    if not (made / ".installed").exists():
        raise MissingProgramError(f"there is no Airflow {request.param} in {made}: `make test` installs it")
    copy = tmp_path / "airflow"
    shutil.copytree(made, copy, symlinks=True)
    return copy


def test_installs_without_moving_a_package(airflow: Path, wheel: Path, tmp_path: Path) -> None:
    """Installing beside Airflow changes and removes nothing there, and works."""
    before = installed(airflow)
    install(wheel, airflow)

    assert any(line.startswith("apache-airflow==") for line in before)
    assert before - installed(airflow) == set()
    run(airflow / "bin/python", "-c", "import dashgen.catalog", cwd=tmp_path)
    run(airflow / "bin/dashgen", "--version", cwd=tmp_path)
