"""Panels on the scheduler: whether it is alive, how long its loop takes, and what it has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.capacity import TRIGGERER_HEARTBEAT
from dashgen.catalog.statsd.dag_processing import DAG_PROCESSOR_HEARTBEAT
from dashgen.catalog.statsd.labels import EXECUTOR, JOB_NAME
from dashgen.catalog.statsd.scheduler import (
    JOB_END,
    JOB_HEARTBEAT_FAILURE,
    JOB_START,
    LOCAL_TASK_JOB_PROLONGED_HEARTBEAT_FAILURE,
    SCHEDULER_CRITICAL_SECTION_BUSY,
    SCHEDULER_CRITICAL_SECTION_DURATION,
    SCHEDULER_CRITICAL_SECTION_QUERY_DURATION,
    SCHEDULER_DAGRUNS_RUNNING,
    SCHEDULER_EXECUTOR_HEARTBEAT_DURATION,
    SCHEDULER_HEARTBEAT,
    SCHEDULER_LOOP_DURATION,
    SCHEDULER_TASKS_EXECUTABLE,
    SCHEDULER_TASKS_STARVING,
)
from dashgen.dashboards.panels import timeseries
from dashgen.dashboards.platform_scope import (
    HERE,
    IN_EACH,
    NOT_YET,
    OF_EXPORTER,
    ONLY_V3,
    PER_MINUTE,
    RATE,
    THIRD,
    both_means,
    happened,
    per_minute,
)
from dashgen.dashboards.queries import ranged
from dashgen.statsd_queries import mean

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings


def scheduler(settings: Settings) -> tuple[Panel, ...]:
    """Show heartbeats, the loop and its critical section, and what waits for the scheduler."""
    return (*_alive(settings), *_loop(settings), *_work())


def _alive(settings: Settings) -> tuple[Panel, ...]:
    return (
        timeseries(
            "Heartbeats",
            key="scheduler-heartbeat",
            metric=SCHEDULER_HEARTBEAT,
            what="Heartbeats per minute of the schedulers, the triggerers and, in Airflow 3, the DAG processors, all "
            "of one kind together.",
            targets=[
                ranged(per_minute(SCHEDULER_HEARTBEAT), f"schedulers {HERE}"),
                ranged(per_minute(TRIGGERER_HEARTBEAT), f"triggerers {HERE}"),
                ranged(per_minute(DAG_PROCESSOR_HEARTBEAT), f"DAG processors {HERE}"),
            ],
            unit=PER_MINUTE,
            size=THIRD,
        ),
        timeseries(
            "Scheduler's loop",
            key="scheduler-loop",
            metric=SCHEDULER_LOOP_DURATION,
            targets=both_means(settings, SCHEDULER_LOOP_DURATION),
            size=THIRD,
        ),
        timeseries(
            "Executor's heartbeat (mean)",
            key="executor-heartbeat",
            metric=SCHEDULER_EXECUTOR_HEARTBEAT_DURATION,
            targets=[
                ranged(
                    mean(SCHEDULER_EXECUTOR_HEARTBEAT_DURATION, *OF_EXPORTER, labels=(INSTANCE, EXECUTOR), window=RATE),
                    f"{EXECUTOR.legend} {HERE}",
                )
            ],
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
    )


def _loop(settings: Settings) -> tuple[Panel, ...]:
    return (
        timeseries(
            "Critical section",
            key="critical-section",
            metric=SCHEDULER_CRITICAL_SECTION_DURATION,
            targets=both_means(settings, SCHEDULER_CRITICAL_SECTION_DURATION),
            size=THIRD,
        ),
        timeseries(
            "Critical section's query",
            key="critical-section-query",
            metric=SCHEDULER_CRITICAL_SECTION_QUERY_DURATION,
            targets=both_means(settings, SCHEDULER_CRITICAL_SECTION_QUERY_DURATION),
            size=THIRD,
        ),
        timeseries(
            "Critical section was taken",
            key="critical-section-busy",
            metric=SCHEDULER_CRITICAL_SECTION_BUSY,
            what=f"{SCHEDULER_CRITICAL_SECTION_BUSY.help}. {IN_EACH}",
            targets=[ranged(happened(SCHEDULER_CRITICAL_SECTION_BUSY), HERE)],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
    )


def _work() -> tuple[Panel, ...]:
    return (
        timeseries(
            "Tasks before the scheduler",
            key="scheduler-tasks",
            metric=SCHEDULER_TASKS_STARVING,
            what="Task instances that the scheduler's last turn queued (executable), and those that it left because "
            "their pool had too few open slots (starving). Tasks of a pool that had none when the turn began are in "
            "neither.",
            targets=[
                ranged(SCHEDULER_TASKS_EXECUTABLE.select(*OF_EXPORTER), f"executable {HERE}"),
                ranged(SCHEDULER_TASKS_STARVING.select(*OF_EXPORTER), f"starving {HERE}"),
            ],
            size=THIRD,
        ),
        timeseries(
            "DAG runs running",
            key="dag-runs-running",
            metric=SCHEDULER_DAGRUNS_RUNNING,
            targets=[ranged(SCHEDULER_DAGRUNS_RUNNING.select(*OF_EXPORTER), HERE)],
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
        timeseries(
            "Jobs",
            key="jobs",
            metric=JOB_START,
            what="Processes of Airflow that started and ended, and heartbeats of them that failed: schedulers, "
            f"triggerers, DAG processors and, in Airflow 2.11, each task. {IN_EACH}",
            targets=[
                ranged(happened(JOB_START, JOB_NAME), f"started {JOB_NAME.legend} {HERE}"),
                ranged(happened(JOB_END, JOB_NAME), f"ended {JOB_NAME.legend} {HERE}"),
                ranged(happened(JOB_HEARTBEAT_FAILURE, JOB_NAME), f"heartbeat failed {JOB_NAME.legend} {HERE}"),
                ranged(happened(LOCAL_TASK_JOB_PROLONGED_HEARTBEAT_FAILURE), f"task gave up on its heartbeat {HERE}"),
            ],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
    )
