"""The scheduler over StatsD: its heartbeat and loop, what it starves, what it cleans up after."""

from __future__ import annotations

from dashgen.catalog.labels import DAG_ID, STATSD_EXPORTER, TASK_ID
from dashgen.catalog.model import Counter, Gauge, Summary
from dashgen.catalog.statsd.labels import EXECUTOR, JOB_NAME, TEAM_NAME
from dashgen.catalog.statsd.sent import V2_11, V3, Line, StatsdType
from dashgen.catalog.statsd.thresholds import TASKS_KILLED
from dashgen.catalog.terms import Source, Unit

_FROM = {"source": Source.STATSD, "owner": "data-platform", "jobs": (STATSD_EXPORTER,)}

SCHEDULER_HEARTBEAT = Counter(
    "airflow_scheduler_heartbeat_total",
    help="Heartbeats of the schedulers",
    read="A rate of 0: no scheduler runs, and nothing new starts. Several schedulers add up.",
    statsd=(Line("scheduler_heartbeat", StatsdType.COUNTER, chart_name="airflow_scheduler_heartbeat"),),
    **_FROM,
)
SCHEDULER_LOOP_DURATION = Summary(
    "airflow_scheduler_scheduler_loop_duration_seconds",
    help="Time of one turn of the scheduler's loop",
    read="Every decision waits for the next turn: seconds are slow, minutes are stuck.",
    unit=Unit.SECONDS,
    statsd=(Line("scheduler.scheduler_loop_duration", StatsdType.TIMER),),
    **_FROM,
)
SCHEDULER_EXECUTOR_HEARTBEAT_DURATION = Summary(
    "airflow_scheduler_executor_heartbeat_duration_seconds",
    help="Time that the executor took of one turn of the scheduler's loop",
    read="A slow one: the broker, the Kubernetes API or whatever the executor talks to is slow.",
    tags=(EXECUTOR,),
    unit=Unit.SECONDS,
    statsd=(Line("scheduler.executor_heartbeat_duration", StatsdType.TIMER, versions=(V3,)),),
    **_FROM,
)
SCHEDULER_CRITICAL_SECTION_DURATION = Summary(
    "airflow_scheduler_critical_section_duration_seconds",
    help="Time that a scheduler held the lock under which tasks are queued",
    read="Only one scheduler can be there at a time: it bounds what more schedulers can give.",
    unit=Unit.SECONDS,
    statsd=(Line("scheduler.critical_section_duration", StatsdType.TIMER),),
    **_FROM,
)
SCHEDULER_CRITICAL_SECTION_QUERY_DURATION = Summary(
    "airflow_scheduler_critical_section_query_duration_seconds",
    help="Time of the query for tasks to queue, under the lock",
    read="The database's part of the critical section.",
    unit=Unit.SECONDS,
    statsd=(Line("scheduler.critical_section_query_duration", StatsdType.TIMER),),
    **_FROM,
)
SCHEDULER_CRITICAL_SECTION_BUSY = Counter(
    "airflow_scheduler_critical_section_busy_total",
    help="Times that a scheduler found another one in the critical section",
    read="Often: there are more schedulers than the database can use.",
    statsd=(Line("scheduler.critical_section_busy", StatsdType.COUNTER),),
    **_FROM,
)
SCHEDULER_TASKS_STARVING = Gauge(
    "airflow_scheduler_tasks_starving",
    help="Tasks that could not be queued in the last turn because their pool had too few open slots",
    read="Above 0 for long: a pool is too small. Pools without an open slot are not looked at: 0 does not mean that "
    "all is well.",
    statsd=(Line("scheduler.tasks.starving", StatsdType.GAUGE),),
    **_FROM,
)
SCHEDULER_TASKS_EXECUTABLE = Gauge(
    "airflow_scheduler_tasks_executable",
    help="Tasks that the last turn queued",
    read="Of one turn: usually 0 between the starts of runs.",
    statsd=(Line("scheduler.tasks.executable", StatsdType.GAUGE),),
    **_FROM,
)
SCHEDULER_DAGRUNS_RUNNING = Gauge(
    "airflow_scheduler_dagruns_running",
    help="DAG runs that are running",
    read="Runs, not DAGs: one with three runs counts three times.",
    statsd=(Line("scheduler.dagruns.running", StatsdType.GAUGE, versions=(V3,)),),
    **_FROM,
)
SCHEDULER_TASKS_KILLED_EXTERNALLY = Counter(
    "airflow_scheduler_tasks_killed_externally_total",
    help="Task instances whose process was gone while Airflow thought that they ran or waited",
    read="Something else ended them: memory, a node that went away, an operator of the cluster.",
    tags=(DAG_ID, TASK_ID, TEAM_NAME),
    statsd=(Line("scheduler.tasks.killed_externally", StatsdType.COUNTER),),
    thresholds=(TASKS_KILLED,),
    **_FROM,
)
TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED = Counter(
    "airflow_task_instances_without_heartbeats_killed_total",
    help="Task instances that the scheduler gave up because they sent no heartbeat; zombies in Airflow 2",
    read="Each is a worker that died or could not reach Airflow.",
    tags=(DAG_ID, TASK_ID, TEAM_NAME),
    statsd=(
        Line("task_instances_without_heartbeats_killed", StatsdType.COUNTER, versions=(V3,)),
        Line("zombies_killed", StatsdType.COUNTER, versions=(V2_11,)),
    ),
    **_FROM,
)
SCHEDULER_ORPHANED_TASKS_CLEARED = Counter(
    "airflow_scheduler_orphaned_tasks_cleared_total",
    help="Task instances of a dead scheduler that were reset",
    read="They start again: work that was lost with a scheduler.",
    statsd=(Line("scheduler.orphaned_tasks.cleared", StatsdType.COUNTER),),
    **_FROM,
)
SCHEDULER_ORPHANED_TASKS_ADOPTED = Counter(
    "airflow_scheduler_orphaned_tasks_adopted_total",
    help="Task instances of a dead scheduler that another one took over",
    read="Nothing lost, but a scheduler has died or was restarted.",
    statsd=(Line("scheduler.orphaned_tasks.adopted", StatsdType.COUNTER),),
    **_FROM,
)
JOB_START = Counter(
    "airflow_job_start_total",
    help="Airflow jobs that started: schedulers, triggerers, processors of DAG files",
    read="Many: something restarts all the time. In Airflow 2.11 every task is such a job too.",
    labels=(JOB_NAME,),
    statsd=(Line("{job_name}_start", StatsdType.COUNTER),),
    **_FROM,
)
JOB_END = Counter(
    "airflow_job_end_total",
    help="Airflow jobs that ended, and schedulers that another one found dead",
    read="`schedulerjobrunner` are those that were found dead.",
    labels=(JOB_NAME,),
    statsd=(Line("{job_name}_end", StatsdType.COUNTER),),
    **_FROM,
)
JOB_HEARTBEAT_FAILURE = Counter(
    "airflow_job_heartbeat_failure_total",
    help="Heartbeats that an Airflow job could not write to the database",
    read="Any at all: the database is slow or away.",
    labels=(JOB_NAME,),
    statsd=(Line("{job_name}_heartbeat_failure", StatsdType.COUNTER),),
    **_FROM,
)
LOCAL_TASK_JOB_PROLONGED_HEARTBEAT_FAILURE = Counter(
    "airflow_local_task_job_prolonged_heartbeat_failure_total",
    help="Tasks that ended themselves because their heartbeat failed for too long",
    read="Airflow 2.11 only. The database was away for longer than the limit.",
    statsd=(Line("local_task_job_prolonged_heartbeat_failure", StatsdType.COUNTER, versions=(V2_11,)),),
    **_FROM,
)
SCHEDULER_DAG_BAG_CACHE_HIT = Counter(
    "airflow_scheduler_dag_bag_cache_hit_total",
    help="DAGs that the scheduler had in its cache",
    read="With the misses: how well the cache works.",
    statsd=(Line("scheduler.dag_bag.cache_hit", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
SCHEDULER_DAG_BAG_CACHE_MISS = Counter(
    "airflow_scheduler_dag_bag_cache_miss_total",
    help="DAGs that the scheduler had to read from the database",
    read="Each new version of a DAG is one; many more: the cache is too small.",
    statsd=(Line("scheduler.dag_bag.cache_miss", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
SCHEDULER_DAG_BAG_CACHE_CLEAR = Counter(
    "airflow_scheduler_dag_bag_cache_clear_total",
    help="Times that the scheduler's cache of DAGs was emptied",
    read="Misses follow it.",
    statsd=(Line("scheduler.dag_bag.cache_clear", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
SCHEDULER_DAG_BAG_CACHE_SIZE = Gauge(
    "airflow_scheduler_dag_bag_cache_size",
    help="DAGs in the scheduler's cache",
    read="Sampled: Airflow sends one value in ten.",
    statsd=(Line("scheduler.dag_bag.cache_size", StatsdType.GAUGE, versions=(V3,)),),
    **_FROM,
)

METRICS = (
    SCHEDULER_HEARTBEAT,
    SCHEDULER_LOOP_DURATION,
    SCHEDULER_EXECUTOR_HEARTBEAT_DURATION,
    SCHEDULER_CRITICAL_SECTION_DURATION,
    SCHEDULER_CRITICAL_SECTION_QUERY_DURATION,
    SCHEDULER_CRITICAL_SECTION_BUSY,
    SCHEDULER_TASKS_STARVING,
    SCHEDULER_TASKS_EXECUTABLE,
    SCHEDULER_DAGRUNS_RUNNING,
    SCHEDULER_TASKS_KILLED_EXTERNALLY,
    TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED,
    SCHEDULER_ORPHANED_TASKS_CLEARED,
    SCHEDULER_ORPHANED_TASKS_ADOPTED,
    JOB_START,
    JOB_END,
    JOB_HEARTBEAT_FAILURE,
    LOCAL_TASK_JOB_PROLONGED_HEARTBEAT_FAILURE,
    SCHEDULER_DAG_BAG_CACHE_HIT,
    SCHEDULER_DAG_BAG_CACHE_MISS,
    SCHEDULER_DAG_BAG_CACHE_CLEAR,
    SCHEDULER_DAG_BAG_CACHE_SIZE,
)
