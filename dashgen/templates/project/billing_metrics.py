"""What the billing team's tasks report. Airflow imports this file: nothing but the catalog here."""

from __future__ import annotations

from dashgen.catalog import Gauge, Source, Threshold, Unit
from dashgen.catalog.labels import AIRFLOW_TASKS

TOO_MANY = Threshold("open_invoices", 100, Unit.NONE, "More open invoices than this need a person.")

OPEN_INVOICES = Gauge(
    "billing_open_invoices",
    help="Invoices that were open when the task ended",
    read="Rises over a month and falls when it is closed.",
    source=Source.CUSTOM,
    owner="billing",
    jobs=(AIRFLOW_TASKS,),
    thresholds=(TOO_MANY,),
)

METRICS = (OPEN_INVOICES,)
