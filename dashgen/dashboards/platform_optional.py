"""Panels on what not every deployment uses: assets, deadlines, connection tests, OpenLineage; and caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.dags import (
    ASSET_ORPHANED,
    ASSET_TRIGGERED_DAGRUNS,
    ASSET_UPDATES,
    DAG_CALLBACK_EXCEPTIONS,
    DEADLINE_ALERTS_DEADLINE_CREATED,
    DEADLINE_ALERTS_DEADLINE_MISSED,
    DEADLINE_ALERTS_DEADLINE_NOT_MISSED,
    SLA_CALLBACK_NOTIFICATION_FAILURE,
    SLA_EMAIL_NOTIFICATION_FAILURE,
    SLA_MISSED,
)
from dashgen.catalog.statsd.internals import (
    API_SERVER_DAG_BAG_CACHE_CLEAR,
    API_SERVER_DAG_BAG_CACHE_HIT,
    API_SERVER_DAG_BAG_CACHE_MISS,
    API_SERVER_DAG_BAG_CACHE_SIZE,
    CONNECTION_TEST_ACTIVE,
    CONNECTION_TEST_DISPATCH_DURATION,
    CONNECTION_TEST_FAILED,
    CONNECTION_TEST_HOOK_DURATION,
    CONNECTION_TEST_PENDING,
    CONNECTION_TEST_REAPED,
    CONNECTION_TEST_SUCCESS,
)
from dashgen.catalog.statsd.labels import EVENT_TYPE, OPERATOR_NAME, PRIOR_STATE, TRANSPORT_TYPE
from dashgen.catalog.statsd.providers import OL_EMIT_ATTEMPTS, OL_EMIT_FAILED, OL_EVENT_SIZE, OL_EXTRACT
from dashgen.catalog.statsd.scheduler import (
    SCHEDULER_DAG_BAG_CACHE_CLEAR,
    SCHEDULER_DAG_BAG_CACHE_HIT,
    SCHEDULER_DAG_BAG_CACHE_MISS,
    SCHEDULER_DAG_BAG_CACHE_SIZE,
)
from dashgen.dashboards.panels import bars, timeseries
from dashgen.dashboards.platform_scope import (
    HERE,
    IN_EACH,
    NOT_YET,
    OF_EXPORTER,
    ONLY_V3,
    THIRD,
    both_means,
    happened,
    per_minute,
)
from dashgen.dashboards.queries import by, ranged
from dashgen.statsd_queries import mean

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings

# Hits, misses, times it was emptied, and size.
_CACHES = {
    "Scheduler": (
        SCHEDULER_DAG_BAG_CACHE_HIT,
        SCHEDULER_DAG_BAG_CACHE_MISS,
        SCHEDULER_DAG_BAG_CACHE_CLEAR,
        SCHEDULER_DAG_BAG_CACHE_SIZE,
    ),
    "API server": (
        API_SERVER_DAG_BAG_CACHE_HIT,
        API_SERVER_DAG_BAG_CACHE_MISS,
        API_SERVER_DAG_BAG_CACHE_CLEAR,
        API_SERVER_DAG_BAG_CACHE_SIZE,
    ),
}
_NO_LINEAGE = "Only deployments with OpenLineage send it."


def caches() -> tuple[Panel, ...]:
    """Show how well the caches of DAGs in the scheduler and in the API server work."""
    return tuple(panel for whose in _CACHES for panel in _cache(whose))


def _cache(whose: str) -> tuple[Panel, ...]:
    hit, miss, clear, size = _CACHES[whose]
    key = f"{whose.lower().replace(' ', '-')}-cache"
    hits, misses = per_minute(hit), per_minute(miss)
    return (
        timeseries(
            f"{whose}: share of hits",
            key=key,
            metric=hit,
            what="Share of the look-ups that found their DAG in the cache.",
            targets=[ranged(f"{hits} / ({hits} + ({misses} or 0 * {hits}) > 0)", HERE)],
            unit="percentunit",
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
        timeseries(
            f"{whose}: misses",
            key=f"{key}-misses",
            metric=miss,
            what=f"DAGs that had to be read from the database, and times that the cache was emptied. {IN_EACH}",
            targets=[ranged(happened(miss), f"misses {HERE}"), ranged(happened(clear), f"emptied {HERE}")],
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
        timeseries(
            f"{whose}: DAGs held",
            key=f"{key}-size",
            metric=size,
            targets=[ranged(size.select(*OF_EXPORTER), HERE)],
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
    )


def assets_and_deadlines() -> tuple[Panel, ...]:
    """Show what assets trigger, which deadlines were missed, and notifications that failed."""
    return (
        timeseries(
            "Assets",
            key="assets",
            metric=ASSET_UPDATES,
            what="Updates of assets, runs that they triggered, and assets that no DAG uses any more. Updates and runs: "
            f"{IN_EACH[0].lower()}{IN_EACH[1:]}",
            targets=[
                ranged(happened(ASSET_UPDATES), f"updates {HERE}"),
                ranged(happened(ASSET_TRIGGERED_DAGRUNS), f"runs triggered {HERE}"),
                ranged(ASSET_ORPHANED.select(*OF_EXPORTER), f"orphaned {HERE}"),
            ],
            size=THIRD,
            may_be_empty="No DAG uses assets.",
        ),
        timeseries(
            "Deadlines and SLAs",
            key="deadlines",
            metric=DEADLINE_ALERTS_DEADLINE_MISSED,
            what=f"Deadlines that were set, missed and kept (Airflow 3), and SLAs missed (2.11). {IN_EACH}",
            targets=[
                ranged(happened(DEADLINE_ALERTS_DEADLINE_CREATED), f"set {HERE}"),
                ranged(happened(DEADLINE_ALERTS_DEADLINE_MISSED), f"missed {HERE}"),
                ranged(happened(DEADLINE_ALERTS_DEADLINE_NOT_MISSED), f"kept {HERE}"),
                ranged(happened(SLA_MISSED), f"SLAs missed {HERE}"),
            ],
            size=THIRD,
            may_be_empty="No DAG has a deadline or an SLA.",
        ),
        timeseries(
            "Notifications that failed",
            key="notifications",
            metric=DAG_CALLBACK_EXCEPTIONS,
            what=f"Callbacks that raised an exception, and notices of missed SLAs that were not sent. {IN_EACH}",
            targets=[
                ranged(happened(DAG_CALLBACK_EXCEPTIONS), f"callbacks {HERE}"),
                ranged(happened(SLA_EMAIL_NOTIFICATION_FAILURE), f"mails of SLAs {HERE}"),
                ranged(happened(SLA_CALLBACK_NOTIFICATION_FAILURE), f"callbacks of SLAs {HERE}"),
            ],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
    )


def connection_tests(settings: Settings) -> tuple[Panel, ...]:
    """Show tests of connections on workers."""
    return (
        timeseries(
            "Tests that wait and run",
            key="connection-tests-now",
            metric=CONNECTION_TEST_PENDING,
            what="Tests of a connection that wait for a worker, and those that are queued or run.",
            targets=[
                ranged(CONNECTION_TEST_PENDING.select(*OF_EXPORTER), f"waiting {HERE}"),
                ranged(CONNECTION_TEST_ACTIVE.select(*OF_EXPORTER), f"active {HERE}"),
            ],
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
        timeseries(
            "Tests by outcome",
            key="connection-tests-ended",
            metric=CONNECTION_TEST_FAILED,
            what=f"Tests of a connection that succeeded, failed, or were given up in a state. {IN_EACH}",
            targets=[
                ranged(happened(CONNECTION_TEST_SUCCESS), f"succeeded {HERE}"),
                ranged(happened(CONNECTION_TEST_FAILED), f"failed {HERE}"),
                ranged(happened(CONNECTION_TEST_REAPED, PRIOR_STATE), f"given up: {PRIOR_STATE.legend} {HERE}"),
            ],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
        timeseries(
            "Time of tests",
            key="connection-tests-time",
            metric=CONNECTION_TEST_HOOK_DURATION,
            what="Time of a test on the worker, and what the tests cost each turn of the scheduler's loop.",
            targets=[
                *both_means(settings, CONNECTION_TEST_HOOK_DURATION, "test"),
                *both_means(settings, CONNECTION_TEST_DISPATCH_DURATION, "scheduler"),
            ],
            size=THIRD,
            may_be_empty=ONLY_V3,
        ),
    )


def lineage() -> tuple[Panel, ...]:
    """Show what OpenLineage costs, and what it lost."""
    attempts = (EVENT_TYPE, TRANSPORT_TYPE)
    operators = (EVENT_TYPE, OPERATOR_NAME)
    extraction = mean(OL_EXTRACT, *OF_EXPORTER, labels=(INSTANCE, *operators), window="1h")
    size = f"max {by(INSTANCE, *operators)} ({OL_EVENT_SIZE.select(*OF_EXPORTER)})"
    attempt = mean(OL_EMIT_ATTEMPTS, *OF_EXPORTER, labels=(INSTANCE, *attempts), window="$__rate_interval")
    legend = f"{OPERATOR_NAME.legend} {EVENT_TYPE.legend} {HERE}"
    return (
        timeseries(
            "Events not sent",
            key="lineage-failed",
            metric=OL_EMIT_FAILED,
            what=f"{OL_EMIT_FAILED.help}. {IN_EACH}",
            targets=[ranged(happened(OL_EMIT_FAILED), HERE)],
            size=(6, 8),
            may_be_empty=_NO_LINEAGE,
        ),
        timeseries(
            "Time to send an event (mean)",
            key="lineage-attempts",
            metric=OL_EMIT_ATTEMPTS,
            targets=[ranged(attempt, f"{EVENT_TYPE.legend} {TRANSPORT_TYPE.legend} {HERE}")],
            size=(6, 8),
            may_be_empty=_NO_LINEAGE,
        ),
        bars(
            "Slowest extraction (top 10)",
            key="lineage-extraction",
            metric=OL_EXTRACT,
            expr=f"topk(10, {extraction})",
            legend=legend,
            what="Mean time to find the lineage of an operator in the last hour, the ten longest.",
            size=(6, 8),
            may_be_empty=_NO_LINEAGE,
        ),
        bars(
            "Largest events (top 10)",
            key="lineage-size",
            metric=OL_EVENT_SIZE,
            expr=f"topk(10, {size})",
            legend=legend,
            what="Size of the last event of an operator, the ten largest.",
            size=(6, 8),
            may_be_empty=_NO_LINEAGE,
        ),
    )
