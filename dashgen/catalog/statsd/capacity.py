"""Room to run over StatsD: pools, executors and triggerers."""

from __future__ import annotations

from dashgen.catalog.labels import STATSD_EXPORTER
from dashgen.catalog.model import Counter, Gauge
from dashgen.catalog.statsd.labels import EXECUTOR_CLASS_NAME, HOSTNAME, NAME, POOL_NAME, STATUS, TEAM_NAME
from dashgen.catalog.statsd.sent import V2_11, V3, Line, StatsdType
from dashgen.catalog.terms import Source

_FROM = {"source": Source.STATSD, "owner": "data-platform", "jobs": (STATSD_EXPORTER,)}
_EXECUTOR_TAGS = (STATUS, NAME, TEAM_NAME)


def _executor(name: str) -> tuple[Line, ...]:
    """Return the lines of an executor's gauge.

    Airflow 2.11 sends the bare name with one executor, and the class in the name with several;
    it never sends both, so that neither may be dropped for the other.
    """
    return (
        Line(
            name,
            StatsdType.GAUGE,
            f"{name}.{{executor_class_name}}",
            versions=(V3,),
            chart_name=f"airflow_{name.replace('.', '_')}",
        ),
        Line(name, StatsdType.GAUGE, versions=(V2_11,)),
        Line(
            f"{name}.{{executor_class_name}}",
            StatsdType.GAUGE,
            versions=(V2_11,),
            chart_name=f"airflow_{name.replace('.', '_')}",
        ),
    )


def _pool(name: str, chart_name: str = "") -> tuple[Line, ...]:
    """Return the line of a pool's gauge."""
    return (Line(name, StatsdType.GAUGE, f"{name}.{{pool_name}}", chart_name=chart_name),)


POOL_OPEN_SLOTS = Gauge(
    "airflow_pool_open_slots",
    help="Slots of the pool that nothing holds",
    read="0 for long while tasks are scheduled: the pool is too small. Below 0 more runs than the pool, made smaller "
    "meanwhile, has slots for; a pool without a limit shows +Inf.",
    labels=(POOL_NAME,),
    tags=(TEAM_NAME,),
    statsd=_pool("pool.open_slots", "airflow_pool_open_slots"),
    **_FROM,
)
POOL_QUEUED_SLOTS = Gauge(
    "airflow_pool_queued_slots",
    help="Slots of the pool that queued task instances hold",
    read="Many: workers are missing, not slots.",
    labels=(POOL_NAME,),
    tags=(TEAM_NAME,),
    statsd=_pool("pool.queued_slots"),
    **_FROM,
)
POOL_RUNNING_SLOTS = Gauge(
    "airflow_pool_running_slots",
    help="Slots of the pool that running task instances hold",
    read="A task can hold several.",
    labels=(POOL_NAME,),
    tags=(TEAM_NAME,),
    statsd=_pool("pool.running_slots"),
    **_FROM,
)
POOL_DEFERRED_SLOTS = Gauge(
    "airflow_pool_deferred_slots",
    help="Slots that deferred task instances of the pool ask for",
    read="They take from the open slots only where the pool is set to count deferred tasks.",
    labels=(POOL_NAME,),
    tags=(TEAM_NAME,),
    statsd=_pool("pool.deferred_slots"),
    **_FROM,
)
POOL_SCHEDULED_SLOTS = Gauge(
    "airflow_pool_scheduled_slots",
    help="Slots that scheduled task instances of the pool wait for",
    read="They hold none yet. Grows in front of a full pool.",
    labels=(POOL_NAME,),
    tags=(TEAM_NAME,),
    statsd=_pool("pool.scheduled_slots"),
    **_FROM,
)
POOL_STARVING_TASKS = Gauge(
    "airflow_pool_starving_tasks",
    help="Task instances that asked for more slots than the pool had open, when it was last looked at",
    read="Above 0 for long: make the pool larger, or spread the load. A pool without an open slot, or that nothing is "
    "scheduled for, is not looked at: the value stays the last one, and goes after an hour.",
    labels=(POOL_NAME,),
    tags=(TEAM_NAME,),
    statsd=_pool("pool.starving_tasks", "airflow_pool_starving_tasks"),
    **_FROM,
)

