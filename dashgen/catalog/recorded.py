"""The series that our recording rules make, so that panels and alerts need not scan the fleet.

Names are ``level:metric:operation``, as Prometheus' practice for recording rules has it. The
expressions are in :mod:`dashgen.rules.recording`. A series of one task or DAG keeps its job.
"""

from __future__ import annotations

from typing import Any

from dashgen.catalog.labels import (
    AIRFLOW_TASKS,
    DAG_ID,
    INSTANCE,
    Attention,
    TaskState,
)
from dashgen.catalog.model import Gauge, Metric
from dashgen.catalog.terms import Source, Unit

# How often a record is made, unless its group says otherwise.
RECORDED_EVERY = "1m"

_RECORDED = {"source": Source.RECORDING_RULE, "owner": "observability"}
_PER_DAG = {"labels": (INSTANCE, DAG_ID), **_RECORDED}
_PER_INSTANCE = {"labels": (INSTANCE,), **_RECORDED}
_PER_TASK = {"jobs": (AIRFLOW_TASKS,), **_RECORDED}


def _in_state(state: TaskState, name: str, of: str, per: dict[str, Any] = _PER_DAG) -> Metric:
    return Gauge(
        f"{name}_{state.name.lower()}:sum",
        help=f"{of} that are {state.word}",
        read="0 when there are none, absent when nothing arrives.",
        **per,
    )


DAG_TASKS = {
    state: _in_state(state, "dag:task_status", "Tasks of the DAG")
    for state in (
        TaskState.FAILED,
        TaskState.UPSTREAM_FAILED,
        TaskState.UP_FOR_RETRY,
        TaskState.RUNNING,
        TaskState.SUCCESS,
    )
}
DAG_TASK_COUNT = Gauge(
    "dag:task_status:count",
    help="Tasks of the DAG, whatever their state",
    read="Grows with the DAG's tasks; one that was removed counts until its group is deleted from the Pushgateway.",
    **_PER_DAG,
)
INSTANCE_TASKS = {
    state: _in_state(state, "instance:task_status", "Tasks of the Airflow deployment", _PER_INSTANCE)
    for state in DAG_TASKS
}
DAG_TASK_RUNS = {
    state: _in_state(state, "dag:task_run_status", "Task instances of the DAG, over all runs held,")
    for state in (TaskState.FAILED, TaskState.SUCCESS)
}
DAG_DURATION_MAX = Gauge(
    "dag:task_duration_seconds:max",
    help="Longest of the latest durations of the DAG's tasks",
    read="Follows the slowest task of the DAG.",
    unit=Unit.SECONDS,
    **_PER_DAG,
)
TASK_MIDNIGHT_DURATION = Gauge(
    "task:task_duration_seconds:midnight",
    help="Duration of the task's last finished attempt, in the first minutes of each day (UTC) only",
    read="A few samples a day, so that the usual duration need not read a week of all of them.",
    unit=Unit.SECONDS,
    **_PER_TASK,
)
TASK_USUAL_DURATION = Gauge(
    "task:task_duration_seconds:max7d",
    help="Usual duration of the task: the longest of those that stood at the last seven midnights (UTC), the last hour "
    "left out",
    read="What a person would call normal for this task; a task that has not yet seen a midnight has none.",
    unit=Unit.SECONDS,
    **_PER_TASK,
)
TASK_ABOVE_USUAL = Gauge(
    "task:task_duration_seconds:ratio7d",
    help="Duration as a multiple of the task's usual, for tasks far above it only",
    read="Present only above both the factor and the floor of the settings; a usual duration below one second "
    "counts as "
    "one.",
    unit=Unit.RATIO,
    **_PER_TASK,
)
TASK_RUNNING_AGE = Gauge(
    "task:task_running_too_long:age_seconds",
    help="How long the task has been running, for tasks that run too long only",
    read="Blind for sensors that reschedule, which start anew at each poke, and for mapped tasks, which show "
    "the instance "
    "that reported last: the DAG run's own running time covers those.",
    unit=Unit.SECONDS,
    **_PER_TASK,
)
TASK_RETRYING = Gauge(
    "task:task_retrying:try_number",
    help="Attempt of the task, for tasks between or in repeated attempts only",
    read="Present while the task waits for its next attempt, and while a repeated one runs for less than half of the "
    "alert's hold: one that takes longer is a long task. A task that was cleared by hand counts as well: Airflow gives "
    "it the next attempt's number.",
    **_PER_TASK,
)
TASK_PARTLY_FAILED = Gauge(
    "task:task_partly_failed:age_seconds",
    help="Time since an instance of a mapped task, or an earlier attempt that was cleared, failed in the current run, "
    "for tasks whose own state is not failed",
    read="The task's state is that of what reported last: this one says that something failed before it. For a task "
    "that is not mapped and has succeeded since, there is nothing left to do.",
    unit=Unit.SECONDS,
    **_PER_TASK,
)
TASK_ATTENTION = Gauge(
    "task:task_attention:worst",
    help="The worst reason why the task needs a person; absent when there is none",
    read="One series per task that is failed, partly failed, running too long or retrying.",
    codes=Attention,
    **_PER_TASK,
)
LAST_PUSH = Gauge(
    "instance:push_time_seconds:max",
    help="Last time when anything of the Airflow deployment arrived",
    read="Its age grows when the deployment is idle, stopped or cut off; a DAG that runs each day is its heartbeat.",
    unit=Unit.TIMESTAMP,
    **_PER_INSTANCE,
)
REFUSED_GROUPS = Gauge(
    "instance:push_failed_groups:sum",
    help="Groups whose last push the Pushgateway marked as failed",
    read="Anything above 0 is a fault. It sees only what the gateway could read: pushes with timestamps and, with the "
    "consistency check on, those that contradict another group. Never a gateway that cannot be reached.",
    **_PER_INSTANCE,
)
GROUPS = Gauge(
    "instance:groups:count",
    help="Groups that the Pushgateway holds for the Airflow deployment",
    read="Tasks and DAGs in the fleet; those and every run of them per run.",
    **_PER_INSTANCE,
)
PER_RUN_GROUPS = Gauge(
    "instance:per_run_groups:count",
    help="Per-run groups that the Pushgateway holds",
    read="Grows with every run until the sweeper removes what is expired; 0 when all are swept.",
    **_PER_INSTANCE,
)
PER_RUN_SERIES = Gauge(
    "instance:per_run_series:count",
    help="Series that the per-run groups make, whatever their names",
    read="What run_id costs Prometheus on every scrape.",
    **_PER_INSTANCE,
)
OLDEST_PER_RUN_PUSH = Gauge(
    "instance:per_run_push_time_seconds:min",
    help="Last push to the per-run group that has been silent longest",
    read="Older than the sweeper's greatest age: it is not sweeping.",
    unit=Unit.TIMESTAMP,
    **_PER_INSTANCE,
)

METRICS = (
    *DAG_TASKS.values(),
    DAG_TASK_COUNT,
    *INSTANCE_TASKS.values(),
    DAG_DURATION_MAX,
    TASK_MIDNIGHT_DURATION,
    TASK_USUAL_DURATION,
    TASK_ABOVE_USUAL,
    TASK_RUNNING_AGE,
    TASK_RETRYING,
    TASK_PARTLY_FAILED,
    TASK_ATTENTION,
    LAST_PUSH,
    REFUSED_GROUPS,
    GROUPS,
)
PER_RUN_METRICS = (*DAG_TASK_RUNS.values(), PER_RUN_GROUPS, PER_RUN_SERIES, OLDEST_PER_RUN_PUSH)
