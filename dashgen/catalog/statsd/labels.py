"""The labels of what comes over StatsD: the variables and tags of Airflow's own registry.

Their names are Airflow's: a tag becomes a label as it is, and no mapping can rename it.
"""

from __future__ import annotations

from dashgen.catalog.terms import Cardinality, Label

STATE = Label("state", "The state, as Airflow writes it: success, failed, up_for_retry, …", Cardinality.BOUNDED)
RUN_TYPE = Label("run_type", "How the run came to be: scheduled, manual, backfill or asset.", Cardinality.BOUNDED)
TEAM_NAME = Label("team_name", "The team of the DAG, in a deployment with several teams.", Cardinality.BOUNDED)
POOL_NAME = Label("pool_name", "The pool; Airflow replaces what StatsD cannot carry.", Cardinality.BOUNDED)
QUEUE = Label("queue", "The executor's queue.", Cardinality.BOUNDED)
EXECUTOR_CLASS_NAME = Label(
    "executor_class_name",
    "The executor's class: `CeleryExecutor`. Airflow 2.11 with one executor leaves it out.",
    Cardinality.BOUNDED,
    optional=True,
)
EXECUTOR = Label("executor", "The executor's class, where only a tag says it.", Cardinality.BOUNDED)
NAME = Label("name", "The executor's class, as Airflow 2.11 tags it.", Cardinality.BOUNDED)
STATUS = Label(
    "status", "open, queued or running for slots; the HTTP status for Kubernetes calls.", Cardinality.BOUNDED
)
OPERATOR_NAME = Label("operator_name", "The operator's class: `BashOperator`.", Cardinality.BOUNDED)
OPERATOR = Label("operator", "The operator's class, as resumable jobs tag it.", Cardinality.BOUNDED)
TASK_TYPE = Label("task_type", "The operator's class of a task that was added.", Cardinality.BOUNDED)
HOSTNAME = Label("hostname", "The host of the triggerer. A new one with each new pod.", Cardinality.BOUNDED)
JOB_NAME = Label("job_name", "The kind of Airflow job: `job`, `schedulerjobrunner`, …", Cardinality.BOUNDED)
RETURN_CODE = Label("return_code", "The exit status of the task's process.", Cardinality.BOUNDED)
FILE_NAME = Label("file_name", "The DAG file's name without its folder and its ending.", Cardinality.BOUNDED)
FILE_PATH = Label("file_path", "The DAG file's path.", Cardinality.BOUNDED)
DAG_FILE = Label("dag_file", "The DAG file's name without its folder and its ending.", Cardinality.BOUNDED)
BUNDLE_NAME = Label("bundle_name", "The DAG bundle; Airflow 2.11 has none.", Cardinality.BOUNDED, optional=True)
FUNC_NAME = Label("func_name", "The callback's function.", Cardinality.BOUNDED)
PRIOR_STATE = Label("prior_state", "The state in which the connection test was stuck.", Cardinality.BOUNDED)
WORKER_NAME = Label("worker_name", "The edge worker.", Cardinality.BOUNDED)
EVENT_TYPE = Label("event_type", "The OpenLineage event: start, complete, fail.", Cardinality.BOUNDED)
TRANSPORT_TYPE = Label("transport_type", "What carries the OpenLineage event: http, kafka, …", Cardinality.BOUNDED)

TYPE = Label("type", "The type of metric or event: counter, gauge, observer, …", Cardinality.BOUNDED)
ACTION = Label("action", "What the mapping did with the event: map or drop.", Cardinality.BOUNDED)
REASON = Label("reason", "Why the exporter could not use it.", Cardinality.BOUNDED)
OUTCOME = Label("outcome", "success or failure.", Cardinality.BOUNDED)
METRIC_NAME = Label("metric_name", "The metric that two events disagree about.", Cardinality.BOUNDED)

# Tags that Airflow leaves out unless told otherwise ([metrics] statsd_disabled_tags, both versions): each would make a
# series of every run.
DISABLED_TAGS = ("job_id", "run_id")
