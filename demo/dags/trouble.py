# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
# Airflow is not installed where the types are checked.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
"""DAGs that are not well, each in its own way: the panels and alerts of all that needs a person."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag, task

ALWAYS = {"start_date": datetime(2026, 1, 1, tzinfo=timezone.utc), "catchup": False, "max_active_runs": 1}
SCHEDULE = timedelta(minutes=5)
CUSTOMERS = ("north", "south", "west")
LONG_SECONDS = 1800


@dag("billing_invoices", schedule=SCHEDULE, **ALWAYS)
def invoices() -> None:
    """Fail for good, and so keep another task from running."""
    make = BashOperator(task_id="make", bash_command="echo 'no such table: prices' >&2; exit 1")
    send = BashOperator(task_id="send", bash_command="true")
    make >> send


@dag("rates_import", schedule=SCHEDULE, **ALWAYS)
def rates() -> None:
    """Fail at first, and succeed when it is tried again."""

    @task(retries=2, retry_delay=timedelta(minutes=1))
    def download(ti: Any = None) -> None:  # noqa: ANN401  (Airflow's own, which is not there where types are checked)
        """Ask a server that is often busy.

        Raises:
            ConnectionError: it is, the first time.

        """
        if ti.try_number == 1:
            raise ConnectionError("503 Service Unavailable")

    download()


@dag("customer_exports", schedule=SCHEDULE, **ALWAYS)
def exports() -> None:
    """Fail for one of several customers, and work on at another one for long."""

    @task
    def export(customer: str) -> None:
        """Export one customer's data.

        Raises:
            PermissionError: this one's can't be written.

        """
        if customer == "south":
            raise PermissionError("the bucket of south can't be written")
        if customer == "west":
            # So that it reports last.
            time.sleep(15)

    @task
    def archive() -> None:
        """Take very long."""
        time.sleep(LONG_SECONDS)

    export.expand(customer=list(CUSTOMERS))
    archive()


invoices()
rates()
exports()
