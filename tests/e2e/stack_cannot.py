"""The panels that stay empty in the run of everything, and why.

Their queries are asked on lines that are replayed, in tests/integration/test_statsd_panels.py.
"""

from __future__ import annotations

from types import MappingProxyType

_KUBERNETES = "Tasks would have to run on Kubernetes."
_CELERY = "A Celery broker that is away."
_EDGE = "Tasks would have to run on edge workers."
_LINEAGE = "The provider of OpenLineage, and where it sends."
_TEST = "Somebody would have to test a connection in the web interface."

CANNOT = MappingProxyType(
    {
        "Calls to Kubernetes by status": _KUBERNETES,
        "Time of calls to Kubernetes (mean)": _KUBERNETES,
        "Time to take over (mean)": "A scheduler that dies, and an executor in a cloud.",
        "Commands that failed": _CELERY,
        "Tasks not handed to the broker in time": _CELERY,
        "Edge workers (worst 100)": _EDGE,
        "Task instances on edge workers": _EDGE,
        "Time to bring workers up to date": _EDGE,
        "Events not sent": _LINEAGE,
        "Largest events (top 10)": _LINEAGE,
        "Slowest extraction (top 10)": _LINEAGE,
        "Time to send an event (mean)": _LINEAGE,
        "Tests by outcome": _TEST,
        "Time of tests": _TEST,
        "Critical section was taken": "A second scheduler.",
        "Deadlines and SLAs": "A DAG with deadlines.",
        "Failed reloads, 1 day": "A mapping that breaks while the exporter runs.",
        "Notifications that failed": "A callback that fails.",
        "Tasks removed and restored": "A DAG's file would have to change.",
        "Timeouts, stalls and errors": "A file that takes 50 seconds to read.",
        "Tasks that waited longest for a worker, last hour (top 10)": "Airflow 3 sends nothing of it.",
        "Waits for a worker (top 10 DAGs)": "Airflow 3 sends nothing of it.",
    }
)

# What depends on chance, or on how busy the machine is.
_ONE_IN_TEN = "Sent one time in ten."
MAY = MappingProxyType(
    {
        "API server: DAGs held": _ONE_IN_TEN,
        "API server: misses": "Requests for a DAG.",
        "API server: share of hits": "Two requests for one DAG to the same process.",
        "Scheduler: DAGs held": _ONE_IN_TEN,
        "First task after its run was queued (top 10)": "A run that waits for a place.",
        "Task instances now": "They are counted twice a minute.",
        "Tasks killed and orphaned": "The scheduler hears of an end before the database has it.",
    }
)

# The recording rules that make nothing in such a run, or only at times; their cases are with the rules' own tests.
UNRECORDED = MappingProxyType(
    {
        "dag:airflow_task_queued_duration_seconds_count:increase5m": "Airflow 3 sends nothing of it.",
        "dag:airflow_task_queued_duration_seconds_sum:increase5m": "Airflow 3 sends nothing of it.",
        "dag:airflow_dagrun_duration_seconds:hourly": "Only at the full hour.",
        "task:task_duration_seconds:midnight": "Only at midnight.",
        "task:task_retrying:try_number": "Only while a task waits for its next attempt.",
    }
)
