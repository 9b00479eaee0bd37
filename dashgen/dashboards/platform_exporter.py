"""Panels on statsd_exporter, on which all that StatsD says depends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE, STATSD_EXPORTER
from dashgen.catalog.pipeline import HEAP_IN_USE, RESIDENT_MEMORY, SCRAPE_SAMPLES
from dashgen.catalog.recorded_statsd import EXPORTER_DROP_SHARE
from dashgen.catalog.statsd.exporter import (
    STATSD_CONFIG_RELOADS,
    STATSD_EVENTS,
    STATSD_EVENTS_ACTIONS,
    STATSD_EVENTS_CONFLICT,
    STATSD_EVENTS_ERROR,
    STATSD_EVENTS_UNMAPPED,
    STATSD_LINES,
    STATSD_LOADED_MAPPINGS,
    STATSD_METRICS,
    STATSD_SAMPLE_ERRORS,
    STATSD_TAG_ERRORS,
    STATSD_UDP_PACKET_DROPS,
)
from dashgen.catalog.statsd.labels import ACTION, OUTCOME, REASON, TYPE
from dashgen.catalog.terms import Source
from dashgen.dashboards.panels import stat, timeseries
from dashgen.dashboards.platform_scope import HERE, IN_EACH, NOT_YET, OF_EXPORTER, RATE, THIRD, happened
from dashgen.dashboards.queries import by, ranged, ranged_record, steps
from dashgen.statsd_queries import events, total

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label
    from dashgen.dashboards.model import Panel

_QUARTER = (6, 8)
_MEMORY = replace(
    RESIDENT_MEMORY,
    read="Grows with the series held, and with the names of lines until the mapping's cache is full.",
    source=Source.STATSD_EXPORTER,
)


def exporter() -> tuple[Panel, ...]:
    """Show what arrives at the exporter, what it drops or cannot use, and what it holds."""
    return (*_events(), *_itself())


def _per_second(metric: Metric, *labels: Label) -> str:
    return total(f"rate({metric.select(*OF_EXPORTER)}[{RATE}])", INSTANCE, *labels)


def _events() -> tuple[Panel, ...]:
    dropped = _per_second(STATSD_EVENTS_ACTIONS, ACTION)
    return (
        timeseries(
            "Lines and events per second",
            key="exporter-lines",
            metric=STATSD_LINES,
            what="Lines that arrive, and the events of each type that become values of metrics.",
            targets=[
                ranged(_per_second(STATSD_LINES), f"lines {HERE}"),
                ranged(_per_second(STATSD_EVENTS, TYPE), f"{TYPE.legend}s {HERE}"),
            ],
            size=_QUARTER,
        ),
        timeseries(
            "Share of events dropped",
            key="exporter-dropped",
            metric=EXPORTER_DROP_SHARE,
            targets=[ranged_record(EXPORTER_DROP_SHARE.select(*OF_EXPORTER), HERE)],
            unit="percentunit",
            size=_QUARTER,
        ),
        timeseries(
            "What the mapping does, per second",
            key="exporter-actions",
            metric=STATSD_EVENTS_ACTIONS,
            what="Events by what the mapping does with them; unmapped ones come through under any name.",
            targets=[
                ranged(dropped, f"{ACTION.legend} {HERE}"),
                ranged(_per_second(STATSD_EVENTS_UNMAPPED), f"unmapped {HERE}"),
            ],
            size=_QUARTER,
        ),
        timeseries(
            "What the exporter could not use",
            key="exporter-errors",
            metric=STATSD_EVENTS_ERROR,
            what="Samples, tags and events that it could not read, events that contradict others, and packets that "
            f"it dropped. {IN_EACH}",
            targets=[
                ranged(happened(STATSD_EVENTS_ERROR, REASON), f"events: {REASON.legend} {HERE}"),
                ranged(happened(STATSD_SAMPLE_ERRORS, REASON), f"samples: {REASON.legend} {HERE}"),
                ranged(happened(STATSD_TAG_ERRORS), f"tags {HERE}"),
                ranged(happened(STATSD_EVENTS_CONFLICT, TYPE), f"conflicts: {TYPE.legend} {HERE}"),
                ranged(happened(STATSD_UDP_PACKET_DROPS), f"packets dropped {HERE}"),
            ],
            size=_QUARTER,
            may_be_empty="None has happened: the exporter counts from the first one.",
        ),
    )


def _itself() -> tuple[Panel, ...]:
    jobs = [STATSD_EXPORTER]
    failed = STATSD_CONFIG_RELOADS.select(*OF_EXPORTER, OUTCOME.is_("failure"))
    return (
        stat(
            "Mapping's rules",
            key="exporter-mappings",
            metric=STATSD_LOADED_MAPPINGS,
            expr=f"min({STATSD_LOADED_MAPPINGS.select(*OF_EXPORTER)})",
            what="Rules of the mapping that is loaded, of the exporter with the fewest.",
            thresholds=steps("red", (1, "green")),
            size=(4, 8),
        ),
        stat(
            "Failed reloads, 1 day",
            key="exporter-reloads",
            metric=STATSD_CONFIG_RELOADS,
            expr=total(events(failed, "1d")),
            what="Reloads of the mapping that failed in the last day: the exporter goes on with the old one.",
            decimals=0,
            thresholds=steps("green", (1, "red")),
            no_value="none",
            size=(4, 8),
            may_be_empty=NOT_YET,
        ),
        timeseries(
            "Series held",
            key="exporter-series",
            metric=STATSD_METRICS,
            what="Series of StatsD's metrics by type, and all samples of the last scrape.",
            targets=[
                ranged(f"sum {by(INSTANCE, TYPE)} ({STATSD_METRICS.select(*OF_EXPORTER)})", f"{TYPE.legend} {HERE}"),
                ranged(SCRAPE_SAMPLES.select(*OF_EXPORTER, jobs=jobs), f"samples {HERE}"),
            ],
            size=THIRD,
        ),
        timeseries(
            "Exporter's memory",
            key="exporter-memory",
            metric=_MEMORY,
            targets=[
                ranged(RESIDENT_MEMORY.select(*OF_EXPORTER, jobs=jobs), f"resident {HERE}"),
                ranged(HEAP_IN_USE.select(*OF_EXPORTER, jobs=jobs), f"heap in use {HERE}"),
            ],
            size=THIRD,
        ),
    )
