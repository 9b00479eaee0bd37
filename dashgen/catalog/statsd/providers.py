"""Executors of providers and OpenLineage over StatsD, as Airflow's registry lists them."""

from __future__ import annotations

from dashgen.catalog.labels import DAG_ID, STATSD_EXPORTER, TASK_ID
from dashgen.catalog.model import Counter, Gauge, Summary
from dashgen.catalog.statsd.labels import (
    EVENT_TYPE,
    OPERATOR_NAME,
    QUEUE,
    STATE,
    STATUS,
    TRANSPORT_TYPE,
    WORKER_NAME,
)
from dashgen.catalog.statsd.sent import V3, Line, StatsdType
from dashgen.catalog.terms import Source, Unit

_FROM = {
    "source": Source.STATSD,
    "owner": "data-platform",
    "jobs": (STATSD_EXPORTER,),
}


def _worker(name: str, kind: StatsdType = StatsdType.GAUGE) -> tuple[Line, ...]:
    """Return the line of what an edge worker says of itself."""
    return (Line(name, kind, f"{name}.{{worker_name}}"),)


CELERY_TASK_TIMEOUT_ERROR = Counter(
    "airflow_celery_task_timeout_error_total",
    help="Tasks that could not be handed to the Celery broker in time",
    read="The broker is slow or away; the task is tried again.",
    statsd=(Line("celery.task_timeout_error", StatsdType.COUNTER),),
    **_FROM,
)
CELERY_EXECUTE_COMMAND_FAILURE = Counter(
    "airflow_celery_execute_command_failure_total",
    help="Celery tasks whose process ended with an error",
    read="The process of Airflow failed, not only the work in it.",
    statsd=(Line("celery.execute_command.failure", StatsdType.COUNTER),),
    **_FROM,
)

KUBERNETES_POD_CREATION = Summary(
    "airflow_kubernetes_executor_pod_creation_seconds",
    help="Time of a call to Kubernetes that creates a pod",
    read="The call alone; how long the pod takes to start is not in it.",
    unit=Unit.SECONDS,
    statsd=(Line("kubernetes_executor.pod_creation", StatsdType.TIMER),),
    **_FROM,
)
KUBERNETES_POD_DELETION = Summary(
    "airflow_kubernetes_executor_pod_deletion_seconds",
    help="Time of a call to Kubernetes that deletes a pod",
    read="Slow ones: the API server is under load.",
    unit=Unit.SECONDS,
    statsd=(Line("kubernetes_executor.pod_deletion", StatsdType.TIMER),),
    **_FROM,
)
KUBERNETES_POD_PATCHING = Summary(
    "airflow_kubernetes_executor_pod_patching_seconds",
    help="Time of a call to Kubernetes that marks a pod as done with",
    read="Slow ones: the API server is under load.",
    unit=Unit.SECONDS,
    statsd=(Line("kubernetes_executor.pod_patching", StatsdType.TIMER),),
    **_FROM,
)
KUBERNETES_POD_CREATION_STATUS = Counter(
    "airflow_kubernetes_executor_pod_creation_status_total",
    help="Calls to Kubernetes that create a pod, by their HTTP status",
    read="403 is a quota or a missing right, 429 a throttled client. Only tags tell the status.",
    tags=(STATUS,),
    statsd=(Line("kubernetes_executor.pod_creation_status", StatsdType.COUNTER),),
    **_FROM,
)
KUBERNETES_POD_DELETION_STATUS = Counter(
    "airflow_kubernetes_executor_pod_deletion_status_total",
    help="Calls to Kubernetes that delete a pod, by their HTTP status",
    read="404 is a pod that was gone already. Only tags tell the status.",
    tags=(STATUS,),
    statsd=(Line("kubernetes_executor.pod_deletion_status", StatsdType.COUNTER),),
    **_FROM,
)
KUBERNETES_POD_PATCHING_STATUS = Counter(
    "airflow_kubernetes_executor_pod_patching_status_total",
    help="Calls to Kubernetes that mark a pod as done with, by their HTTP status",
    read="404 is a pod that was gone already. Only tags tell the status.",
    tags=(STATUS,),
    statsd=(Line("kubernetes_executor.pod_patching_status", StatsdType.COUNTER),),
    **_FROM,
)
KUBERNETES_ADOPT_TASK_INSTANCES_DURATION = Summary(
    "airflow_kubernetes_executor_adopt_task_instances_duration_seconds",
    help="Time that the Kubernetes executor took to take over the pods of a dead scheduler",
    read="The scheduler does nothing else meanwhile.",
    unit=Unit.SECONDS,
    statsd=(Line("kubernetes_executor.adopt_task_instances.duration", StatsdType.TIMER),),
    **_FROM,
)
BATCH_ADOPT_TASK_INSTANCES_DURATION = Summary(
    "airflow_batch_executor_adopt_task_instances_duration_seconds",
    help="Time that the AWS Batch executor took to take over the jobs of a dead scheduler",
    read="The scheduler does nothing else meanwhile.",
    unit=Unit.SECONDS,
    statsd=(Line("batch_executor.adopt_task_instances.duration", StatsdType.TIMER),),
    **_FROM,
)
ECS_ADOPT_TASK_INSTANCES_DURATION = Summary(
    "airflow_ecs_executor_adopt_task_instances_duration_seconds",
    help="Time that the AWS ECS executor took to take over the tasks of a dead scheduler",
    read="The scheduler does nothing else meanwhile.",
    unit=Unit.SECONDS,
    statsd=(Line("ecs_executor.adopt_task_instances.duration", StatsdType.TIMER),),
    **_FROM,
)
LAMBDA_ADOPT_TASK_INSTANCES_DURATION = Summary(
    "airflow_lambda_executor_adopt_task_instances_duration_seconds",
    help="Time that the AWS Lambda executor took to take over the calls of a dead scheduler",
    read="The scheduler does nothing else meanwhile.",
    unit=Unit.SECONDS,
    statsd=(Line("lambda_executor.adopt_task_instances.duration", StatsdType.TIMER),),
    **_FROM,
)

