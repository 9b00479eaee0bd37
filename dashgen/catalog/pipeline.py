"""What the way from Airflow to the dashboard says of itself: Pushgateway, sweeper, Prometheus."""

from __future__ import annotations

from dashgen.catalog.labels import (
    AIRFLOW_TASKS_V1,
    ALERTNAME,
    ALERTSTATE,
    CODE,
    DAG_ID,
    DASHGEN_DOCTOR,
    HANDLER,
    INSTANCE,
    LISTENER_JOBS,
    METHOD,
    OWNER,
    PROMETHEUS,
    PUSHGATEWAY,
    PUSHGATEWAY_SWEEPER,
    RESULT,
    SEVERITY,
    STATSD_EXPORTER,
    TASK_ID,
    AlertState,
    UpState,
)
from dashgen.catalog.model import Counter, Gauge, Threshold
from dashgen.catalog.terms import Source, Unit

_OWNER = "observability"
_PUSHED_JOBS = (*LISTENER_JOBS, AIRFLOW_TASKS_V1, PUSHGATEWAY_SWEEPER)
_SCRAPED_JOBS = (PUSHGATEWAY, STATSD_EXPORTER, PROMETHEUS)
_FROM_GATEWAY = {"source": Source.PUSHGATEWAY, "owner": _OWNER}
_FROM_SWEEPER = {"source": Source.SWEEPER, "owner": _OWNER, "jobs": (PUSHGATEWAY_SWEEPER,)}
_FROM_PROMETHEUS = {"source": Source.PROMETHEUS, "owner": _OWNER}

NO_PUSH = Threshold(
    "no_push", 26 * 3600, Unit.SECONDS, "An Airflow deployment that pushes nothing for longer is called dead."
)
SWEEPER_LATE = Threshold("sweeper_late", 26 * 3600, Unit.SECONDS, "The daily sweeper is late after this.")
GATEWAY_SAMPLES = Threshold(
    "gateway_samples", 500_000, Unit.NONE, "More samples than this in one scrape of the Pushgateway are too many."
)
GATEWAY_MEMORY = Threshold(
    "gateway_memory", 1024**3, Unit.BYTES, "More resident memory than this in the Pushgateway is too much."
)

PUSH_TIME = Gauge(
    "push_time_seconds",
    help="Last Unix time when changing this group in the Pushgateway succeeded",
    read="By the gateway's clock. Its age is how long this group has been silent; 0 is a group whose every push was "
    "refused.",
    jobs=_PUSHED_JOBS,
    unit=Unit.TIMESTAMP,
    thresholds=(NO_PUSH,),
    **_FROM_GATEWAY,
)
PUSH_FAILURE_TIME = Gauge(
    "push_failure_time_seconds",
    help="Last Unix time when changing this group in the Pushgateway failed",
    read="Newer than the last success: the gateway could read the last push and yet refused it, for timestamps on the "
    "samples or, with the consistency check on, for contradicting another group. What it could not read (400) and what "
    "never reached it does not show here.",
    jobs=_PUSHED_JOBS,
    unit=Unit.TIMESTAMP,
    **_FROM_GATEWAY,
)
GATEWAY_REQUESTS = Counter(
    "pushgateway_http_requests_total",
    help="Total HTTP requests processed by the Pushgateway, excluding scrapes",
    read="The rate of pushes and, by status, of refused ones. It never sees a push that could not reach the gateway.",
    jobs=(PUSHGATEWAY,),
    labels=(HANDLER, METHOD, CODE),
    **_FROM_GATEWAY,
)
RESIDENT_MEMORY = Gauge(
    "process_resident_memory_bytes",
    help="Resident memory size in bytes",
    read="Grows with the groups held, about 9 KiB each; a gateway that is killed for memory forgets what it "
    "did not save.",
    jobs=_SCRAPED_JOBS,
    unit=Unit.BYTES,
    thresholds=(GATEWAY_MEMORY,),
    **_FROM_GATEWAY,
)
HEAP_IN_USE = Gauge(
    "go_memstats_heap_inuse_bytes",
    help="Number of heap bytes that are in use",
    read="Below resident memory; the gap is what Go has not yet returned to the system.",
    jobs=_SCRAPED_JOBS,
    unit=Unit.BYTES,
    **_FROM_GATEWAY,
)

