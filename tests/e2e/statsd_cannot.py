"""What the end-to-end DAGs cannot cause in a version of Airflow, and why.

Lines of these are replayed elsewhere, in tests/integration/statsd.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from dashgen.catalog.statsd import dag_processing, dags, internals, providers, resumable_jobs, scheduler, tasks
from dashgen.catalog.statsd.capacity import TRIGGERS_BLOCKED_MAIN_THREAD
from dashgen.catalog.statsd.sent import V2_11, V3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dashgen.catalog.model import Metric

_EDIT = "A DAG's file would have to change."
_TEST = "Somebody would have to test a connection in the web interface."
_DEADLINE = "A DAG with deadlines."
_SLA = "A DAG with an SLA, and the mail that tells of its miss."

_BOTH: Mapping[Metric, str] = {
    **dict.fromkeys(providers.METRICS, "The provider's own executor, or OpenLineage."),
    scheduler.SCHEDULER_CRITICAL_SECTION_BUSY: "A second scheduler.",
    dag_processing.DAG_PROCESSING_PROCESSOR_TIMEOUTS: "A file that takes 50 seconds to read.",
    dag_processing.DAG_PROCESSING_MANAGER_STALLS: "A DAG processor that hangs.",
    dag_processing.DAG_FILE_REFRESH_ERROR: "An error of the database while a file's DAGs are written to it.",
    dags.TASK_REMOVED_FROM_DAG: _EDIT,
    dags.TASK_RESTORED_TO_DAG: _EDIT,
    tasks.PREVIOUSLY_SUCCEEDED: "Two schedulers that start the same task.",
    internals.COLLECT_DB_DAGS: "The web server, which does not run here, or its DAG bag.",
    internals.IO_LOAD_FILESYSTEMS: "A task that uses Airflow's object storage.",
}

CANNOT: Mapping[str, Mapping[Metric, str]] = MappingProxyType(
    {
        V2_11: {
            **_BOTH,
            scheduler.LOCAL_TASK_JOB_PROLONGED_HEARTBEAT_FAILURE: "A database that is away for minutes.",
            dag_processing.DAG_PROCESSING_SLA_CALLBACK_COUNT: _SLA,
            dags.SLA_MISSED: _SLA,
            dags.SLA_EMAIL_NOTIFICATION_FAILURE: _SLA,
            dags.SLA_CALLBACK_NOTIFICATION_FAILURE: _SLA,
        },
        V3: {
            **_BOTH,
            scheduler.TASK_INSTANCES_WITHOUT_HEARTBEATS_KILLED: "Five minutes without a heartbeat.",
            scheduler.SCHEDULER_DAG_BAG_CACHE_CLEAR: "Airflow clears no cache in so short a time.",
            internals.API_SERVER_DAG_BAG_CACHE_CLEAR: "Airflow clears no cache in so short a time.",
            dag_processing.DAG_PROCESSING_LAST_NUM_OF_DB_QUERIES: "Its registry has it, and nothing there sends it.",
            dags.DEADLINE_ALERTS_DEADLINE_CREATED: _DEADLINE,
            dags.DEADLINE_ALERTS_DEADLINE_MISSED: _DEADLINE,
            dags.DEADLINE_ALERTS_DEADLINE_NOT_MISSED: _DEADLINE,
            tasks.TASK_QUEUED_DURATION: "Its registry has it, and nothing there sends it.",
            tasks.LOCAL_TASK_JOB_TASK_EXIT: "Its registry has it, and nothing there sends it.",
            **dict.fromkeys(resumable_jobs.METRICS, "An operator that resumes an outside job after a crash."),
            internals.CONNECTION_TEST_SUCCESS: _TEST,
            internals.CONNECTION_TEST_FAILED: _TEST,
            internals.CONNECTION_TEST_REAPED: _TEST,
            internals.CONNECTION_TEST_DISPATCH_DURATION: _TEST,
            internals.CONNECTION_TEST_HOOK_DURATION: _TEST,
        },
    }
)

# What depends on how busy the machine is.
MAY: Mapping[Metric, str] = MappingProxyType(
    {
        scheduler.SCHEDULER_TASKS_KILLED_EXTERNALLY: "The scheduler hears of an end before the database has it.",
        scheduler.JOB_HEARTBEAT_FAILURE: "The database is busy at that moment.",
        TRIGGERS_BLOCKED_MAIN_THREAD: "The triggerer waits for a processor.",
        **dict.fromkeys((tasks.TI_SCHEDULED, tasks.TI_QUEUED, tasks.TI_DEFERRED), "They are counted twice a minute."),
        internals.API_SERVER_DAG_BAG_CACHE_HIT: "Two requests for one DAG to the same process.",
        internals.API_SERVER_DAG_BAG_CACHE_SIZE: "Sent one time in ten.",
        scheduler.SCHEDULER_DAG_BAG_CACHE_SIZE: "Sent one time in ten.",
    }
)