EDGE_EXECUTOR_SYNC_DURATION = Summary(
    "airflow_edge_executor_sync_duration_seconds",
    help="Time that the edge executor took to bring its jobs and workers up to date",
    read="It is part of the scheduler's loop.",
    unit=Unit.SECONDS,
    statsd=(Line("edge_executor.sync.duration", StatsdType.TIMER),),
    **_FROM,
)
EDGE_WORKER_STATUS = Gauge(
    "airflow_edge_worker_status",
    help="State of the edge worker, as a level of Python's logging",
    read="20 is well, 30 worth a look, 40 bad.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.status"),
    **_FROM,
)
EDGE_WORKER_CONNECTED = Gauge(
    "airflow_edge_worker_connected",
    help="Whether the edge worker is connected",
    read="1 it is, 0 it is not.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.connected"),
    **_FROM,
)
EDGE_WORKER_MAINTENANCE = Gauge(
    "airflow_edge_worker_maintenance",
    help="Whether the edge worker is in maintenance",
    read="1: it takes no new task.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.maintenance"),
    **_FROM,
)
EDGE_WORKER_JOBS_ACTIVE = Gauge(
    "airflow_edge_worker_jobs_active",
    help="Tasks that the edge worker runs",
    read="Up to its concurrency.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.jobs_active"),
    **_FROM,
)
EDGE_WORKER_CONCURRENCY = Gauge(
    "airflow_edge_worker_concurrency",
    help="Tasks that the edge worker may run at a time",
    read="As it was started with.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.concurrency"),
    **_FROM,
)
EDGE_WORKER_FREE_CONCURRENCY = Gauge(
    "airflow_edge_worker_free_concurrency",
    help="Tasks that the edge worker could still take",
    read="0 on every worker of a queue: its tasks wait.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.free_concurrency"),
    **_FROM,
)
EDGE_WORKER_NUM_QUEUES = Gauge(
    "airflow_edge_worker_num_queues",
    help="Queues that the edge worker serves",
    read="0: it serves every queue.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.num_queues"),
    **_FROM,
)
EDGE_WORKER_HEARTBEAT_COUNT = Counter(
    "airflow_edge_worker_heartbeat_count_total",
    help="Heartbeats of the edge worker",
    read="A rate of 0: the worker is gone or cut off.",
    labels=(WORKER_NAME,),
    statsd=_worker("edge_worker.heartbeat_count", StatsdType.COUNTER),
    **_FROM,
)
EDGE_WORKER_TI_START = Counter(
    "airflow_edge_worker_ti_start_total",
    help="Task instances that edge workers started",
    read="The same tasks count among those of the whole deployment where the worker sends StatsD itself.",
    labels=(QUEUE, DAG_ID, TASK_ID),
    statsd=(Line("edge_worker.ti.start", StatsdType.COUNTER, "edge_worker.ti.start.{queue}.{dag_id}.{task_id}"),),
    **_FROM,
)
EDGE_WORKER_TI_FINISH = Counter(
    "airflow_edge_worker_ti_finish_total",
    help="Task instances that ended on edge workers, by the state they ended in",
    read="Those of a worker that is gone end as failed.",
    labels=(QUEUE, STATE, DAG_ID, TASK_ID),
    statsd=(
        Line(
            "edge_worker.ti.finish",
            StatsdType.COUNTER,
            "edge_worker.ti.finish.{queue}.{state}.{dag_id}.{task_id}",
        ),
    ),
    **_FROM,
)

