"""A deployment of either version of Airflow, on the database that it can run on."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tests.e2e.airflow import airflow_2, airflow_3
from tests.e2e.databases import Sqlite, postgres
from tests.e2e.scenarios import AIRFLOW_3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.airflow import Deployment


@contextmanager
def deployed(version: str, folder: Path, wheel: Path, gateway: str, **settings: str) -> Iterator[Deployment]:
    """Run Airflow in a folder.

    Raises:
        AirflowError: a component does not start.

    """
    with ExitStack() as stack:
        if version == AIRFLOW_3:
            database = Sqlite(folder / "airflow.db")
            yield stack.enter_context(airflow_3(folder, wheel, database, gateway, **settings))
        else:
            cluster = stack.enter_context(postgres())
            yield stack.enter_context(airflow_2(folder, wheel, cluster, gateway, **settings))
