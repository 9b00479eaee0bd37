"""What the rules on StatsD's metrics share: an exporter, its parts, and what says that Airflow lives.

An exporter keeps the last value of a gauge when Airflow is gone. So an alert on gauges is silent
where the scheduler's heartbeats stand still; where an exporter never had any (each component of
Airflow may have one of its own), it is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE, STATSD_EXPORTER
from dashgen.catalog.pipeline import UP
from dashgen.catalog.statsd.scheduler import SCHEDULER_HEARTBEAT
from dashgen.rules.phrases import GAP, on
from dashgen.statsd_queries import COUNT, SUM, events, part, total

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label

# The exporter of the cases.
EXPORTER_TARGET = (INSTANCE.is_("exporter:9102"),)
EXPORTER_UP = UP.select(*EXPORTER_TARGET, jobs=(STATSD_EXPORTER,))
SALES_THERE = (DAG_ID.is_("sales"), *EXPORTER_TARGET)
BEATS = SCHEDULER_HEARTBEAT.select(*EXPORTER_TARGET)

# What windows of an hour are held for, so that one evaluation alone fires nothing.
HELD = "5m"
# Tasks wait and files are parsed in bursts: only what lasts is told.
LASTING = "15m"


def heartbeats(counter: Metric) -> str:
    """Write how many heartbeats came in the last minutes, of all senders to an exporter."""
    return total(f"increase({counter.select()}[{GAP}])", INSTANCE)


def unless_stopped() -> str:
    """Write what takes away the exporters whose schedulers' heartbeats have stopped."""
    return f"unless {on(INSTANCE)} {heartbeats(SCHEDULER_HEARTBEAT)} == 0"


def mean(timer: Metric, *labels: Label, window: str) -> str:
    """Write the mean of what a timer observed in the window, the first values of new series included."""
    seconds, number = (total(events(part(timer, suffix), window), *labels) for suffix in (SUM, COUNT))
    return f"{seconds}\n/ ({number} > 0)"
