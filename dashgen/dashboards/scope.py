"""The labels, filters and links that the fleet's panels share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.labels import DAG_ID, INSTANCE, TASK_ID
from dashgen.dashboards import variables
from dashgen.dashboards.variables import chosen

if TYPE_CHECKING:
    from dashgen.catalog.terms import Label, Matcher
    from dashgen.dashboards.queries import Link
    from dashgen.settings import Settings

FLEET_UID = "airflow-observability-v3"
PER_RUN_UID = "airflow-observability"

DAG = (INSTANCE, DAG_ID)
TASK = (INSTANCE, DAG_ID, TASK_ID)
IN_DAGS = (INSTANCE % chosen(INSTANCE), DAG_ID % chosen(DAG_ID))
IN_TASKS = (*IN_DAGS, TASK_ID % chosen(TASK_ID))
DAG_LEGEND = f"{DAG_ID.legend} {INSTANCE.legend}"
TASK_LEGEND = f"{DAG_ID.legend} {TASK_ID.legend}"
NO_TASK_FILTER = "Reads totals recorded per DAG, so the choice of tasks does not apply."


def dag_links(settings: Settings) -> tuple[Link, ...]:
    """Link a row to Airflow's page of its DAG and to the DAG's runs on the V2 dashboard."""
    to_runs = variables.row_to_dashboard("V2: its runs", PER_RUN_UID, INSTANCE, DAG_ID)
    return (variables.row_to_airflow_dag(DAG_ID), *((to_runs,) if settings.per_run else ()))


def if_all(label: Label) -> Matcher:
    """Match every series while all values of ``label`` are chosen, and none otherwise.

    By the deployment, which each series of the fleet has: no deployment's name begins with ``#``, and only All
    matches the others with a ``#`` before it. So the series themselves need not have ``label``.
    """
    return INSTANCE % f"#{chosen(label)}"


def if_chosen(label: Label) -> Matcher:
    """Match none of the series while all values of ``label`` are chosen, and every one otherwise."""
    return INSTANCE.not_matching(f"#{chosen(label)}")


def age(timestamp: str) -> str:
    """Write the time since a timestamp, in seconds."""
    return f"time() - {timestamp}"
