# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
"""A user's catalog, beside the DAG files as users have it."""

from dashgen.catalog import Gauge, Source
from dashgen.catalog.labels import TASK_JOBS

METRICS = [
    Gauge(
        "rows_loaded",
        help="Rows that the task wrote",
        read="0 on a day with data is a fault",
        jobs=TASK_JOBS,
        source=Source.CUSTOM,
        owner="e2e",
    )
]
