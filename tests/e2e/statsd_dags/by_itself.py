# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
# Airflow is not installed where the types are checked.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
"""What Airflow does by itself, without a person who triggers it; unchanged on Airflow 2.11 and 3.

A run on a schedule, a run by what that run made, and by that a run in which a trigger and a callback fail.
The names are those of tests/e2e/statsd.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

try:
    from airflow.providers.standard.triggers.file import FileTrigger
    from airflow.sdk import Asset, BaseOperator, dag, task
except ImportError:  # Airflow 2
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task
    from airflow.models.baseoperator import BaseOperator
    from airflow.triggers.file import FileTrigger

made, used = Asset("s3://e2e/made"), Asset("s3://e2e/used")
always = {"start_date": datetime(2026, 1, 1, tzinfo=timezone.utc), "catchup": False}


# The first task in Airflow 3 meets an API server that warms up.
@dag("scheduled", schedule=timedelta(hours=1), default_args={"retries": 2, "retry_delay": timedelta(0)}, **always)
def scheduled() -> None:
    """Make something."""

    @task(outlets=[made])
    def make() -> None:
        pass

    make()


@dag("triggered", schedule=[made], **always)
def triggered() -> None:
    """Run when it is made."""

    @task(outlets=[used])
    def use() -> None:
        pass

    use()


class Doomed(BaseOperator):
    """Wait for a trigger that fails."""

    def execute(self, context: object) -> None:  # noqa: ARG002  (Airflow's signature)
        """Defer to one that looks for no file."""
        self.defer(trigger=FileTrigger(filepath=None), method_name="resume")


def complain(context: object) -> None:  # noqa: ARG001  (Airflow's signature)
    """Fail, as a callback should not.

    Raises:
        ValueError: always.

    """
    raise ValueError("a callback that fails")


@dag("doomed", schedule=[used], on_failure_callback=complain, **always)
def doomed() -> None:
    """Fail in the triggerer, and then in the callback."""
    Doomed(task_id="work")


scheduled()
triggered()
doomed()
