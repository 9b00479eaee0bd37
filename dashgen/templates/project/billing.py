"""What the billing team adds: its metrics, the dashboard that shows them, and an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_metrics import METRICS, OPEN_INVOICES, TOO_MANY

from dashgen.catalog.labels import AIRFLOW_TASKS, DAG_ID, INSTANCE, TASK_ID
from dashgen.dashboards import variables
from dashgen.dashboards.model import Dashboard, Row
from dashgen.dashboards.panels import stat, timeseries
from dashgen.dashboards.queries import ranged, steps
from dashgen.definitions import Definitions
from dashgen.rules.model import Alert, Case, Firing, Group, Runbook
from dashgen.rules.phrases import labels_of

if TYPE_CHECKING:
    from dashgen.settings import Settings


def define(settings: Settings) -> Definitions:
    """Add to the built-in definitions; dashgen calls this, as dashgen.toml names this module."""
    return Definitions(
        metrics=METRICS,
        dashboards=(_dashboard(settings),),
        alerts=(Group("billing_alerts", (_too_many(settings),)),),
    )


def _dashboard(settings: Settings) -> Dashboard:
    # Grafana fills in what was chosen above the dashboard: $instance and $dag_id.
    chosen = (INSTANCE % f"${INSTANCE}", DAG_ID % f"${DAG_ID}")
    return Dashboard(
        key="billing",
        file="billing.json",
        uid="billing",
        title="Billing",
        description="How many invoices are open.",
        tags=("billing",),
        variables=(
            variables.datasource(settings),
            variables.values(INSTANCE, OPEN_INVOICES.fleet()),
            variables.values(DAG_ID, OPEN_INVOICES.fleet(INSTANCE % f"${INSTANCE}")),
        ),
        rows=(
            Row(
                "invoices",
                "Invoices",
                (
                    stat(
                        "Open now",
                        key="open-now",
                        metric=OPEN_INVOICES,
                        expr=f"sum({OPEN_INVOICES.fleet(*chosen)})",
                        what="Open invoices of all chosen DAGs together.",
                        thresholds=steps("green", (settings.limit(TOO_MANY), "red")),
                    ),
                    timeseries(
                        "Open invoices",
                        key="open-invoices",
                        metric=OPEN_INVOICES,
                        targets=(ranged(OPEN_INVOICES.fleet(*chosen), TASK_ID.legend),),
                        thresholds=steps("green", (settings.limit(TOO_MANY), "red")),
                        size=(20, 8),
                    ),
                ),
            ),
        ),
    )


def _too_many(settings: Settings) -> Alert:
    limit = round(settings.limit(TOO_MANY))
    task = (DAG_ID.is_("billing"), TASK_ID.is_("count"), INSTANCE.is_("prod"))
    series = OPEN_INVOICES.fleet(*task)
    fired = labels_of(AIRFLOW_TASKS, *task)
    return Alert(
        "BillingTooManyOpenInvoices",
        expr=f"{OPEN_INVOICES.fleet()} > {limit}",
        hold="15m",
        severity="warning",
        owner=OPEN_INVOICES.owner,
        summary="Too many open invoices",
        description=f"{DAG_ID.annotation} counted {{{{ $value | humanize }}}} open invoices.",
        panel="billing/open-invoices",
        about=(INSTANCE, DAG_ID),
        runbook=Runbook(
            "billing-too-many-open-invoices",
            "Too many open invoices",
            meaning="The last count was above the limit, and has been for 15 minutes.",
            impact="Customers are reminded late.",
            diagnosis="Look when the number began to rise, and which run of the DAG counted it.",
            mitigation="Run the DAG that closes invoices. If the number is right, raise the limit.",
        ),
        cases=(
            Case("one more fires", {series: f"{limit} {limit + 1}"}, fires=(Firing(fired, limit + 1),)),
            Case("the limit itself is silent", {series: f"0 {limit}"}),
        ),
    )
