"""The labels, generations' jobs and value codes that the built-in metrics share."""

from __future__ import annotations

from dashgen.catalog.model import FLEET, LAB, PER_RUN, Job
from dashgen.catalog.terms import Cardinality, Code, Label

DAG_ID = Label("dag_id", "The DAG.", Cardinality.BOUNDED)
TASK_ID = Label("task_id", "The task, with its task groups: `group.task`.", Cardinality.BOUNDED)
INSTANCE = Label(
    "instance",
    "The Airflow deployment on what the listener and the sweeper push; the scrape target on the series of Pushgateway, "
    "statsd_exporter and Prometheus.",
    Cardinality.BOUNDED,
)
RUN_ID = Label("run_id", "The DAG run. A new value with each run: only the sweeper ends it.", Cardinality.UNBOUNDED)
MAP_INDEX = Label(
    "map_index", "The index of a mapped task's instance; absent otherwise.", Cardinality.BOUNDED, optional=True
)
RESULT = Label("result", "What the sweep did with the group: seen, deleted, kept or failed.", Cardinality.BOUNDED)
HANDLER = Label("handler", "The Pushgateway's endpoint: push, delete, …", Cardinality.BOUNDED)
METHOD = Label("method", "The HTTP method, in lower case.", Cardinality.BOUNDED)
CODE = Label("code", "The HTTP status.", Cardinality.BOUNDED)
ALERTNAME = Label("alertname", "The alert rule.", Cardinality.BOUNDED)
ALERTSTATE = Label("alertstate", "pending or firing.", Cardinality.BOUNDED)
SEVERITY = Label("severity", "critical, warning, info, or none for what is no alarm.", Cardinality.BOUNDED)
OWNER = Label("owner", "The team that the alert is for.", Cardinality.BOUNDED)

AIRFLOW_TASKS = Job(
    "airflow_tasks", "The latest event of each task.", (DAG_ID, TASK_ID, INSTANCE), generation=FLEET, pushed=True
)
AIRFLOW_DAGS = Job("airflow_dags", "The latest run of each DAG.", (DAG_ID, INSTANCE), generation=FLEET, pushed=True)
AIRFLOW_TASK_RUNS = Job(
    "airflow_task_runs",
    "Each task instance of each run.",
    (DAG_ID, TASK_ID, MAP_INDEX, RUN_ID, INSTANCE),
    generation=PER_RUN,
    pushed=True,
)
AIRFLOW_DAG_RUNS = Job("airflow_dag_runs", "Each DAG run.", (DAG_ID, RUN_ID, INSTANCE), generation=PER_RUN, pushed=True)
AIRFLOW_TASKS_V1 = Job(
    "airflow_tasks_v1",
    "The first plugin's Counters, for showing its fault.",
    (DAG_ID, TASK_ID, INSTANCE),
    generation=LAB,
    pushed=True,
)
PUSHGATEWAY_SWEEPER = Job("pushgateway_sweeper", "What the sweeper says of its last run.", (INSTANCE,), pushed=True)
DASHGEN_DOCTOR = Job(
    "dashgen_doctor", "The test group of `dashgen doctor`, there for a moment.", (INSTANCE,), pushed=True
)
PUSHGATEWAY = Job("pushgateway", "The Pushgateway, scraped.", (INSTANCE,))
STATSD_EXPORTER = Job(
    "statsd_exporter", "statsd_exporter, scraped: Airflow's own metrics and the exporter's.", (INSTANCE,)
)
PROMETHEUS = Job("prometheus", "Prometheus, scraped by itself.", (INSTANCE,))

TASK_JOBS = (AIRFLOW_TASKS, AIRFLOW_TASK_RUNS)
DAG_JOBS = (AIRFLOW_DAGS, AIRFLOW_DAG_RUNS)
LISTENER_JOBS = (*TASK_JOBS, *DAG_JOBS)
PER_RUN_JOBS = (AIRFLOW_TASK_RUNS, AIRFLOW_DAG_RUNS)


class TaskState(Code):
    """A task's state; removed and unknown states are not pushed."""

    UPSTREAM_FAILED = -2, "upstream failed", "orange"
    FAILED = -1, "failed", "red"
    RUNNING = 0, "running", "blue"
    SUCCESS = 1, "success", "green"
    UP_FOR_RETRY = 2, "retrying", "yellow"
    SKIPPED = 3, "skipped", "purple"


class DagRunState(Code):
    """A DAG run's state."""

    FAILED = -1, "failed", "red"
    RUNNING = 0, "running", "blue"
    SUCCESS = 1, "success", "green"


class Attention(Code):
    """Why a task needs a person, worst last so that the worst sorts first when descending."""

    RETRYING = 1, "retrying", "yellow"
    RUNNING_TOO_LONG = 2, "running too long", "blue"
    PARTLY_FAILED = 3, "partly failed", "orange"
    FAILED = 4, "failed", "red"


class UpState(Code):
    """Whether a scrape target answers."""

    DOWN = 0, "down", "red"
    UP = 1, "up", "green"


class AlertState(Code):
    """The value of an alert's series, which is there only while the alert is."""

    ACTIVE = 1, "active", "red"
