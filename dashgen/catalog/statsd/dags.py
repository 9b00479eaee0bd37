"""DAG runs over StatsD: how long they take, how late they start, and what triggers them."""

from __future__ import annotations

from dashgen.catalog.labels import DAG_ID, STATSD_EXPORTER, TASK_ID
from dashgen.catalog.model import Counter, Gauge, Summary
from dashgen.catalog.statsd.labels import FUNC_NAME, RUN_TYPE, STATE, TEAM_NAME
from dashgen.catalog.statsd.sent import V2_11, V3, Line, StatsdType
from dashgen.catalog.statsd.thresholds import RUN_DURATION_FACTOR, RUN_DURATION_FLOOR, SCHEDULE_DELAY
from dashgen.catalog.terms import Source, Unit

_FROM = {"source": Source.STATSD, "owner": "data-platform", "jobs": (STATSD_EXPORTER,)}

DAGRUN_DURATION = Summary(
    "airflow_dagrun_duration_seconds",
    help="Time from the start of a DAG run to its end, by outcome",
    read="Its count is the number of runs. A run that is still going has no value here.",
    labels=(DAG_ID, STATE),
    tags=(RUN_TYPE, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(
        Line(
            "dagrun.duration.success",
            StatsdType.TIMER,
            "dagrun.duration.success.{dag_id}",
            fixed=((STATE, "success"),),
            chart_name="airflow_dagrun_duration",
        ),
        Line(
            "dagrun.duration.failed",
            StatsdType.TIMER,
            "dagrun.duration.failed.{dag_id}",
            fixed=((STATE, "failed"),),
            chart_name="airflow_dagrun_failed",
        ),
    ),
    thresholds=(RUN_DURATION_FACTOR, RUN_DURATION_FLOOR),
    **_FROM,
)
DAGRUN_SCHEDULE_DELAY = Summary(
    "airflow_dagrun_schedule_delay_seconds",
    help="Time from when a scheduled run was due to its start",
    read="Grows where the scheduler is behind or a limit of active runs holds back.",
    labels=(DAG_ID,),
    tags=(TEAM_NAME,),
    unit=Unit.SECONDS,
    statsd=(
        Line(
            "dagrun.schedule_delay",
            StatsdType.TIMER,
            "dagrun.schedule_delay.{dag_id}",
            chart_name="airflow_dagrun_schedule_delay",
        ),
    ),
    thresholds=(SCHEDULE_DELAY,),
    **_FROM,
)
DAGRUN_FIRST_TASK_SCHEDULING_DELAY = Summary(
    "airflow_dagrun_first_task_scheduling_delay_seconds",
    help="Time from when a scheduled run was due to the start of its first task",
    read="What the reader of the data feels. Airflow 3.3 sends each value twice without tags: mean and quantiles stay "
    "right, the count does not.",
    labels=(DAG_ID,),
    tags=(RUN_TYPE, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(
        Line("dagrun.first_task_scheduling_delay", StatsdType.TIMER, "dagrun.{dag_id}.first_task_scheduling_delay"),
    ),
    **_FROM,
)
DAGRUN_FIRST_TASK_START_DELAY = Summary(
    "airflow_dagrun_first_task_start_delay_seconds",
    help="Time from when a run was queued to the start of its first task",
    read="The platform's own part of the delay, for manual runs too.",
    tags=(DAG_ID, RUN_TYPE, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(Line("dagrun.first_task_start_delay", StatsdType.TIMER, versions=(V3,)),),
    **_FROM,
)
DAGRUN_DEPENDENCY_CHECK = Summary(
    "airflow_dagrun_dependency_check_seconds",
    help="Time that the scheduler took to find what a run may start next",
    read="Grows with the tasks of the DAG. Its sum is what this DAG costs the scheduler.",
    labels=(DAG_ID,),
    tags=(RUN_TYPE, TEAM_NAME),
    unit=Unit.SECONDS,
    statsd=(
        Line(
            "dagrun.dependency-check",
            StatsdType.TIMER,
            "dagrun.dependency-check.{dag_id}",
            chart_name="airflow_dagrun_dependency_check",
        ),
    ),
    **_FROM,
)
DAG_CALLBACK_EXCEPTIONS = Counter(
    "airflow_dag_callback_exceptions_total",
    help="Callbacks of DAGs that raised an exception",
    read="Each is a notification that nobody got.",
    tags=(DAG_ID, TEAM_NAME),
    statsd=(Line("dag.callback_exceptions", StatsdType.COUNTER),),
    **_FROM,
)
TASK_REMOVED_FROM_DAG = Counter(
    "airflow_task_removed_from_dag_total",
    help="Task instances whose task is no longer in the DAG",
    read="Somebody took it out while a run was going.",
    labels=(DAG_ID,),
    tags=(RUN_TYPE, TEAM_NAME),
    statsd=(Line("task_removed_from_dag", StatsdType.COUNTER, "task_removed_from_dag.{dag_id}"),),
    **_FROM,
)
TASK_RESTORED_TO_DAG = Counter(
    "airflow_task_restored_to_dag_total",
    help="Task instances whose task is back in the DAG",
    read="A DAG that loses and regains a task again and again is not written the same way each time it is parsed.",
    labels=(DAG_ID,),
    tags=(RUN_TYPE, TEAM_NAME),
    statsd=(Line("task_restored_to_dag", StatsdType.COUNTER, "task_restored_to_dag.{dag_id}"),),
    **_FROM,
)
ASSET_UPDATES = Counter(
    "airflow_asset_updates_total",
    help="Updates of assets, called datasets in Airflow 2",
    read="None for long: whatever produces them stands still.",
    tags=(TEAM_NAME,),
    statsd=(
        Line("asset.updates", StatsdType.COUNTER, versions=(V3,)),
        Line("dataset.updates", StatsdType.COUNTER, versions=(V2_11,)),
    ),
    **_FROM,
)
ASSET_TRIGGERED_DAGRUNS = Counter(
    "airflow_asset_triggered_dagruns_total",
    help="DAG runs that an update of an asset started",
    read="Far fewer than updates: several updates make one run.",
    tags=(TEAM_NAME,),
    statsd=(
        Line("asset.triggered_dagruns", StatsdType.COUNTER, versions=(V3,)),
        Line("dataset.triggered_dagruns", StatsdType.COUNTER, versions=(V2_11,)),
    ),
    **_FROM,
)
ASSET_ORPHANED = Gauge(
    "airflow_asset_orphaned",
    help="Assets that the last clean-up found in no DAG any more",
    read="Of one clean-up, not a total.",
    statsd=(
        Line("asset.orphaned", StatsdType.GAUGE, versions=(V3,)),
        Line("dataset.orphaned", StatsdType.GAUGE, versions=(V2_11,)),
    ),
    **_FROM,
)
DEADLINE_ALERTS_DEADLINE_CREATED = Counter(
    "airflow_deadline_alerts_deadline_created_total",
    help="Deadlines that DAG runs were given",
    read="None, where DAGs have deadlines: their reference point is never reached.",
    tags=(DAG_ID, TEAM_NAME),
    statsd=(Line("deadline_alerts.deadline_created", StatsdType.COUNTER, versions=(V3,)),),
    **_FROM,
)
DEADLINE_ALERTS_DEADLINE_MISSED = Counter(
    "airflow_deadline_alerts_deadline_missed_total",
    help="DAG runs that missed their deadline",
    read="Each has called the deadline's own callback as well.",
    tags=(DAG_ID, TEAM_NAME),
    statsd=(Line("deadline_alerts.deadline_missed", StatsdType.COUNTER, versions=(V3,), dropped_tags=("dagrun_id",)),),
    **_FROM,
)
DEADLINE_ALERTS_DEADLINE_NOT_MISSED = Counter(
    "airflow_deadline_alerts_deadline_not_missed_total",
    help="DAG runs that met their deadline",
    read="Held against the missed ones: the share of runs in time.",
    tags=(DAG_ID, TEAM_NAME),
    statsd=(
        Line("deadline_alerts.deadline_not_missed", StatsdType.COUNTER, versions=(V3,), dropped_tags=("dagrun_id",)),
    ),
    **_FROM,
)
SLA_MISSED = Counter(
    "airflow_sla_missed_total",
    help="Tasks that missed their SLA",
    read="Airflow 2.11 only; in 3 deadlines took its place.",
    tags=(DAG_ID, TASK_ID),
    statsd=(Line("sla_missed", StatsdType.COUNTER, versions=(V2_11,)),),
    **_FROM,
)
SLA_EMAIL_NOTIFICATION_FAILURE = Counter(
    "airflow_sla_email_notification_failure_total",
    help="E-mails about a missed SLA that could not be sent",
    read="Each is a miss that nobody heard of.",
    tags=(DAG_ID,),
    statsd=(Line("sla_email_notification_failure", StatsdType.COUNTER, versions=(V2_11,)),),
    **_FROM,
)
SLA_CALLBACK_NOTIFICATION_FAILURE = Counter(
    "airflow_sla_callback_notification_failure_total",
    help="Callbacks about a missed SLA that failed",
    read="Each is a miss that nobody heard of.",
    tags=(DAG_ID, FUNC_NAME),
    statsd=(Line("sla_callback_notification_failure", StatsdType.COUNTER, versions=(V2_11,)),),
    **_FROM,
)

METRICS = (
    DAGRUN_DURATION,
    DAGRUN_SCHEDULE_DELAY,
    DAGRUN_FIRST_TASK_SCHEDULING_DELAY,
    DAGRUN_FIRST_TASK_START_DELAY,
    DAGRUN_DEPENDENCY_CHECK,
    DAG_CALLBACK_EXCEPTIONS,
    TASK_REMOVED_FROM_DAG,
    TASK_RESTORED_TO_DAG,
    ASSET_UPDATES,
    ASSET_TRIGGERED_DAGRUNS,
    ASSET_ORPHANED,
    DEADLINE_ALERTS_DEADLINE_CREATED,
    DEADLINE_ALERTS_DEADLINE_MISSED,
    DEADLINE_ALERTS_DEADLINE_NOT_MISSED,
    SLA_MISSED,
    SLA_EMAIL_NOTIFICATION_FAILURE,
    SLA_CALLBACK_NOTIFICATION_FAILURE,
)
