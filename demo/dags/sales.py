# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
# Airflow is not installed where the types are checked.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
"""DAGs that are well: one on a schedule, one that runs whenever the first has made something, and one that skips."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

from airflow.providers.standard.sensors.time_delta import WaitSensor
from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowSkipException

ORDERS = Asset("s3://shop/orders")
ALWAYS = {
    "start_date": datetime(2026, 1, 1, tzinfo=timezone.utc),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 2, "retry_delay": timedelta(seconds=10)},
}


@dag("sales_orders", schedule=timedelta(minutes=2), **ALWAYS)
def orders() -> None:
    """Wait for the shop, and load its orders."""

    @task
    def extract() -> int:
        """Read them.

        Returns:
            How many there are.

        """
        time.sleep(5)
        return 1200

    @task(outlets=[ORDERS])
    def load(number: int) -> None:
        """Write them."""
        print(number, "orders")  # noqa: T201  (for the task's log)

    # It waits in the triggerer, and takes no slot meanwhile.
    wait = WaitSensor(task_id="wait_for_shop", time_to_wait=timedelta(seconds=10), deferrable=True)
    number = extract()
    wait >> number
    load(number)


@dag("sales_report", schedule=[ORDERS], **ALWAYS)
def report() -> None:
    """Report what was loaded, and mail it on Mondays only."""

    @task
    def summarise() -> None:
        """Sum up."""

    @task
    def mail() -> None:
        """Send it.

        Raises:
            AirflowSkipException: it is not the time.

        """
        raise AirflowSkipException("not today")

    summarise() >> mail()


orders()
report()
