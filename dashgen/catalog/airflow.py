"""What the Airflow listener emits, and which event sets what.

Meaning of each value and the hooks that report it: measured on Airflow 3.3.2 and 2.11.2.
"""

from __future__ import annotations

from types import MappingProxyType

from dashgen.catalog.labels import (
    AIRFLOW_DAGS,
    AIRFLOW_TASKS,
    AIRFLOW_TASKS_V1,
    DAG_JOBS,
    TASK_JOBS,
    DagRunState,
    TaskState,
)
from dashgen.catalog.model import FLEET, LAB, PER_RUN, Counter, Event, Gauge, Generation, Metric, Threshold
from dashgen.catalog.terms import Source, Unit

_OWNER = "data-platform"
_FROM_LISTENER = {"source": Source.LISTENER, "owner": _OWNER}

TASK_RUNNING_TOO_LONG = Threshold(
    "task_running_too_long", 6 * 3600, Unit.SECONDS, "A task that runs longer needs a look."
)
DAG_RUN_RUNNING_TOO_LONG = Threshold(
    "dag_run_running_too_long", 12 * 3600, Unit.SECONDS, "A DAG run that runs longer needs a look."
)
DURATION_FACTOR = Threshold(
    "duration_factor", 3, Unit.RATIO, "A task that took this many times its usual duration stands out."
)
DURATION_FLOOR = Threshold(
    "duration_floor", 300, Unit.SECONDS, "Durations below this are never called unusual: they jump about."
)

TASK_STATUS = Gauge(
    "task_status",
    help="State of the task's latest event",
    read="Failed and upstream failed need a person; retrying is repeated by Airflow; running for hours is stuck.",
    jobs=TASK_JOBS,
    codes=TaskState,
    **_FROM_LISTENER,
)
TASK_DURATION = Gauge(
    "task_duration_seconds",
    help="Duration of the task's last finished attempt",
    read="End minus start of one attempt: retries and time in the queue are not in it. Compare with the task's own "
    "usual, not with other tasks.",
    jobs=TASK_JOBS,
    unit=Unit.SECONDS,
    thresholds=(DURATION_FACTOR, DURATION_FLOOR),
    **_FROM_LISTENER,
)
TASK_START = Gauge(
    "task_start_timestamp_seconds",
    help="Start of the task's latest attempt",
    read="A sensor that reschedules starts anew at each poke, so that its running time never grows; a mapped "
    "task shows "
    "the instance that reported last.",
    jobs=TASK_JOBS,
    unit=Unit.TIMESTAMP,
    thresholds=(TASK_RUNNING_TOO_LONG,),
    **_FROM_LISTENER,
)
TASK_TRY_NUMBER = Gauge(
    "task_try_number",
    help="Attempt of the task's latest event",
    read="1 is the first attempt; more means that earlier ones of the same run ended and were retried.",
    jobs=TASK_JOBS,
    **_FROM_LISTENER,
)
TASK_LAST_SUCCESS = Gauge(
    "task_last_success_timestamp_seconds",
    help="End of the task's last attempt that succeeded",
    read="Kept when a later attempt fails: the age of the last good result.",
    jobs=(AIRFLOW_TASKS,),
    unit=Unit.TIMESTAMP,
    **_FROM_LISTENER,
)
TASK_LAST_FAILURE = Gauge(
    "task_last_failure_timestamp_seconds",
    help="End of the task's last attempt that ended failed",
    read="Kept when a later attempt succeeds; an attempt that is retried does not count. Not older than the "
    "start of its "
    "DAG's run while the state is not failed: an instance of a mapped task failed.",
    jobs=(AIRFLOW_TASKS,),
    unit=Unit.TIMESTAMP,
    **_FROM_LISTENER,
)
DAG_RUN_STATUS = Gauge(
    "dag_run_status",
    help="State of the DAG run",
    read="In the fleet it is the latest run's; failed needs a person.",
    jobs=DAG_JOBS,
    codes=DagRunState,
    **_FROM_LISTENER,
)
DAG_RUN_DURATION = Gauge(
    "dag_run_duration_seconds",
    help="Duration of the last finished DAG run",
    read="From the run's start to its end, time between tasks included.",
    jobs=DAG_JOBS,
    unit=Unit.SECONDS,
    **_FROM_LISTENER,
)
DAG_RUN_START = Gauge(
    "dag_run_start_timestamp_seconds",
    help="Start of the latest DAG run",
    read="The time since then is how long a running run has been running.",
    jobs=DAG_JOBS,
    unit=Unit.TIMESTAMP,
    thresholds=(DAG_RUN_RUNNING_TOO_LONG,),
    **_FROM_LISTENER,
)
DAG_RUN_LAST_SUCCESS = Gauge(
    "dag_run_last_success_timestamp_seconds",
    help="End of the DAG's last run that succeeded",
    read="Its age says how stale the DAG's result is; kept when a later run fails.",
    jobs=(AIRFLOW_DAGS,),
    unit=Unit.TIMESTAMP,
    **_FROM_LISTENER,
)
DAG_RUN_LAST_FAILURE = Gauge(
    "dag_run_last_failure_timestamp_seconds",
    help="End of the DAG's last run that failed",
    read="Kept when a later run succeeds.",
    jobs=(AIRFLOW_DAGS,),
    unit=Unit.TIMESTAMP,
    **_FROM_LISTENER,
)
DAG_RUN_FAILED_TASKS = Gauge(
    "dag_run_failed_tasks",
    help="Task instances failed or upstream failed in the last finished DAG run",
    read="More than 0 in a run that succeeded means that its leaf tasks did not depend on what failed.",
    jobs=DAG_JOBS,
    **_FROM_LISTENER,
)

