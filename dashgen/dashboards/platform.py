"""The platform dashboard, for the person who runs Airflow itself: is it alive, quick and large enough.

It reads what Airflow says of itself over StatsD; what one task or DAG does is on other dashboards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE, STATSD_EXPORTER
from dashgen.catalog.pipeline import UP
from dashgen.catalog.statsd.capacity import EXECUTOR_OPEN_SLOTS, POOL_OPEN_SLOTS, POOL_SCHEDULED_SLOTS
from dashgen.catalog.statsd.dag_processing import DAG_PROCESSING_IMPORT_ERRORS
from dashgen.catalog.statsd.exporter import STATSD_LOADED_MAPPINGS
from dashgen.catalog.statsd.labels import POOL_NAME
from dashgen.catalog.statsd.scheduler import SCHEDULER_HEARTBEAT
from dashgen.catalog.statsd.tasks import TI_FAILURES, TI_SUCCESSES
from dashgen.dashboards import variables
from dashgen.dashboards.model import Dashboard, Panel, Row
from dashgen.dashboards.panels import stat
from dashgen.dashboards.pipeline import alert_annotation
from dashgen.dashboards.platform_capacity import WAITED_FOR, executors, pools, waited_for
from dashgen.dashboards.platform_exporter import exporter
from dashgen.dashboards.platform_optional import assets_and_deadlines, caches, connection_tests, lineage
from dashgen.dashboards.platform_parsing import parsing
from dashgen.dashboards.platform_scheduler import scheduler
from dashgen.dashboards.platform_scope import DAGS_UID, EXPORTER, OF_EXPORTER, PER_MINUTE, PLATFORM_UID
from dashgen.dashboards.platform_tasks import tasks
from dashgen.dashboards.platform_workers import celery, edge, kubernetes
from dashgen.dashboards.queries import steps
from dashgen.dashboards.scope import FLEET_UID
from dashgen.statsd_queries import events, total

if TYPE_CHECKING:
    from dashgen.settings import Settings

KEY = "platform"


def platform(settings: Settings) -> Dashboard:
    """Define the platform dashboard."""
    return Dashboard(
        key=KEY,
        file=f"airflow_{KEY}.json",
        uid=PLATFORM_UID,
        title="Airflow platform (StatsD)",
        description="Scheduler, DAG processor, pools, executors and triggerer. For the person who runs Airflow.",
        tags=("airflow", "dashgen"),
        variables=(
            variables.datasource(settings),
            variables.values(INSTANCE, STATSD_LOADED_MAPPINGS.select(), name=EXPORTER),
            variables.values(POOL_NAME, POOL_OPEN_SLOTS.select(*OF_EXPORTER)),
            variables.airflow_url(settings),
        ),
        annotations=(alert_annotation(),),
        links=(
            variables.to_dashboard("DAGs (StatsD)", DAGS_UID),
            variables.to_dashboard("V3: the fleet", FLEET_UID),
            *((variables.to_source(settings.source_url),) if settings.source_url else ()),
        ),
        rows=(
            Row("now-row", "Now", _now()),
            Row("scheduler-row", "Scheduler", scheduler(settings)),
            Row("tasks-row", "Tasks", tasks(settings)),
            Row("parsing-row", "DAG processing", parsing(settings)),
            Row("pools-row", "Pools", pools()),
            Row("executors-row", "Executors and triggerers", executors()),
            Row("exporter-row", "The exporter", exporter()),
            Row("caches-row", "Caches of DAGs", caches(), collapsed=True),
            Row("assets-row", "Assets, deadlines and callbacks", assets_and_deadlines(), collapsed=True),
            Row("connection-tests-row", "Connection tests", connection_tests(settings), collapsed=True),
            Row("kubernetes-row", "Kubernetes and other remote executors", kubernetes(), collapsed=True),
            Row("celery-row", "Celery", celery(), collapsed=True),
            Row("edge-row", "Edge workers", edge(settings), collapsed=True),
            Row("lineage-row", "OpenLineage", lineage(), collapsed=True),
        ),
    )


def _now() -> tuple[Panel, ...]:
    size = (3, 4)
    return (
        stat(
            "Exporter",
            key="exporter-up",
            metric=UP,
            expr=f"min({UP.select(*OF_EXPORTER, jobs=[STATSD_EXPORTER])})",
            what="Whether Prometheus reaches every statsd_exporter.",
            thresholds=steps("red", (1, "green")),
            background=True,
            size=size,
        ),
        stat(
            "Heartbeats",
            key="heartbeats-now",
            metric=SCHEDULER_HEARTBEAT,
            expr=f"60 * {total(f'rate({SCHEDULER_HEARTBEAT.select(*OF_EXPORTER)}[5m])')}",
            what="Heartbeats of all schedulers per minute.",
            unit=PER_MINUTE,
            decimals=1,
            thresholds=steps("red", (0.1, "green")),
            background=True,
            size=size,
        ),
        stat(
            "Import errors",
            key="import-errors-now",
            metric=DAG_PROCESSING_IMPORT_ERRORS,
            expr=f"sum({DAG_PROCESSING_IMPORT_ERRORS.select(*OF_EXPORTER)})",
            thresholds=steps("green", (1, "red")),
            background=True,
            size=size,
        ),
        stat(
            "Slots waited for",
            key="starving-now",
            metric=POOL_SCHEDULED_SLOTS,
            expr=f"sum({waited_for(*OF_EXPORTER)})",
            what=f"{WAITED_FOR}, over all pools.",
            thresholds=steps("green", (1, "orange")),
            background=True,
            size=size,
        ),
        stat(
            "Open slots",
            key="open-slots-now",
            metric=EXECUTOR_OPEN_SLOTS,
            expr=f"sum({EXECUTOR_OPEN_SLOTS.select(*OF_EXPORTER)})",
            what="Tasks that the executors could still take, over all of them.",
            thresholds=steps("red", (1, "green")),
            size=size,
        ),
        *(
            stat(
                title,
                key=key,
                metric=metric,
                expr=total(events(metric.select(*OF_EXPORTER), "1h")),
                what=f"{metric.help}, in the last hour.",
                decimals=0,
                thresholds=thresholds,
                size=(4, 4) if metric is TI_FAILURES else (5, 4),
                no_value="none",
                may_be_empty="None has ended since the exporter was started.",
            )
            for title, key, metric, thresholds in (
                ("Failed, 1 h", "failures-now", TI_FAILURES, steps("green", (1, "red"))),
                ("Succeeded, 1 h", "successes-now", TI_SUCCESSES, steps("text")),
            )
        ),
    )
