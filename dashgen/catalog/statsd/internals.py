"""Inner parts of Airflow over StatsD: caches, loading of code, tests of connections."""

from __future__ import annotations

from dashgen.catalog.labels import STATSD_EXPORTER
from dashgen.catalog.model import Counter, Gauge, Summary
from dashgen.catalog.statsd.labels import PRIOR_STATE
from dashgen.catalog.statsd.sent import V3, Line, StatsdType
from dashgen.catalog.terms import Source, Unit

_FROM = {"source": Source.STATSD, "owner": "data-platform", "jobs": (STATSD_EXPORTER,)}
_LOADING = "It is paid once per process, and no one can act on it from a dashboard."

API_SERVER_DAG_BAG_CACHE_HIT = Counter(
    "airflow_api_server_dag_bag_cache_hit_total",
    help="DAGs that the API server had in its cache",
    read="With the misses: how well the cache works.",
    statsd=(Line("api_server.dag_bag.cache_hit", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
API_SERVER_DAG_BAG_CACHE_MISS = Counter(
    "airflow_api_server_dag_bag_cache_miss_total",
    help="DAGs that the API server had to read from the database",
    read="Each new version of a DAG is one; many more: the cache is too small.",
    statsd=(Line("api_server.dag_bag.cache_miss", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
API_SERVER_DAG_BAG_CACHE_CLEAR = Counter(
    "airflow_api_server_dag_bag_cache_clear_total",
    help="Times that the API server's cache of DAGs was emptied",
    read="Misses follow it.",
    statsd=(Line("api_server.dag_bag.cache_clear", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
API_SERVER_DAG_BAG_CACHE_SIZE = Gauge(
    "airflow_api_server_dag_bag_cache_size",
    help="DAGs in the API server's cache",
    read="Sampled: Airflow sends one value in ten.",
    statsd=(Line("api_server.dag_bag.cache_size", StatsdType.GAUGE, versions=(V3,)),),
    **_FROM,
)
COLLECT_DB_DAGS = Summary(
    "airflow_collect_db_dags_seconds",
    help="Time that it took to read every DAG from the database",
    read="Grows with the DAGs. Airflow 3.3 lists it and no longer sends it.",
    unit=Unit.SECONDS,
    statsd=(Line("collect_db_dags", StatsdType.TIMER),),
    unused_because=_LOADING,
    **_FROM,
)
IO_LOAD_FILESYSTEMS = Summary(
    "airflow_io_load_filesystems_seconds",
    help="Time that it took to load the providers' file systems",
    read="Part of the start of a process that uses object storage.",
    unit=Unit.SECONDS,
    statsd=(Line("airflow.io.load_filesystems", StatsdType.TIMER),),
    unused_because=_LOADING,
    **_FROM,
)
SERDE_LOAD_SERIALIZERS = Summary(
    "airflow_serde_load_serializers_seconds",
    help="Time that it took to load the serializers",
    read="Part of the start of a task's process.",
    unit=Unit.SECONDS,
    statsd=(Line("serde.load_serializers", StatsdType.TIMER),),
    unused_because=_LOADING,
    **_FROM,
)
CONNECTION_TEST_SUCCESS = Counter(
    "airflow_connection_test_success_total",
    help="Tests of a connection on a worker that succeeded",
    read="The connection works from there.",
    statsd=(Line("connection_test.success", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
CONNECTION_TEST_FAILED = Counter(
    "airflow_connection_test_failed_total",
    help="Tests of a connection on a worker that failed",
    read="The connection does not work from there, or the test took too long.",
    statsd=(Line("connection_test.failed", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
CONNECTION_TEST_REAPED = Counter(
    "airflow_connection_test_reaped_total",
    help="Tests of a connection that the scheduler gave up",
    read="No worker answered in time.",
    tags=(PRIOR_STATE,),
    statsd=(Line("connection_test.reaped", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
CONNECTION_TEST_ACTIVE = Gauge(
    "airflow_connection_test_active",
    help="Tests of a connection that are queued or run",
    read="0 nearly always.",
    statsd=(Line("connection_test.active", StatsdType.GAUGE, versions=(V3,)),),
    **_FROM,
)
CONNECTION_TEST_PENDING = Gauge(
    "airflow_connection_test_pending",
    help="Tests of a connection that wait for a worker",
    read="0 nearly always.",
    statsd=(Line("connection_test.pending", StatsdType.GAUGE, versions=(V3,)),),
    **_FROM,
)
CONNECTION_TEST_DISPATCH_DURATION = Summary(
    "airflow_connection_test_dispatch_duration_seconds",
    help="Time of one turn of the scheduler's loop that went into tests of connections",
    read="Next to nothing, or something is wrong.",
    unit=Unit.SECONDS,
    statsd=(Line("connection_test.dispatch_duration", StatsdType.TIMER, versions=(V3,)),),
    **_FROM,
)
CONNECTION_TEST_HOOK_DURATION = Summary(
    "airflow_connection_test_hook_duration_seconds",
    help="Time that the test of a connection took on the worker",
    read="What the other side takes to answer.",
    unit=Unit.SECONDS,
    statsd=(Line("connection_test.hook_duration", StatsdType.TIMER, versions=(V3,)),),
    **_FROM,
)

METRICS = (
    API_SERVER_DAG_BAG_CACHE_HIT,
    API_SERVER_DAG_BAG_CACHE_MISS,
    API_SERVER_DAG_BAG_CACHE_CLEAR,
    API_SERVER_DAG_BAG_CACHE_SIZE,
    COLLECT_DB_DAGS,
    IO_LOAD_FILESYSTEMS,
    SERDE_LOAD_SERIALIZERS,
    CONNECTION_TEST_SUCCESS,
    CONNECTION_TEST_FAILED,
    CONNECTION_TEST_REAPED,
    CONNECTION_TEST_ACTIVE,
    CONNECTION_TEST_PENDING,
    CONNECTION_TEST_DISPATCH_DURATION,
    CONNECTION_TEST_HOOK_DURATION,
)