_DEMONSTRATION = "It shows the first plugin's fault and is on no dashboard or alert."
LAB_TASK_SUCCESS = Counter(
    "lab_task_success_total",
    help="Successes of the task, as the first plugin counted them",
    read="Every push replaces the last one: it never counts beyond 1.",
    jobs=(AIRFLOW_TASKS_V1,),
    unused_because=_DEMONSTRATION,
    **_FROM_LISTENER,
)
LAB_TASK_FAILURE = Counter(
    "lab_task_failure_total",
    help="Failures of the task, as the first plugin counted them",
    read="Stays 1 after a retry that succeeded: ten tasks that fail together show 1.",
    jobs=(AIRFLOW_TASKS_V1,),
    unused_because=_DEMONSTRATION,
    **_FROM_LISTENER,
)

METRICS = (
    TASK_STATUS,
    TASK_DURATION,
    TASK_START,
    TASK_TRY_NUMBER,
    TASK_LAST_SUCCESS,
    TASK_LAST_FAILURE,
    DAG_RUN_STATUS,
    DAG_RUN_DURATION,
    DAG_RUN_START,
    DAG_RUN_LAST_SUCCESS,
    DAG_RUN_LAST_FAILURE,
    DAG_RUN_FAILED_TASKS,
    LAB_TASK_SUCCESS,
    LAB_TASK_FAILURE,
)


def _sets(
    both: tuple[Metric, ...], fleet: tuple[Metric, ...] = (), lab: tuple[Metric, ...] = ()
) -> MappingProxyType[Generation, tuple[Metric, ...]]:
    return MappingProxyType({FLEET: both + fleet, PER_RUN: both, **({LAB: lab} if lab else {})})


_STARTED = (TASK_STATUS, TASK_START, TASK_TRY_NUMBER)
_FINISHED = (*_STARTED, TASK_DURATION)
_RUN_STARTED = (DAG_RUN_STATUS, DAG_RUN_START)
_RUN_FINISHED = (*_RUN_STARTED, DAG_RUN_DURATION, DAG_RUN_FAILED_TASKS)

ON_TASK_RUNNING = Event("task_running", "on_task_instance_running", "An attempt starts or resumes.", _sets(_STARTED))
ON_TASK_SUCCESS = Event(
    "task_success",
    "on_task_instance_success",
    "An attempt succeeds.",
    _sets(_FINISHED, (TASK_LAST_SUCCESS,), (LAB_TASK_SUCCESS,)),
)
ON_TASK_RETRY = Event(
    "task_retry",
    "on_task_instance_failed",
    "An attempt fails and will be retried: the state is up_for_retry.",
    _sets(_FINISHED),
)
ON_TASK_FAILED = Event(
    "task_failed",
    "on_task_instance_failed",
    "The last attempt fails.",
    _sets(_FINISHED, (TASK_LAST_FAILURE,), (LAB_TASK_FAILURE,)),
)
ON_TASK_SKIPPED = Event(
    "task_skipped",
    "on_task_instance_skipped",
    "A task skips itself; it has no end then, so no duration. Airflow 2 has no such hook.",
    _sets(_STARTED),
)
ON_RUN_RUNNING = Event("dag_run_running", "on_dag_run_running", "A run starts.", _sets(_RUN_STARTED))
ON_RUN_SUCCESS = Event(
    "dag_run_success", "on_dag_run_success", "A run succeeds.", _sets(_RUN_FINISHED, (DAG_RUN_LAST_SUCCESS,))
)
ON_RUN_FAILED = Event(
    "dag_run_failed", "on_dag_run_failed", "A run fails.", _sets(_RUN_FINISHED, (DAG_RUN_LAST_FAILURE,))
)
ON_RUN_OVERTAKEN = Event(
    "dag_run_overtaken",
    "on_dag_run_success, on_dag_run_failed",
    "A run ends after a later run of its DAG started: the fleet keeps the later one's state.",
    MappingProxyType({FLEET: (DAG_RUN_LAST_SUCCESS, DAG_RUN_LAST_FAILURE), PER_RUN: _RUN_FINISHED}),
)
ON_TASK_RECONCILED = Event(
    "task_reconciled",
    "on_dag_run_success, on_dag_run_failed",
    "At the end of a run: the states that no task hook reports (skipped by the scheduler, upstream failed, killed, "
    "timed out), and the worst state of each mapped task.",
    _sets(_FINISHED, (TASK_LAST_SUCCESS, TASK_LAST_FAILURE)),
)

EVENTS = (
    ON_TASK_RUNNING,
    ON_TASK_SUCCESS,
    ON_TASK_RETRY,
    ON_TASK_FAILED,
    ON_TASK_SKIPPED,
    ON_RUN_RUNNING,
    ON_RUN_SUCCESS,
    ON_RUN_FAILED,
    ON_RUN_OVERTAKEN,
    ON_TASK_RECONCILED,
)
