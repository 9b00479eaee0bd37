"""What a run of minutes can't wait for: the past of some series, and the lines of a second Airflow deployment."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from dashgen.catalog.airflow import DAG_RUN_START
from dashgen.catalog.recorded import TASK_MIDNIGHT_DURATION
from dashgen.catalog.recorded_statsd import DAG_RUN_HOURLY_MEAN, EXPORTER_DROP_SHARE
from dashgen.catalog.statsd.capacity import TRIGGERER_HEARTBEAT
from dashgen.catalog.statsd.dag_processing import DAG_PROCESSOR_HEARTBEAT
from dashgen.catalog.statsd.scheduler import SCHEDULER_HEARTBEAT
from demo.airflow import INSTANCE
from tests.programs import promtool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE, HOUR, DAY = 60, 3600, 86400
PAST = 9 * DAY
# Above the range in which a heartbeat must have come.
SILENT = 360

# A deployment without tags, as StatsD sends them: a pool and an executor that are full, and what else happens rarely.
TROUBLE = (
    "airflow.pool.scheduled_slots.narrow:3|g",
    "airflow.pool.open_slots.narrow:0|g",
    "airflow.executor.open_slots.LocalExecutor:0|g",
    "airflow.executor.queued_tasks.LocalExecutor:2|g",
    "airflow.dag_processing.total_parse_time:400|g",
    "airflow.scheduler.tasks.killed_externally:9|c",
    # Dropped by the mapping: the class is in the other name.
    *("airflow.executor.open_slots:0|g" for _ in range(5)),
)
# To an exporter without the mapping.
UNMAPPED = ("airflow.scheduler_heartbeat:1|c",)


def fill(folder: Path, now: int, exporter: str, spare: str) -> None:
    """Write the past into the folder of a Prometheus that has not started yet.

    A DAG that has failed for nine days, what is usual for a task and a DAG, an exporter that was there for a day,
    another one that has heard nothing of its Airflow for minutes, and whose mapping dropped nothing. The exporters are
    given as Prometheus names them.
    """
    lines = "".join(f"{series} {value} {at}\n" for series, at, value in _samples(now, exporter, spare))
    folder.mkdir(parents=True, exist_ok=True)
    source = folder.with_suffix(".openmetrics")
    source.write_text(f"{lines}# EOF\n", encoding="utf-8")
    command = (promtool(), "tsdb", "create-blocks-from", "openmetrics", source, folder)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _samples(now: int, exporter: str, spare: str) -> Iterator[tuple[str, int, float]]:
    dag = f'job="airflow_dags",instance="{INSTANCE}",dag_id="billing_invoices"'
    task = f'job="airflow_tasks",instance="{INSTANCE}",dag_id="sales_orders",task_id="extract"'
    statsd = f'job="statsd_exporter",instance="{spare}"'
    # As if the exporter had waited for Airflow: then what it counts first has happened since.
    for at in range(now - DAY, now - MINUTE, MINUTE):
        yield f'up{{job="statsd_exporter",instance="{exporter}"}}', at, 1
    for at in (*range(now - PAST, now - SILENT, HOUR), now - SILENT):
        yield f"{DAG_RUN_START}{{{dag}}}", at, at
        yield f"{TASK_MIDNIGHT_DURATION}{{{task}}}", at, 1
        yield f'{DAG_RUN_HOURLY_MEAN}{{instance="{exporter}",dag_id="rates_import"}}', at, 1
        yield f'{EXPORTER_DROP_SHARE}{{instance="{spare}"}}', at, 0
        for heartbeat in (SCHEDULER_HEARTBEAT, TRIGGERER_HEARTBEAT, DAG_PROCESSOR_HEARTBEAT):
            yield f"{heartbeat}{{{statsd}}}", at, (at - now + PAST) // 5
