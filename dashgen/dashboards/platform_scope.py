"""What the panels on StatsD's metrics share: filters, legends, links, and ways to write a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE
from dashgen.catalog.statsd.labels import STATE
from dashgen.dashboards import variables
from dashgen.dashboards.queries import on, ranged
from dashgen.dashboards.scope import FLEET_UID, PER_RUN_UID
from dashgen.dashboards.variables import chosen
from dashgen.statsd_queries import COUNT, HIGHEST, SUM, events, mean, part, quantile, total

if TYPE_CHECKING:
    from grafanalib import core

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label, Matcher
    from dashgen.dashboards.queries import Link
    from dashgen.settings import Settings

PLATFORM_UID = "airflow-platform"
DAGS_UID = "airflow-dags"

# On the other dashboards the same label is the Airflow deployment: a variable of that name would be
# carried there, and nothing would fit.
EXPORTER = "exporter"
OF_EXPORTER = (INSTANCE % f"${EXPORTER}",)
OF_DAGS = (*OF_EXPORTER, DAG_ID % chosen(DAG_ID))
HERE = INSTANCE.legend

SUCCEEDED = STATE.is_("success")
FAILED = STATE.is_("failed")
RETRIED = STATE.is_("up_for_retry")

RATE = "$__rate_interval"
PER_MINUTE = "suffix: /min"
NOT_YET = "None has happened: Airflow sends the first line with the first one."
IN_EACH = "In each interval of the graph."
ONLY_V3 = "Only Airflow 3 sends it."
ONLY_V2 = "Only Airflow 2.11 sends it."

# For a rank over the time range that is the same at each of its steps.
RANGE_END = "[$__range] @ end()"
THIRD = (8, 8)
STATE_COLORS = (
    ("success", "green"),
    ("failed", "red"),
    ("upstream_failed", "orange"),
    ("up_for_retry", "yellow"),
    ("up_for_reschedule", "light-blue"),
    ("deferred", "blue"),
    ("skipped", "purple"),
)

_RECORDED_MINUTES = 5


def happened(counter: Metric, *labels: Label, matchers: tuple[Matcher, ...] = OF_EXPORTER) -> str:
    """Write how often something rare happened in each interval, the first time included."""
    return total(events(counter.select(*matchers), RATE), INSTANCE, *labels)


def per_minute(counter: Metric, *labels: Label, matchers: tuple[Matcher, ...] = OF_EXPORTER) -> str:
    """Write how often something that happens all the time does in a minute."""
    return f"60 * {total(f'rate({counter.select(*matchers)}[{RATE}])', INSTANCE, *labels)}"


def minutely(recorded: Metric, *labels: Label, matchers: tuple[Matcher, ...] = OF_EXPORTER) -> str:
    """Write a recorded number of five minutes as one per minute, averaged over each interval."""
    return f"{total(f'avg_over_time({recorded.select(*matchers)}[{RATE}])', *labels)} / {_RECORDED_MINUTES}"


def counted(recorded: Metric, *labels: Label, matchers: tuple[Matcher, ...] = OF_EXPORTER) -> str:
    """Write how many there were in the time range: each minute, those of the last five are recorded."""
    summed = f"sum_over_time({recorded.select(*matchers)}[$__range])"
    return f"{total(summed, *labels) if labels else summed} / {_RECORDED_MINUTES}"


def highest(expr: str, ranked: str, *labels: Label, rows: int = 10) -> str:
    """Write those series of ``expr`` for which ``ranked``, one number for the time range, is highest."""
    return f"({expr}) and {on(*labels)} topk({rows}, {ranked})"


def hourly_worst(seconds: Metric, number: Metric, *labels: Label, matchers: tuple[Matcher, ...], rows: int = 10) -> str:
    """Write the means of the hour before from recorded totals, where they are highest over the time range."""

    def over(window: str) -> str:
        observed = total(f"sum_over_time({number.select(*matchers)}{window})", *labels)
        return f"{total(f'sum_over_time({seconds.select(*matchers)}{window})', *labels)} / ({observed} > 0)"

    return highest(over("[1h]"), over(RANGE_END), *labels, rows=rows)


def hourly(timer: Metric, *labels: Label, matchers: tuple[Matcher, ...], rows: int = 10) -> str:
    """Write the means of the hour before of a timer, where they are highest over the time range."""
    in_range = (total(f"increase({part(timer, suffix, *matchers)}{RANGE_END})", *labels) for suffix in (SUM, COUNT))
    seconds, number = in_range
    return highest(
        mean(timer, *matchers, labels=labels, window="1h"), f"{seconds} / ({number} > 0)", *labels, rows=rows
    )


def dag_links(settings: Settings) -> tuple[Link, ...]:
    """Link a row to its DAG: Airflow's page, its tasks on V3 and its runs on V2, whose deployments have other names."""
    return (
        variables.row_to_airflow_dag(DAG_ID),
        variables.row_to_dashboard("V3: its tasks", FLEET_UID, DAG_ID),
        *((variables.row_to_dashboard("V2: its runs", PER_RUN_UID, DAG_ID),) if settings.per_run else ()),
    )


def both_means(settings: Settings, metric: Metric, what: str = "") -> list[core.Target]:
    """Make the queries of a timer's mean and of its highest quantile, by exporter."""
    named = f"{what} " if what else ""
    return [
        ranged(mean(metric, *OF_EXPORTER, labels=(INSTANCE,), window=RATE), f"{named}mean {HERE}"),
        ranged(
            quantile(settings, metric, *OF_EXPORTER, of=HIGHEST, labels=(INSTANCE,), window=RATE),
            f"{named}{HIGHEST:.0%} {HERE}",
        ),
    ]
