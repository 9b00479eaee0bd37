"""A real Airflow with the plugin, the sweeper's DAG and the example DAGs, beside the servers."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen.catalog.labels import PUSHGATEWAY_SWEEPER
from tests.e2e.airflow import airflow_3
from tests.e2e.databases import Sqlite
from tests.environments import run
from tests.statsd_exporter import sending

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.stack import Ports, Stack
    from tests.e2e.airflow import Deployment

DAGS = Path(__file__).with_name("dags")
INSTANCE = "demo"
SWEEPER = PUSHGATEWAY_SWEEPER.name
# Those of the files; one file has none, as it can't be imported.
NAMES = frozenset({"sales_orders", "sales_report", "billing_invoices", "rates_import", "customer_exports", SWEEPER})
# Beside its own, Airflow takes a processor for each; on SQLite its writers wait for each other.
TASKS_AT_ONCE = 5


@contextmanager
def running(folder: Path, wheel: Path, dashgen: Path, stack: Stack, ports: Ports) -> Iterator[Deployment]:
    """Run Airflow, on a copy of the environment in ``.tools`` with the built package, until its DAGs are known.

    Raises:
        AirflowError: it does not start; the message holds the last words.
        CommandError: a command by which it is made fails; the message holds what it printed.
        MissingProgramError: there is no Airflow; the message says what installs it.

    """
    run(dashgen, "init", "--airflow", folder / "deployment", cwd=folder)
    dags = shutil.copytree(DAGS, folder / "example_dags", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(folder / "deployment" / "dags", dags, dirs_exist_ok=True)
    settings = {
        **sending((stack.out / "statsd" / "airflow.env").read_text(encoding="utf-8"), ports.statsd),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__PARALLELISM": str(TASKS_AT_ONCE),
        # The first task meets an API server that warms up.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        # That panels on parsing live; less often than by default, for the sake of small machines.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW_VAR_PROMETHEUS_INSTANCE_NAME": INSTANCE,
        "AIRFLOW_VAR_ENABLE_V2_GAUGES": "true",
    }
    database = Sqlite(folder / "airflow.db")
    with airflow_3(folder, wheel, database, stack.pushgateway.url, ports.airflow, **settings) as deployment:
        deployment.wait("the DAGs", lambda: database.dags() >= NAMES)
        yield deployment