SWEEPER_LAST_RUN = Gauge(
    "pushgateway_sweeper_last_run_timestamp_seconds",
    help="End of the sweeper's last run, good or bad",
    read="Older than a day: nothing removes expired per-run groups.",
    unit=Unit.TIMESTAMP,
    thresholds=(SWEEPER_LATE,),
    **_FROM_SWEEPER,
)
SWEEPER_LAST_SUCCESS = Gauge(
    "pushgateway_sweeper_last_success_timestamp_seconds",
    help="End of the sweeper's last run in which nothing failed",
    read="Older than the last run: that run failed.",
    unit=Unit.TIMESTAMP,
    **_FROM_SWEEPER,
)
SWEEPER_GROUPS = Gauge(
    "pushgateway_sweeper_groups",
    help="Groups of the last sweep by what was done with them",
    read="Seen is what matched the job filter; failed ones are still there.",
    labels=(RESULT,),
    **_FROM_SWEEPER,
)
SWEEPER_OLDEST_AGE = Gauge(
    "pushgateway_sweeper_oldest_group_age_seconds",
    help="Age of the oldest group that the last sweep kept",
    read="Well above the greatest age: a group that the sweeper keeps as running, or cannot delete.",
    unit=Unit.SECONDS,
    **_FROM_SWEEPER,
)
SWEEPER_DURATION = Gauge(
    "pushgateway_sweeper_duration_seconds",
    help="Duration of the last sweep",
    read="Seconds; minutes mean a gateway that holds far too many groups.",
    unit=Unit.SECONDS,
    **_FROM_SWEEPER,
)

DOCTOR_PUSH = Gauge(
    "dashgen_doctor_push_timestamp_seconds",
    help="Time at which dashgen doctor pushed its test group",
    read="Still there: the doctor could push to the Pushgateway and not delete from it.",
    jobs=(DASHGEN_DOCTOR,),
    unit=Unit.TIMESTAMP,
    unused_because="The doctor looks for it and removes it at once.",
    source=Source.DOCTOR,
    owner=_OWNER,
)

UP = Gauge(
    "up",
    help="Whether the last scrape of the target succeeded",
    read="1 the target answered, 0 it did not.",
    jobs=_SCRAPED_JOBS,
    codes=UpState,
    **_FROM_PROMETHEUS,
)
SCRAPE_SAMPLES = Gauge(
    "scrape_samples_scraped",
    help="Samples that the target exposed in the last scrape",
    read="For the Pushgateway: everything that it holds.",
    jobs=_SCRAPED_JOBS,
    thresholds=(GATEWAY_SAMPLES,),
    **_FROM_PROMETHEUS,
)
ALERTS = Gauge(
    "ALERTS",
    help="Alerts that are pending or firing",
    read="One series per alert; it ends with the alert.",
    labels=(ALERTNAME, ALERTSTATE, SEVERITY, OWNER, INSTANCE, DAG_ID, TASK_ID),
    open_labels=True,  # those that a rule's expression leaves, and those that it sets
    codes=AlertState,
    **_FROM_PROMETHEUS,
)

METRICS = (
    PUSH_TIME,
    PUSH_FAILURE_TIME,
    GATEWAY_REQUESTS,
    RESIDENT_MEMORY,
    HEAP_IN_USE,
    DOCTOR_PUSH,
    UP,
    SCRAPE_SAMPLES,
    ALERTS,
)
SWEEPER_METRICS = (
    SWEEPER_LAST_RUN,
    SWEEPER_LAST_SUCCESS,
    SWEEPER_GROUPS,
    SWEEPER_OLDEST_AGE,
    SWEEPER_DURATION,
)
