"""Parsing of DAG files over StatsD: how long it takes, how old its result is, what fails."""

from __future__ import annotations

from dashgen.catalog.labels import STATSD_EXPORTER
from dashgen.catalog.model import Counter, Gauge, Summary
from dashgen.catalog.statsd.labels import BUNDLE_NAME, DAG_FILE, FILE_NAME, FILE_PATH, TEAM_NAME
from dashgen.catalog.statsd.sent import V2_11, V3, Line, StatsdType
from dashgen.catalog.statsd.thresholds import DAG_PARSE_TIME
from dashgen.catalog.terms import Source, Unit

_FROM = {"source": Source.STATSD, "owner": "data-platform", "jobs": (STATSD_EXPORTER,)}

DAG_PROCESSOR_HEARTBEAT = Counter(
    "airflow_dag_processor_heartbeat_total",
    help="Heartbeats of the processors of DAG files",
    read="A rate of 0: no change of a DAG file arrives any more. In Airflow 2.11 the scheduler parses, and sends none.",
    statsd=(Line("dag_processor_heartbeat", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
DAGBAG_SIZE = Gauge(
    "airflow_dagbag_size",
    help="DAGs that the last scan of all files found",
    read="A sudden fall: files that no longer import, or a folder that is not mounted.",
    statsd=(Line("dagbag_size", StatsdType.GAUGE),),
    **_FROM,
)
DAG_PROCESSING_IMPORT_ERRORS = Gauge(
    "airflow_dag_processing_import_errors",
    help="DAG files that the last scan could not import",
    read="Above 0: those DAGs keep their last good version, or are not there at all.",
    statsd=(Line("dag_processing.import_errors", StatsdType.GAUGE),),
    **_FROM,
)
DAG_PROCESSING_TOTAL_PARSE_TIME = Gauge(
    "airflow_dag_processing_total_parse_time_seconds",
    help="Time of the last scan of all DAG files",
    read="How long a new version of a DAG can take to arrive, at most twice.",
    unit=Unit.SECONDS,
    statsd=(Line("dag_processing.total_parse_time", StatsdType.GAUGE),),
    thresholds=(DAG_PARSE_TIME,),
    **_FROM,
)
DAG_PROCESSING_LAST_DURATION = Summary(
    "airflow_dag_processing_last_duration_seconds",
    help="Time that it took to parse a DAG file",
    read="Seconds: the file does work outside of its tasks. Airflow 3.3 sends seconds as milliseconds; the mapping "
    "puts it right.",
    labels=(FILE_NAME, BUNDLE_NAME),
    tags=(TEAM_NAME,),
    unit=Unit.SECONDS,
    statsd=(
        Line(
            "dag_processing.last_duration",
            StatsdType.TIMER,
            "dag_processing.last_duration.{bundle_name}.{file_name}",
            versions=(V3,),
            seconds_as_ms=(V3,),
        ),
        Line(
            "dag_processing.last_duration",
            StatsdType.TIMER,
            "dag_processing.last_duration.{file_name}",
            versions=(V2_11,),
        ),
    ),
    **_FROM,
)
DAG_PROCESSING_LAST_RUN_AGE = Gauge(
    "airflow_dag_processing_last_run_age_seconds",
    help="Time since a DAG file was last parsed",
    read="Files of the same name in several folders share one series without tags. It stops with the processor: a file "
    "that is gone keeps its last age.",
    labels=(FILE_NAME,),
    tags=(FILE_PATH, BUNDLE_NAME, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(
        Line(
            "dag_processing.last_run.seconds_ago",
            StatsdType.GAUGE,
            "dag_processing.last_run.seconds_ago.{file_name}",
            bare_in=(V3,),
            chart_name="airflow_dag_processing_last_run_seconds_ago",
        ),
    ),
    **_FROM,
)
DAG_PROCESSING_FILE_PATH_QUEUE_SIZE = Gauge(
    "airflow_dag_processing_file_path_queue_size",
    help="DAG files that wait to be parsed",
    read="It falls to 0 with each scan; one that never does: too few parsing processes.",
    statsd=(Line("dag_processing.file_path_queue_size", StatsdType.GAUGE),),
    **_FROM,
)
DAG_PROCESSING_FILE_PATH_QUEUE_UPDATE_COUNT = Counter(
    "airflow_dag_processing_file_path_queue_update_count_total",
    help="Times that all DAG files were queued to be parsed",
    read="The scans begun. Its rate falls where parsing is slow.",
    statsd=(Line("dag_processing.file_path_queue_update_count", StatsdType.COUNTER),),
    **_FROM,
)
DAG_PROCESSING_PROCESSOR_TIMEOUTS = Counter(
    "airflow_dag_processing_processor_timeouts_total",
    help="Parsing processes that were killed because a DAG file took too long",
    read="The DAGs of that file stand still at their last version. With tags it says which file.",
    tags=(FILE_PATH, TEAM_NAME),
    statsd=(Line("dag_processing.processor_timeouts", StatsdType.COUNTER),),
    **_FROM,
)
DAG_FILE_REFRESH_ERROR = Counter(
    "airflow_dag_file_refresh_error_total",
    help="Failures to load a DAG file",
    read="Each scan counts the same broken file again. Airflow 3.3 lists it and no longer sends it.",
    tags=(FILE_PATH,),
    statsd=(Line("dag_file_refresh_error", StatsdType.COUNTER),),
    **_FROM,
)
DAG_PROCESSING_MANAGER_STALLS = Counter(
    "airflow_dag_processing_manager_stalls_total",
    help="Times that the manager of the parsing processes stood still and was started again",
    read="Any at all is worth its log. Airflow 3.3 lists it and no longer sends it.",
    statsd=(Line("dag_processing.manager_stalls", StatsdType.COUNTER),),
    **_FROM,
)
DAG_PROCESSING_LAST_NUM_OF_DB_QUERIES = Gauge(
    "airflow_dag_processing_last_num_of_db_queries",
    help="Queries to Airflow's database while a DAG file was parsed the last time",
    read="Above 0: the file reads Variables or Connections outside of its tasks. Airflow 3.3 lists it and no longer "
    "sends it.",
    labels=(DAG_FILE,),
    statsd=(Line("dag_processing.last_num_of_db_queries.{dag_file}", StatsdType.GAUGE),),
    unused_because="Only Airflow 2.11 sends it; in 3 a DAG file cannot query the database.",
    **_FROM,
)
DAG_PROCESSING_OTHER_CALLBACK_COUNT = Counter(
    "airflow_dag_processing_other_callback_count_total",
    help="Requests to the processor to run a DAG's or a task's callback",
    read="Each failed DAG run or killed task with a callback makes one.",
    tags=(TEAM_NAME,),
    statsd=(Line("dag_processing.other_callback_count", StatsdType.COUNTER),),
    **_FROM,
)
DAG_PROCESSING_SLA_CALLBACK_COUNT = Counter(
    "airflow_dag_processing_sla_callback_count_total",
    help="Requests to the processor to look for missed SLAs",
    read="Airflow 2.11 only.",
    statsd=(Line("dag_processing.sla_callback_count", StatsdType.COUNTER, versions=(V2_11,)),),
    **_FROM,
)
DAG_PROCESSING_CALLBACK_ONLY_COUNT = Counter(
    "airflow_dag_processing_callback_only_count_total",
    help="Parsing processes that ran callbacks and read no DAG",
    read="They take the place of parsing.",
    tags=(TEAM_NAME,),
    statsd=(Line("dag_processing.callback_only_count", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)

METRICS = (
    DAG_PROCESSOR_HEARTBEAT,
    DAGBAG_SIZE,
    DAG_PROCESSING_IMPORT_ERRORS,
    DAG_PROCESSING_TOTAL_PARSE_TIME,
    DAG_PROCESSING_LAST_DURATION,
    DAG_PROCESSING_LAST_RUN_AGE,
    DAG_PROCESSING_FILE_PATH_QUEUE_SIZE,
    DAG_PROCESSING_FILE_PATH_QUEUE_UPDATE_COUNT,
    DAG_PROCESSING_PROCESSOR_TIMEOUTS,
    DAG_FILE_REFRESH_ERROR,
    DAG_PROCESSING_MANAGER_STALLS,
    DAG_PROCESSING_LAST_NUM_OF_DB_QUERIES,
    DAG_PROCESSING_OTHER_CALLBACK_COUNT,
    DAG_PROCESSING_SLA_CALLBACK_COUNT,
    DAG_PROCESSING_CALLBACK_ONLY_COUNT,
)
