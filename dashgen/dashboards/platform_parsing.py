"""Panels on DAG processing: what cannot be imported, how long parsing takes, and what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.statsd.dag_processing import (
    DAG_FILE_REFRESH_ERROR,
    DAG_PROCESSING_CALLBACK_ONLY_COUNT,
    DAG_PROCESSING_FILE_PATH_QUEUE_SIZE,
    DAG_PROCESSING_FILE_PATH_QUEUE_UPDATE_COUNT,
    DAG_PROCESSING_IMPORT_ERRORS,
    DAG_PROCESSING_LAST_DURATION,
    DAG_PROCESSING_LAST_RUN_AGE,
    DAG_PROCESSING_MANAGER_STALLS,
    DAG_PROCESSING_OTHER_CALLBACK_COUNT,
    DAG_PROCESSING_PROCESSOR_TIMEOUTS,
    DAG_PROCESSING_SLA_CALLBACK_COUNT,
    DAG_PROCESSING_TOTAL_PARSE_TIME,
    DAGBAG_SIZE,
)
from dashgen.catalog.statsd.labels import BUNDLE_NAME, FILE_NAME
from dashgen.catalog.statsd.thresholds import DAG_PARSE_TIME
from dashgen.dashboards.panels import bars, timeseries
from dashgen.dashboards.platform_scope import (
    HERE,
    IN_EACH,
    NOT_YET,
    OF_EXPORTER,
    THIRD,
    happened,
    per_minute,
)
from dashgen.dashboards.queries import by, ranged, steps
from dashgen.statsd_queries import mean

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings

_FILE = (INSTANCE, BUNDLE_NAME, FILE_NAME)
_FILE_LEGEND = f"{FILE_NAME.legend} {BUNDLE_NAME.legend} {HERE}"


def parsing(settings: Settings) -> tuple[Panel, ...]:
    """Show import errors, the time of parsing, its slowest files, and what holds it up."""
    return (*_bag(settings), *_files(), *_trouble())


def _bag(settings: Settings) -> tuple[Panel, ...]:
    return (
        timeseries(
            "Import errors",
            key="import-errors",
            metric=DAG_PROCESSING_IMPORT_ERRORS,
            targets=[ranged(DAG_PROCESSING_IMPORT_ERRORS.select(*OF_EXPORTER), HERE)],
            thresholds=steps("green", (1, "red")),
            size=THIRD,
        ),
        timeseries(
            "Time to parse all files",
            key="parse-time",
            metric=DAG_PROCESSING_TOTAL_PARSE_TIME,
            targets=[ranged(DAG_PROCESSING_TOTAL_PARSE_TIME.select(*OF_EXPORTER), HERE)],
            thresholds=steps("green", (settings.limit(DAG_PARSE_TIME), "red")),
            size=THIRD,
        ),
        timeseries(
            "DAGs found",
            key="dagbag-size",
            metric=DAGBAG_SIZE,
            targets=[ranged(DAGBAG_SIZE.select(*OF_EXPORTER), HERE)],
            size=THIRD,
        ),
    )


def _files() -> tuple[Panel, ...]:
    parse_time = mean(DAG_PROCESSING_LAST_DURATION, *OF_EXPORTER, labels=_FILE, window="1h")
    last_run = f"max {by(*_FILE)} ({DAG_PROCESSING_LAST_RUN_AGE.select(*OF_EXPORTER)})"
    return (
        bars(
            "Slowest files (top 10)",
            key="slowest-files",
            metric=DAG_PROCESSING_LAST_DURATION,
            expr=f"topk(10, {parse_time})",
            legend=_FILE_LEGEND,
            what="Mean time to parse a file in the last hour, the ten longest.",
            size=(12, 9),
        ),
        bars(
            "Files parsed longest ago (top 10)",
            key="last-run-age",
            metric=DAG_PROCESSING_LAST_RUN_AGE,
            expr=f"topk(10, {last_run})",
            legend=_FILE_LEGEND,
            what=f"{DAG_PROCESSING_LAST_RUN_AGE.help}, the ten longest.",
            size=(12, 9),
            may_be_empty="No file has been parsed twice yet.",
        ),
    )


def _trouble() -> tuple[Panel, ...]:
    return (
        timeseries(
            "Files that wait",
            key="file-queue",
            metric=DAG_PROCESSING_FILE_PATH_QUEUE_SIZE,
            what="Files that wait to be parsed, and how often per minute the queue was filled anew.",
            targets=[
                ranged(DAG_PROCESSING_FILE_PATH_QUEUE_SIZE.select(*OF_EXPORTER), f"waiting {HERE}"),
                ranged(per_minute(DAG_PROCESSING_FILE_PATH_QUEUE_UPDATE_COUNT), f"filled per minute {HERE}"),
            ],
            size=THIRD,
        ),
        timeseries(
            "Timeouts, stalls and errors",
            key="parsing-trouble",
            metric=DAG_PROCESSING_PROCESSOR_TIMEOUTS,
            what="Files that took too long and were given up, stalls of the manager, and files that could not be "
            f"refreshed. {IN_EACH}",
            targets=[
                ranged(happened(DAG_PROCESSING_PROCESSOR_TIMEOUTS), f"timeouts {HERE}"),
                ranged(happened(DAG_PROCESSING_MANAGER_STALLS), f"stalls {HERE}"),
                ranged(happened(DAG_FILE_REFRESH_ERROR), f"refresh errors {HERE}"),
            ],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
        timeseries(
            "Callbacks",
            key="callbacks",
            metric=DAG_PROCESSING_OTHER_CALLBACK_COUNT,
            what="Callbacks that the DAG processor got to run, those of SLAs (Airflow 2.11) and files parsed for a "
            f"callback alone (Airflow 3). {IN_EACH}",
            targets=[
                ranged(happened(DAG_PROCESSING_OTHER_CALLBACK_COUNT), f"callbacks {HERE}"),
                ranged(happened(DAG_PROCESSING_SLA_CALLBACK_COUNT), f"of SLAs {HERE}"),
                ranged(happened(DAG_PROCESSING_CALLBACK_ONLY_COUNT), f"files for callbacks {HERE}"),
            ],
            size=THIRD,
            may_be_empty=NOT_YET,
        ),
    )