EXECUTOR_OPEN_SLOTS = Gauge(
    "airflow_executor_open_slots",
    help="Task instances that the executor could still take",
    read="Up to its parallelism, whatever the workers can do. 0: nothing more is queued.",
    labels=(EXECUTOR_CLASS_NAME,),
    tags=_EXECUTOR_TAGS,
    statsd=_executor("executor.open_slots"),
    **_FROM,
)
EXECUTOR_QUEUED_TASKS = Gauge(
    "airflow_executor_queued_tasks",
    help="Task instances that the executor holds and has not handed on",
    read="Grows where the executor cannot keep up.",
    labels=(EXECUTOR_CLASS_NAME,),
    tags=_EXECUTOR_TAGS,
    statsd=_executor("executor.queued_tasks"),
    **_FROM,
)
EXECUTOR_RUNNING_TASKS = Gauge(
    "airflow_executor_running_tasks",
    help="Task instances that the executor has handed on and that have not ended",
    read="Those that wait for a worker are among them.",
    labels=(EXECUTOR_CLASS_NAME,),
    tags=_EXECUTOR_TAGS,
    statsd=_executor("executor.running_tasks"),
    **_FROM,
)

TRIGGERER_HEARTBEAT = Counter(
    "airflow_triggerer_heartbeat_total",
    help="Heartbeats of the triggerers",
    read="A rate of 0: deferred tasks wait for ever.",
    tags=(TEAM_NAME,),
    statsd=(Line("triggerer_heartbeat", StatsdType.COUNTER),),
    **_FROM,
)
TRIGGERS_RUNNING = Gauge(
    "airflow_triggers_running",
    help="Triggers that the triggerer runs",
    read="Near its capacity: a further triggerer is due. A triggerer that is gone keeps its last value.",
    labels=(HOSTNAME,),
    tags=(TEAM_NAME,),
    statsd=(Line("triggers.running", StatsdType.GAUGE, "triggers.running.{hostname}"),),
    **_FROM,
)
TRIGGERER_CAPACITY_LEFT = Gauge(
    "airflow_triggerer_capacity_left",
    help="Triggers that the triggerer could still take",
    read="0: new triggers wait.",
    labels=(HOSTNAME,),
    tags=(TEAM_NAME,),
    statsd=(Line("triggerer.capacity_left", StatsdType.GAUGE, "triggerer.capacity_left.{hostname}", versions=(V3,)),),
    **_FROM,
)
TRIGGERS_SUCCEEDED = Counter(
    "airflow_triggers_succeeded_total",
    help="Triggers that fired",
    read="Each lets a deferred task go on.",
    tags=(TEAM_NAME,),
    statsd=(Line("triggers.succeeded", StatsdType.COUNTER),),
    **_FROM,
)
TRIGGERS_FAILED = Counter(
    "airflow_triggers_failed_total",
    help="Triggers that ended with an error before they fired",
    read="Each fails the task that waited for it.",
    tags=(TEAM_NAME,),
    statsd=(Line("triggers.failed", StatsdType.COUNTER),),
    **_FROM,
)
TRIGGERS_BLOCKED_MAIN_THREAD = Counter(
    "airflow_triggers_blocked_main_thread_total",
    help="Times that a trigger held up all others of its triggerer",
    read="One that does not wait as asynchronous code must; the triggerer's log names it.",
    statsd=(Line("triggers.blocked_main_thread", StatsdType.COUNTER),),
    **_FROM,
)

METRICS = (
    POOL_OPEN_SLOTS,
    POOL_QUEUED_SLOTS,
    POOL_RUNNING_SLOTS,
    POOL_DEFERRED_SLOTS,
    POOL_SCHEDULED_SLOTS,
    POOL_STARVING_TASKS,
    EXECUTOR_OPEN_SLOTS,
    EXECUTOR_QUEUED_TASKS,
    EXECUTOR_RUNNING_TASKS,
    TRIGGERER_HEARTBEAT,
    TRIGGERS_RUNNING,
    TRIGGERER_CAPACITY_LEFT,
    TRIGGERS_SUCCEEDED,
    TRIGGERS_FAILED,
    TRIGGERS_BLOCKED_MAIN_THREAD,
)
