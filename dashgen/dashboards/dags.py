"""The dashboard of DAGs over StatsD: durations, delays and outcomes of every run and try, counted as they happen.

Graphs of the whole fleet read recorded totals per DAG; tasks are read one by one only where one
DAG is chosen, or for the last hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE
from dashgen.catalog.recorded_statsd import DAG_RUNS, DAG_TI_FINISH, DAG_TI_START
from dashgen.catalog.statsd.dags import DAGRUN_DURATION
from dashgen.catalog.statsd.exporter import STATSD_LOADED_MAPPINGS
from dashgen.catalog.statsd.tasks import TI_FINISH, TI_START
from dashgen.dashboards import variables
from dashgen.dashboards.dags_runs import delays, runs
from dashgen.dashboards.dags_tasks import one_dag, tasks, waits
from dashgen.dashboards.model import Dashboard, Panel, Row
from dashgen.dashboards.panels import stat
from dashgen.dashboards.pipeline import alert_annotation
from dashgen.dashboards.platform_scope import (
    DAGS_UID,
    EXPORTER,
    FAILED,
    OF_DAGS,
    OF_EXPORTER,
    PLATFORM_UID,
    RETRIED,
    SUCCEEDED,
    counted,
)
from dashgen.dashboards.queries import steps
from dashgen.dashboards.scope import FLEET_UID, PER_RUN_UID

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Matcher
    from dashgen.settings import Settings

KEY = "dags"


def dags(settings: Settings) -> Dashboard:
    """Define the dashboard of DAGs."""
    return Dashboard(
        key=KEY,
        file=f"airflow_{KEY}.json",
        uid=DAGS_UID,
        title="Airflow DAGs (StatsD)",
        description="Durations, delays and outcomes of DAG runs and tasks. For the person whose DAGs they are.",
        tags=("airflow", "dashgen"),
        variables=(
            variables.datasource(settings),
            variables.values(INSTANCE, STATSD_LOADED_MAPPINGS.select(), name=EXPORTER),
            variables.values(DAG_ID, DAG_TI_START.select(*OF_EXPORTER)),
            variables.airflow_url(settings),
        ),
        annotations=(alert_annotation(),),
        links=(
            variables.to_dashboard("Platform (StatsD)", PLATFORM_UID),
            variables.to_dashboard("V3: the fleet", FLEET_UID),
            *((variables.to_dashboard("V2: one run", PER_RUN_UID),) if settings.per_run else ()),
            *((variables.to_source(settings.source_url),) if settings.source_url else ()),
        ),
        rows=(
            Row("totals-row", "In the time range", _totals()),
            Row("runs-row", "DAG runs", runs(settings)),
            Row("delays-row", "Delays", delays(settings)),
            Row("tasks-row", "Tasks", tasks()),
            Row("waits-row", "What tasks wait for", waits()),
            Row("one-dag-row", "Tasks of one DAG", one_dag(settings)),
        ),
    )


def _totals() -> tuple[Panel, ...]:
    def in_range(recorded: Metric, *matchers: Matcher) -> str:
        return f"sum({counted(recorded, matchers=(*OF_DAGS, *matchers))})"

    failed, succeeded = in_range(DAG_TI_FINISH, FAILED), in_range(DAG_TI_FINISH, SUCCEEDED)
    return (
        _total("Runs failed", "runs-failed", DAGRUN_DURATION, in_range(DAG_RUNS, FAILED), "red"),
        _total("Runs succeeded", "runs-succeeded", DAGRUN_DURATION, in_range(DAG_RUNS, SUCCEEDED)),
        _total("Tries started", "tries-started", TI_START, in_range(DAG_TI_START)),
        _total("Tries failed for good", "tries-failed", TI_FINISH, failed, "red"),
        _total("Tries retried", "tries-retried", TI_FINISH, in_range(DAG_TI_FINISH, RETRIED), "yellow"),
        stat(
            "Share of failures",
            key="failure-share",
            metric=TI_FINISH,
            expr=f"({failed} or 0 * {succeeded}) / ({succeeded} + ({failed} or 0 * {succeeded}) > 0)",
            what="Share of the task instances that ended for good which failed, in the time range.",
            unit="percentunit",
            decimals=1,
            thresholds=steps("green", (0.01, "orange"), (0.1, "red")),
            background=True,
            may_be_empty="No task has ended in the time range.",
        ),
    )


def _total(title: str, key: str, metric: Metric, expr: str, alarming: str = "") -> Panel:
    return stat(
        title,
        key=key,
        metric=metric,
        expr=f"round({expr})",
        what=f"{title}, in the time range.",
        unit="none",
        decimals=0,
        thresholds=steps("green", (1, alarming)) if alarming else steps("text"),
        background=bool(alarming),
        no_value="none",
        may_be_empty="None has happened since the exporter was started.",
    )
