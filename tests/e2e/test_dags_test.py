"""`airflow dags test`: one process without a scheduler, on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import servers
from tests.e2e import gateway_state
from tests.e2e.airflow import Installation, make
from tests.e2e.databases import Sqlite
from tests.e2e.expected import Expected
from tests.e2e.scenarios import AIRFLOW_3, VERSIONS

if TYPE_CHECKING:
    from pathlib import Path

DAG = "e2e.group"


@pytest.mark.parametrize("version", VERSIONS)
def test_dags_test(version: str, tmp_path: Path, wheel: Path) -> None:
    """The task's state and the run's arrive; what only a scheduler's session tells does not."""
    folder, gateways = tmp_path / "airflow", tmp_path / "gateway"
    folder.mkdir()
    gateways.mkdir()
    with servers.pushgateway(gateways) as gateway:
        installation = Installation(version, folder, Sqlite(folder / "airflow.db"), gateway.url)
        make(installation, wheel)
        installation.airflow("dags", "test", DAG)

        rows = installation.database.rows()
        (run,) = rows.runs
        expected = Expected(DAG, own_times=version == AIRFLOW_3, lab=False)
        expected.tasks("task_running", *rows.tasks)
        expected.tasks("task_success", *rows.tasks)
        expected.ended(run, rows.tasks, reconciled=False)
        assert expected.difference(gateway_state.read(gateway)) == ""
    assert [line for line in installation.said() if "calling listener" in line or "dashgen" in line] == []