OL_EMIT_FAILED = Counter(
    "airflow_ol_emit_failed_total",
    help="OpenLineage events that could not be sent",
    read="Lineage has a gap there.",
    statsd=(Line("ol.emit.failed", StatsdType.COUNTER),),
    **_FROM,
)
OL_EMIT_ATTEMPTS = Summary(
    "airflow_ol_emit_attempts_seconds",
    help="Time of an attempt to send an OpenLineage event",
    read="A slow backend; it runs beside the task, not in it.",
    labels=(EVENT_TYPE, TRANSPORT_TYPE),
    unit=Unit.SECONDS,
    statsd=(
        Line("ol.emit.attempts", StatsdType.TIMER, "ol.emit.attempts.{event_type}.{transport_type}", bare_in=(V3,)),
    ),
    **_FROM,
)
OL_EXTRACT = Summary(
    "airflow_ol_extract_seconds",
    help="Time that it took to find the lineage of an operator",
    read="Long ones: an extractor that parses much SQL.",
    labels=(EVENT_TYPE, OPERATOR_NAME),
    unit=Unit.SECONDS,
    statsd=(Line("ol.extract", StatsdType.TIMER, "ol.extract.{event_type}.{operator_name}", bare_in=(V3,)),),
    **_FROM,
)
OL_EVENT_SIZE = Gauge(
    "airflow_ol_event_size_bytes",
    help="Size of the last OpenLineage event",
    read="Large ones are refused by some backends.",
    labels=(EVENT_TYPE, OPERATOR_NAME),
    unit=Unit.BYTES,
    statsd=(Line("ol.event.size", StatsdType.GAUGE, "ol.event.size.{event_type}.{operator_name}", bare_in=(V3,)),),
    **_FROM,
)

METRICS = (
    CELERY_TASK_TIMEOUT_ERROR,
    CELERY_EXECUTE_COMMAND_FAILURE,
    KUBERNETES_POD_CREATION,
    KUBERNETES_POD_DELETION,
    KUBERNETES_POD_PATCHING,
    KUBERNETES_POD_CREATION_STATUS,
    KUBERNETES_POD_DELETION_STATUS,
    KUBERNETES_POD_PATCHING_STATUS,
    KUBERNETES_ADOPT_TASK_INSTANCES_DURATION,
    BATCH_ADOPT_TASK_INSTANCES_DURATION,
    ECS_ADOPT_TASK_INSTANCES_DURATION,
    LAMBDA_ADOPT_TASK_INSTANCES_DURATION,
    EDGE_EXECUTOR_SYNC_DURATION,
    EDGE_WORKER_STATUS,
    EDGE_WORKER_CONNECTED,
    EDGE_WORKER_MAINTENANCE,
    EDGE_WORKER_JOBS_ACTIVE,
    EDGE_WORKER_CONCURRENCY,
    EDGE_WORKER_FREE_CONCURRENCY,
    EDGE_WORKER_NUM_QUEUES,
    EDGE_WORKER_HEARTBEAT_COUNT,
    EDGE_WORKER_TI_START,
    EDGE_WORKER_TI_FINISH,
    OL_EMIT_FAILED,
    OL_EMIT_ATTEMPTS,
    OL_EXTRACT,
    OL_EVENT_SIZE,
)
