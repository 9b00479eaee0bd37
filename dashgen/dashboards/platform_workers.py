"""Panels on the executors of providers: Kubernetes, Celery, AWS and edge workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.labels import QUEUE, STATE, STATUS, WORKER_NAME
from dashgen.catalog.statsd.providers import (
    BATCH_ADOPT_TASK_INSTANCES_DURATION,
    CELERY_EXECUTE_COMMAND_FAILURE,
    CELERY_TASK_TIMEOUT_ERROR,
    ECS_ADOPT_TASK_INSTANCES_DURATION,
    EDGE_EXECUTOR_SYNC_DURATION,
    EDGE_WORKER_CONCURRENCY,
    EDGE_WORKER_CONNECTED,
    EDGE_WORKER_FREE_CONCURRENCY,
    EDGE_WORKER_HEARTBEAT_COUNT,
    EDGE_WORKER_JOBS_ACTIVE,
    EDGE_WORKER_MAINTENANCE,
    EDGE_WORKER_NUM_QUEUES,
    EDGE_WORKER_STATUS,
    EDGE_WORKER_TI_FINISH,
    EDGE_WORKER_TI_START,
    KUBERNETES_ADOPT_TASK_INSTANCES_DURATION,
    KUBERNETES_POD_CREATION,
    KUBERNETES_POD_CREATION_STATUS,
    KUBERNETES_POD_DELETION,
    KUBERNETES_POD_DELETION_STATUS,
    KUBERNETES_POD_PATCHING,
    KUBERNETES_POD_PATCHING_STATUS,
    LAMBDA_ADOPT_TASK_INSTANCES_DURATION,
)
from dashgen.dashboards.panels import Column, table, timeseries
from dashgen.dashboards.platform_scope import (
    HERE,
    IN_EACH,
    OF_EXPORTER,
    RATE,
    THIRD,
    both_means,
    happened,
    per_minute,
)
from dashgen.dashboards.queries import by, on, ranged, steps
from dashgen.statsd_queries import mean

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings

WORKER_ROWS = 100

_NO_KUBERNETES = "Only deployments with the Kubernetes executor send it."
_NO_REMOTE = "Sent only where such an executor takes over from a scheduler that is gone."
_NO_CELERY = "Only deployments with the Celery executor send it, with the first error."
_NO_EDGE = "Only deployments with edge workers send it."
_WORKER = (INSTANCE, WORKER_NAME)


def kubernetes() -> tuple[Panel, ...]:
    """Show calls to Kubernetes, and how long executors take over from a scheduler that is gone."""
    calls = (
        ("create", KUBERNETES_POD_CREATION, KUBERNETES_POD_CREATION_STATUS),
        ("delete", KUBERNETES_POD_DELETION, KUBERNETES_POD_DELETION_STATUS),
        ("mark", KUBERNETES_POD_PATCHING, KUBERNETES_POD_PATCHING_STATUS),
    )
    adoptions = (
        ("Kubernetes", KUBERNETES_ADOPT_TASK_INSTANCES_DURATION),
        ("AWS Batch", BATCH_ADOPT_TASK_INSTANCES_DURATION),
        ("AWS ECS", ECS_ADOPT_TASK_INSTANCES_DURATION),
        ("AWS Lambda", LAMBDA_ADOPT_TASK_INSTANCES_DURATION),
    )
    return (
        timeseries(
            "Time of calls to Kubernetes (mean)",
            key="kubernetes-calls",
            metric=KUBERNETES_POD_CREATION,
            what="Time of a call that creates, deletes or marks a pod.",
            targets=[
                ranged(mean(timer, *OF_EXPORTER, labels=(INSTANCE,), window=RATE), f"{word} {HERE}")
                for word, timer, _ in calls
            ],
            size=THIRD,
            may_be_empty=_NO_KUBERNETES,
        ),
        timeseries(
            "Calls to Kubernetes by status",
            key="kubernetes-status",
            metric=KUBERNETES_POD_CREATION_STATUS,
            what=f"Calls that create, delete or mark a pod. {IN_EACH}",
            targets=[ranged(happened(status, STATUS), f"{word} {STATUS.legend} {HERE}") for word, _, status in calls],
            size=THIRD,
            may_be_empty=_NO_KUBERNETES,
        ),
        timeseries(
            "Time to take over (mean)",
            key="adoption",
            metric=KUBERNETES_ADOPT_TASK_INSTANCES_DURATION,
            what="Time that an executor took to take over the tasks of a scheduler that is gone.",
            targets=[
                ranged(mean(timer, *OF_EXPORTER, labels=(INSTANCE,), window=RATE), f"{name} {HERE}")
                for name, timer in adoptions
            ],
            size=THIRD,
            may_be_empty=_NO_REMOTE,
        ),
    )


def celery() -> tuple[Panel, ...]:
    """Show what goes wrong between Airflow and Celery."""
    return (
        timeseries(
            "Tasks not handed to the broker in time",
            key="celery-timeouts",
            metric=CELERY_TASK_TIMEOUT_ERROR,
            what=f"{CELERY_TASK_TIMEOUT_ERROR.help}. {IN_EACH}",
            targets=[ranged(happened(CELERY_TASK_TIMEOUT_ERROR), HERE)],
            may_be_empty=_NO_CELERY,
        ),
        timeseries(
            "Commands that failed",
            key="celery-failures",
            metric=CELERY_EXECUTE_COMMAND_FAILURE,
            what=f"{CELERY_EXECUTE_COMMAND_FAILURE.help}. {IN_EACH}",
            targets=[ranged(happened(CELERY_EXECUTE_COMMAND_FAILURE), HERE)],
            may_be_empty=_NO_CELERY,
        ),
    )


def edge(settings: Settings) -> tuple[Panel, ...]:
    """Show the edge workers: what each runs and could run, and their throughput."""
    legend = f"{QUEUE.legend} {HERE}"
    return (
        _edge_workers(),
        timeseries(
            "Time to bring workers up to date",
            key="edge-sync",
            metric=EDGE_EXECUTOR_SYNC_DURATION,
            targets=both_means(settings, EDGE_EXECUTOR_SYNC_DURATION),
            may_be_empty=_NO_EDGE,
        ),
        timeseries(
            "Task instances on edge workers",
            key="edge-tasks",
            metric=EDGE_WORKER_TI_FINISH,
            what=f"Tries that started, and that ended in a state, by queue. {IN_EACH}",
            targets=[
                ranged(happened(EDGE_WORKER_TI_START, QUEUE), f"started {legend}"),
                ranged(happened(EDGE_WORKER_TI_FINISH, QUEUE, STATE), f"{STATE.legend} {legend}"),
            ],
            may_be_empty=_NO_EDGE,
        ),
    )


def _edge_workers() -> Panel:
    def of_worker(expr: str) -> str:
        return f"max {by(*_WORKER)} ({expr})"

    shown = f"topk({WORKER_ROWS}, {of_worker(EDGE_WORKER_STATUS.select(*OF_EXPORTER))})"

    def of_shown(expr: str) -> str:
        return f"{of_worker(expr)} and {on(*_WORKER)} {shown}"

    columns = (
        ("Connected", EDGE_WORKER_CONNECTED),
        ("In maintenance", EDGE_WORKER_MAINTENANCE),
        ("Tasks", EDGE_WORKER_JOBS_ACTIVE),
        ("Concurrency", EDGE_WORKER_CONCURRENCY),
        ("Free", EDGE_WORKER_FREE_CONCURRENCY),
        ("Queues", EDGE_WORKER_NUM_QUEUES),
    )
    return table(
        f"Edge workers (worst {WORKER_ROWS})",
        key="edge-workers",
        metric=EDGE_WORKER_STATUS,
        what=f"{EDGE_WORKER_STATUS.help}, and what the worker runs, the {WORKER_ROWS} worst.",
        rows=_WORKER,
        columns=(
            Column("State", of_worker(shown), thresholds=steps("green", (30, "orange"), (40, "red"))),
            *(Column(title, of_shown(metric.select(*OF_EXPORTER))) for title, metric in columns),
            Column("Heartbeats per minute", of_shown(per_minute(EDGE_WORKER_HEARTBEAT_COUNT, WORKER_NAME))),
        ),
        sort="State",
        size=(24, 8),
        may_be_empty=_NO_EDGE,
    )
