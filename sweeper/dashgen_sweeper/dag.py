"""The DAG ``pushgateway_sweeper`` for Airflow 2.11 and 3: a sweep a day, or by hand with parameters.

A DAG file of one line uses it; the comment holds the word that Airflow looks for before it
reads a file, and keeps linters from removing the line::

    from dashgen_sweeper.dag import sweeper  # noqa: F401  (for Airflow)
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from typing import Any

from dashgen.catalog.labels import PUSHGATEWAY_SWEEPER

try:
    from airflow.sdk import Param, dag, get_current_context, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task
    from airflow.models.param import Param
    from airflow.operators.python import get_current_context

SECONDS_PER_MINUTE = 60
MOST_LISTED = 100

log = logging.getLogger(__name__)


class SweepFailedError(Exception):
    """A sweep that left what it should have removed."""


@dag(
    dag_id=PUSHGATEWAY_SWEEPER.name,
    description="Removes expired per-run groups from the Pushgateway",
    schedule="@daily",
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
    params={
        "max_age_mins": Param(1440, type="number", exclusiveMinimum=0, description="Groups not pushed to for longer"),
        "dry_run": Param(default=False, type="boolean", description="Delete nothing; only tell"),
        "jobs": Param(
            default=[],
            type="array",
            items={"type": "string"},
            description="Regular expressions of jobs, instead of those of single runs",
        ),
    },
    tags=["dashgen"],
)
def _sweeper() -> None:
    # One value: Airflow would take the result apart into an XCom for each of its keys.
    @task(multiple_outputs=False)
    def sweep() -> dict[str, Any]:
        """Sweep as the run's parameters say, and return what was done."""
        params = get_current_context()["params"]
        return swept(params["max_age_mins"] * SECONDS_PER_MINUTE, params["jobs"], dry_run=params["dry_run"])

    sweep()


def swept(max_age: float, jobs: list[str], *, dry_run: bool) -> dict[str, Any]:
    """Sweep the gateway that the plugin pushes to; return what was done, with the first groups of each list.

    Raises:
        SweepFailedError: something stayed, or the gateway's groups contradict each other.
        ValueError: a parameter or the gateway's address can't be used.
        RefusedError, ListingError, OSError, http.client.HTTPException: as :func:`dashgen_sweeper.run.run`.

    """
    # Not at the top: a DAG file is read every few seconds, and run once a day.
    from dashgen.pushgateway.address import Address  # noqa: PLC0415
    from dashgen_plugin import environment  # noqa: PLC0415
    from dashgen_sweeper import run as running  # noqa: PLC0415
    from dashgen_sweeper.sweep import Options, Result  # noqa: PLC0415

    url, ca_file, instance = running.target()
    if not url:
        raise ValueError(f"which Pushgateway is not said: set {environment.URL}")
    selection = running.selection(max_age, jobs)
    options = Options(Address.parse(url), selection, ca_file=ca_file, dry_run=dry_run)
    log.info("sweeping %s", options.address)
    result = Result()
    running.run(options, instance, result)
    # It is stored in Airflow's database, where 100,000 groups have no business.
    summary = {
        key: value[:MOST_LISTED] if isinstance(value, list) else value
        for key, value in running.summary(result, dry_run=dry_run).items()
    }
    if not result.clean:
        raise SweepFailedError(str(summary))
    return summary


sweeper = _sweeper()
