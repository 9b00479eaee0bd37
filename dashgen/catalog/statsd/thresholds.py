"""The limits of the alerts on what comes over StatsD."""

from __future__ import annotations

from dashgen.catalog.model import Threshold
from dashgen.catalog.terms import Unit

DAG_PARSE_TIME = Threshold("dag_parse_time", 300, Unit.SECONDS, "A scan of all DAG files that takes longer is slow.")
SCHEDULE_DELAY = Threshold(
    "schedule_delay", 600, Unit.SECONDS, "A DAG whose runs start later than this, on average over an hour, is delayed."
)
RUN_DURATION_FACTOR = Threshold(
    "run_duration_factor", 3, Unit.RATIO, "DAG runs that took this many times their usual duration stand out."
)
RUN_DURATION_FLOOR = Threshold(
    "run_duration_floor", 600, Unit.SECONDS, "Durations of DAG runs below this are never called unusual."
)
OPERATOR_FAILURE_SHARE = Threshold(
    "operator_failure_share", 0.5, Unit.RATIO, "An operator of whose tries in an hour a greater share fails is broken."
)
OPERATOR_FAILURES_LEAST = Threshold(
    "operator_failures_least", 10, Unit.NONE, "Fewer failures of an operator than this in an hour say nothing."
)
TASKS_KILLED = Threshold(
    "tasks_killed", 5, Unit.NONE, "More task instances than this killed or orphaned in one way in an hour are too many."
)
STATSD_DROP_SHARE = Threshold(
    "statsd_drop_share",
    0.1,
    Unit.RATIO,
    "By how much the share of events that statsd_exporter drops may exceed the highest of the week before the last "
    "day.",
)
