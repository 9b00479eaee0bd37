"""Task instances over StatsD: what starts, how it ends, how long it waits and runs."""

from __future__ import annotations

from dashgen.catalog.labels import DAG_ID, STATSD_EXPORTER, TASK_ID
from dashgen.catalog.model import Counter, Gauge, Summary
from dashgen.catalog.statsd.labels import (
    OPERATOR_NAME,
    QUEUE,
    RETURN_CODE,
    RUN_TYPE,
    STATE,
    TASK_TYPE,
    TEAM_NAME,
)
from dashgen.catalog.statsd.sent import V2_11, V3, Line, StatsdType
from dashgen.catalog.statsd.thresholds import OPERATOR_FAILURE_SHARE, OPERATOR_FAILURES_LEAST
from dashgen.catalog.terms import Source, Unit

_FROM = {"source": Source.STATSD, "owner": "data-platform", "jobs": (STATSD_EXPORTER,)}
_TASK = (DAG_ID, TASK_ID)
_PROCESS = "Airflow 2.11 alone sends it, every five seconds for as long as a task runs: a look at one task, no alarm."

TI_START = Counter(
    "airflow_ti_start_total",
    help="Task instances that started to run",
    read="Each try counts. Its rate is the throughput of the deployment.",
    labels=_TASK,
    tags=(TEAM_NAME,),
    statsd=(Line("ti.start", StatsdType.COUNTER, "ti.start.{dag_id}.{task_id}"),),
    **_FROM,
)
TI_FINISH = Counter(
    "airflow_ti_finish_total",
    help="Task instances that ended a try, by the state they ended in",
    read="A try that is retried ends as up_for_retry, one that waits for a trigger as deferred. A process that is "
    "killed with SIGKILL ends without a count. Airflow 2.11 starts every state at 0, `None` among them.",
    labels=(*_TASK, STATE),
    tags=(TEAM_NAME,),
    statsd=(Line("ti.finish", StatsdType.COUNTER, "ti.finish.{dag_id}.{task_id}.{state}"),),
    **_FROM,
)
TI_SCHEDULED = Gauge(
    "airflow_ti_scheduled",
    help="Task instances that the scheduler holds ready and no pool or executor has taken yet",
    read="One that grows: no slots, in the pool or in the executor. It goes back to 0 when the last one leaves.",
    labels=(QUEUE, *_TASK),
    tags=(TEAM_NAME,),
    statsd=(Line("ti.scheduled", StatsdType.GAUGE, "ti.scheduled.{queue}.{dag_id}.{task_id}", versions=(V3,)),),
    **_FROM,
)
TI_QUEUED = Gauge(
    "airflow_ti_queued",
    help="Task instances that the executor has and no worker has started yet",
    read="One that grows: too few workers for this queue.",
    labels=(QUEUE, *_TASK),
    tags=(TEAM_NAME,),
    statsd=(Line("ti.queued", StatsdType.GAUGE, "ti.queued.{queue}.{dag_id}.{task_id}", versions=(V3,)),),
    **_FROM,
)
TI_RUNNING = Gauge(
    "airflow_ti_running",
    help="Task instances that run now",
    read="Counted by the scheduler in its database, so that it stays right where started and finished ones do not add "
    "up.",
    labels=(QUEUE, *_TASK),
    tags=(TEAM_NAME,),
    statsd=(Line("ti.running", StatsdType.GAUGE, "ti.running.{queue}.{dag_id}.{task_id}", versions=(V3,)),),
    **_FROM,
)
TI_DEFERRED = Gauge(
    "airflow_ti_deferred",
    help="Task instances that wait for a trigger",
    read="They hold no worker. One that only grows: the triggerer is gone, or what they wait for never comes.",
    labels=(QUEUE, *_TASK),
    tags=(TEAM_NAME,),
    statsd=(Line("ti.deferred", StatsdType.GAUGE, "ti.deferred.{queue}.{dag_id}.{task_id}", versions=(V3,)),),
    **_FROM,
)
TI_SUCCESSES = Counter(
    "airflow_ti_successes_total",
    help="Task instances that succeeded, in the whole deployment",
    read="Without the labels of its DAG where StatsD carries no tags.",
    tags=(*_TASK, TEAM_NAME),
    statsd=(Line("ti_successes", StatsdType.COUNTER),),
    **_FROM,
)
TI_FAILURES = Counter(
    "airflow_ti_failures_total",
    help="Tries of task instances that failed, in the whole deployment",
    read="A try that is retried counts too.",
    tags=(*_TASK, TEAM_NAME),
    statsd=(Line("ti_failures", StatsdType.COUNTER),),
    **_FROM,
)
PREVIOUSLY_SUCCEEDED = Counter(
    "airflow_previously_succeeded_total",
    help="Task instances that were started although they had succeeded before",
    read="Not run again: someone cleared too little, or two schedulers saw the same task.",
    tags=(*_TASK, TEAM_NAME),
    statsd=(Line("previously_succeeded", StatsdType.COUNTER),),
    unused_because="It says what somebody did, not how the platform is.",
    **_FROM,
)
OPERATOR_FAILURES = Counter(
    "airflow_operator_failures_total",
    help="Tries that failed, by the operator's class",
    read="One operator that fails in many DAGs: what it talks to is down.",
    labels=(OPERATOR_NAME,),
    tags=(*_TASK, TEAM_NAME),
    statsd=(
        Line(
            "operator_failures",
            StatsdType.COUNTER,
            "operator_failures_{operator_name}",
            bare_in=(V3,),
            chart_name="airflow_operator_failures",
        ),
    ),
    thresholds=(OPERATOR_FAILURE_SHARE, OPERATOR_FAILURES_LEAST),
    **_FROM,
)
OPERATOR_SUCCESSES = Counter(
    "airflow_operator_successes_total",
    help="Task instances that succeeded, by the operator's class",
    read="The other part of an operator's failure rate.",
    labels=(OPERATOR_NAME,),
    tags=(*_TASK, TEAM_NAME),
    statsd=(
        Line(
            "operator_successes",
            StatsdType.COUNTER,
            "operator_successes_{operator_name}",
            bare_in=(V3,),
            chart_name="airflow_operator_successes",
        ),
    ),
    **_FROM,
)
TASK_DURATION = Summary(
    "airflow_task_duration_seconds",
    help="Time for which a task instance ran, each try",
    read="Of a deferred task: the time that it held a worker. A killed process leaves no value.",
    labels=_TASK,
    tags=(TEAM_NAME,),
    unit=Unit.SECONDS,
    statsd=(
        Line(
            "task.duration",
            StatsdType.TIMER,
            "dag.{dag_id}.{task_id}.duration",
            chart_name="airflow_task_duration",
        ),
    ),
    **_FROM,
)
TASK_SCHEDULED_DURATION = Summary(
    "airflow_task_scheduled_duration_seconds",
    help="Time that a task instance waited for a slot, ready to be queued",
    read="Long ones: a pool or the executor is full, or a DAG's limit holds it back.",
    labels=_TASK,
    tags=(QUEUE, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(Line("task.scheduled_duration", StatsdType.TIMER, "dag.{dag_id}.{task_id}.scheduled_duration"),),
    **_FROM,
)
TASK_QUEUED_DURATION = Summary(
    "airflow_task_queued_duration_seconds",
    help="Time that a task instance waited in the executor's queue for a worker",
    read="Long ones: too few workers, or slow to start.",
    labels=_TASK,
    tags=(QUEUE, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(Line("task.queued_duration", StatsdType.TIMER, "dag.{dag_id}.{task_id}.queued_duration"),),
    **_FROM,
)
TASK_CPU_USAGE = Gauge(
    "airflow_task_cpu_usage_ratio",
    help="Share of one processor that the task's process used",
    read="1 is one whole processor. The last value stays after the end of the task.",
    labels=_TASK,
    unit=Unit.RATIO,
    statsd=(
        Line(
            "task.cpu_usage",
            StatsdType.GAUGE,
            "task.cpu_usage.{dag_id}.{task_id}",
            versions=(V2_11,),
            bare_in=(),
            scale=0.01,
        ),
    ),
    unused_because=_PROCESS,
    **_FROM,
)
TASK_MEM_USAGE = Gauge(
    "airflow_task_mem_usage_ratio",
    help="Share of the worker's memory that the task's process used",
    read="1 is all of the machine. The last value stays after the end of the task.",
    labels=_TASK,
    unit=Unit.RATIO,
    statsd=(
        Line(
            "task.mem_usage",
            StatsdType.GAUGE,
            "task.mem_usage.{dag_id}.{task_id}",
            versions=(V2_11,),
            bare_in=(),
            scale=0.01,
        ),
    ),
    unused_because=_PROCESS,
    **_FROM,
)
TASK_INSTANCE_CREATED = Counter(
    "airflow_task_instance_created_total",
    help="Task instances that the scheduler created, by the operator's class",
    read="They come with the run, long before they can start.",
    labels=(TASK_TYPE,),
    tags=(DAG_ID, RUN_TYPE, TEAM_NAME),
    statsd=(Line("task_instance_created", StatsdType.COUNTER, "task_instance_created_{task_type}"),),
    unused_because="What starts and ends says more than what was created.",
    **_FROM,
)
LOCAL_TASK_JOB_TASK_EXIT = Counter(
    "airflow_local_task_job_task_exit_total",
    help="Task processes that ended",
    read="With tags, by exit status: -9 is a kill, often for memory. Airflow 3.3 lists it and no longer sends it.",
    tags=(*_TASK, RETURN_CODE),
    statsd=(
        Line(
            "local_task_job.task_exit",
            StatsdType.COUNTER,
            dropped_legacy="local_task_job.task_exit.{job_id}.{dag_id}.{task_id}.{return_code}",
            dropped_tags=("job_id",),
        ),
    ),
    unused_because="Only Airflow 2.11 sends it, and says more in the finished task instances.",
    **_FROM,
)
METRICS = (
    TI_START,
    TI_FINISH,
    TI_SCHEDULED,
    TI_QUEUED,
    TI_RUNNING,
    TI_DEFERRED,
    TI_SUCCESSES,
    TI_FAILURES,
    PREVIOUSLY_SUCCEEDED,
    OPERATOR_FAILURES,
    OPERATOR_SUCCESSES,
    TASK_DURATION,
    TASK_SCHEDULED_DURATION,
    TASK_QUEUED_DURATION,
    TASK_CPU_USAGE,
    TASK_MEM_USAGE,
    TASK_INSTANCE_CREATED,
    LOCAL_TASK_JOB_TASK_EXIT,
)
