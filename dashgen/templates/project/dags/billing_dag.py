"""The DAG that counts open invoices, and reports how many there are."""

from __future__ import annotations

from datetime import datetime, timezone

from dashgen_plugin import report

try:
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.python import PythonOperator


def count() -> None:
    """Count the open invoices; where they are counted from is yours to fill in."""
    report(billing_open_invoices=42)


with DAG("billing", schedule="@hourly", start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False):
    PythonOperator(task_id="count", python_callable=count)
