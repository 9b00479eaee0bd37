"""Panels on the way from Airflow to the dashboard: gateway, pushes, sweeper, per-run groups.

`instance` here is the scrape target, so none of them filters by the chosen deployment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import (
    ALERTNAME,
    ALERTSTATE,
    CODE,
    DAG_ID,
    HANDLER,
    INSTANCE,
    PUSHGATEWAY,
    RESULT,
    RUN_ID,
    SEVERITY,
    TASK_ID,
    AlertState,
)
from dashgen.catalog.pipeline import (
    ALERTS,
    GATEWAY_MEMORY,
    GATEWAY_REQUESTS,
    GATEWAY_SAMPLES,
    HEAP_IN_USE,
    NO_PUSH,
    RESIDENT_MEMORY,
    SCRAPE_SAMPLES,
    SWEEPER_DURATION,
    SWEEPER_GROUPS,
    SWEEPER_LAST_RUN,
    SWEEPER_LAST_SUCCESS,
    SWEEPER_LATE,
    SWEEPER_OLDEST_AGE,
    UP,
)
from dashgen.catalog.recorded import (
    GROUPS,
    LAST_PUSH,
    OLDEST_PER_RUN_PUSH,
    PER_RUN_GROUPS,
    PER_RUN_SERIES,
    REFUSED_GROUPS,
)
from dashgen.dashboards import variables
from dashgen.dashboards.panels import Column, bars, stat, table, text, timeseries
from dashgen.dashboards.queries import DATASOURCE, by, ranged, ranged_record, steps
from dashgen.dashboards.scope import FLEET_UID, age

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings


# A Prometheus is shared: other teams' alerts are not shown, nor is the one that always fires.
_FIRING = ALERTS.select(ALERTSTATE.is_("firing"), ALERTNAME % "Airflow.*|Pushgateway.*")


def pipeline_health(settings: Settings) -> tuple[Panel, ...]:
    """Show whether pushes arrive, what the Pushgateway holds, and what alerts are firing."""
    pushes = GATEWAY_REQUESTS.select(HANDLER.is_("push"))
    alert_labels = (ALERTNAME, SEVERITY, INSTANCE, DAG_ID, TASK_ID)
    return (
        stat(
            "Pushgateway",
            key="gateway-up",
            metric=UP,
            expr=f"min({UP.select(jobs=[PUSHGATEWAY])})",
            what="Whether Prometheus reaches every Pushgateway.",
            by_code=True,
            size=(4, 6),
        ),
        stat(
            "Refused pushes",
            key="refused-pushes",
            metric=REFUSED_GROUPS,
            expr=f"sum({REFUSED_GROUPS})",
            thresholds=steps("green", (1, "red")),
            size=(4, 6),
        ),
        bars(
            "Time since the last push (10 longest)",
            key="last-push",
            metric=LAST_PUSH,
            expr=f"topk(10, time() - {LAST_PUSH})",
            legend=INSTANCE.legend,
            what="Time since anything of the Airflow deployment arrived, the ten most silent.",
            thresholds=steps("green", (settings.limit(NO_PUSH), "red")),
            size=(8, 6),
        ),
        timeseries(
            "Pushes by status",
            key="pushes-by-status",
            metric=GATEWAY_REQUESTS,
            targets=[ranged(f"sum {by(CODE)} (rate({pushes}[$__rate_interval]))", CODE.legend)],
            what="Pushes per second by HTTP status.",
            unit="reqps",
            size=(8, 6),
        ),
        timeseries(
            "Groups held",
            key="groups",
            metric=GROUPS,
            targets=[ranged_record(f"topk(20, {GROUPS})", INSTANCE.legend)],
            what="Groups that the Pushgateway holds, by Airflow deployment (the twenty with most).",
            size=(8, 7),
        ),
        timeseries(
            "Samples held",
            key="gateway-samples",
            metric=SCRAPE_SAMPLES,
            targets=[ranged(SCRAPE_SAMPLES.select(jobs=[PUSHGATEWAY]), INSTANCE.legend)],
            thresholds=steps("green", (settings.limit(GATEWAY_SAMPLES), "red")),
            size=(8, 7),
        ),
        timeseries(
            "Pushgateway's memory",
            key="gateway-memory",
            metric=RESIDENT_MEMORY,
            targets=[
                ranged(RESIDENT_MEMORY.select(jobs=[PUSHGATEWAY]), f"resident {INSTANCE.legend}"),
                ranged(HEAP_IN_USE.select(jobs=[PUSHGATEWAY]), f"heap in use {INSTANCE.legend}"),
            ],
            thresholds=steps("green", (settings.limit(GATEWAY_MEMORY), "red")),
            size=(8, 7),
        ),
        table(
            "Firing alerts (100)",
            key="firing-alerts",
            metric=ALERTS,
            what="Alerts of Airflow and the Pushgateway that are firing now, at most 100.",
            rows=alert_labels,
            columns=(Column("State", f"max {by(*alert_labels)} (topk(100, {_FIRING}))", codes=AlertState, width=110),),
            sort=str(SEVERITY),
            descending=False,
            size=(24, 8),
            may_be_empty="No alert is firing.",
        ),
    )


def alert_annotation() -> dict[str, object]:
    """Mark on every graph when an alert was firing; off until it is switched on."""
    return {
        "name": "Alerts",
        "datasource": DATASOURCE,
        "enable": False,
        "hide": False,
        "iconColor": "red",
        "expr": f"count {by(ALERTNAME)} ({_FIRING})",
        "titleFormat": ALERTNAME.legend,
        "step": "60s",
    }


def per_run_cost(settings: Settings) -> tuple[Panel, ...]:
    """Show what the per-run groups cost and whether the sweeper keeps them small."""
    return (
        stat("Per-run groups held", key="per-run-groups", metric=PER_RUN_GROUPS, expr=f"sum({PER_RUN_GROUPS})"),
        stat("Per-run series held", key="per-run-series", metric=PER_RUN_SERIES, expr=f"sum({PER_RUN_SERIES})"),
        stat(
            "Oldest per-run group",
            key="oldest-group",
            metric=OLDEST_PER_RUN_PUSH,
            expr=age(f"min({OLDEST_PER_RUN_PUSH})"),
            what="Time since the last push to the group that has been silent longest.",
        ),
        stat(
            "Last sweep",
            key="sweeper",
            metric=SWEEPER_LAST_RUN,
            expr=age(f"max({SWEEPER_LAST_RUN.select()})"),
            what="Time since the sweeper last ran, well or not.",
            thresholds=steps("green", (settings.limit(SWEEPER_LATE), "red")),
            no_value="never",
        ),
        stat(
            "Last good sweep",
            key="sweeper-success",
            metric=SWEEPER_LAST_SUCCESS,
            expr=age(f"max({SWEEPER_LAST_SUCCESS.select()})"),
            what="Time since a sweep in which nothing failed.",
            thresholds=steps("green", (settings.limit(SWEEPER_LATE), "red")),
            no_value="never",
        ),
        stat(
            "Oldest group kept",
            key="sweeper-oldest",
            metric=SWEEPER_OLDEST_AGE,
            expr=f"max({SWEEPER_OLDEST_AGE.select()})",
            no_value="never swept",
        ),
        bars(
            "Groups of the last sweep",
            key="sweeper-groups",
            metric=SWEEPER_GROUPS,
            expr=f"sum {by(RESULT)} ({SWEEPER_GROUPS.select()})",
            legend=RESULT.legend,
            size=(8, 6),
            may_be_empty="The sweeper has not run yet.",
        ),
        timeseries(
            "Duration of the sweep",
            key="sweeper-duration",
            metric=SWEEPER_DURATION,
            targets=[ranged(SWEEPER_DURATION.select(), INSTANCE.legend)],
            size=(8, 6),
            may_be_empty="The sweeper has not run yet.",
        ),
        text(
            "Warning",
            key="warning",
            content=(
                f"`{RUN_ID}` has a new value with each run, so these series **grow without bound**: on every scrape, "
                f"in "
                "Prometheus' memory and on disk. Run the sweeper every day, and keep this generation to small systems. "
                f"For production: the [V3 dashboard]({variables.page(FLEET_UID)})."
            ),
            size=(8, 6),
        ),
    )
