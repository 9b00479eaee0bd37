"""The DAGs that V3 lists, each kind found once and held in a variable that nobody sees.

A list of a few among thousands has to read them all to know which. A table has a query for each column, and a panel
over time reads the whole range: so the variables read the fleet once, and the panels pick again among the DAGs in them.
They must: a variable holds the names of DAGs, which two deployments may share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.airflow import DAG_RUN_STATUS, TASK_STATUS
from dashgen.catalog.labels import DAG_ID, INSTANCE, TASK_ID
from dashgen.catalog.recorded import DAG_DURATION_MAX, TASK_ABOVE_USUAL, TASK_ATTENTION
from dashgen.dashboards import variables
from dashgen.dashboards.queries import by
from dashgen.dashboards.scope import IN_DAGS, IN_TASKS
from dashgen.dashboards.variables import chosen

if TYPE_CHECKING:
    from grafanalib import core

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Matcher

ATTENTION_ROWS = 200
UNUSUAL_ROWS = 100
INVENTORY_ROWS = 500
STATE_LANES = 50
LONGEST_LINES = 10

_TROUBLED, _INVENTORY, _WORST, _SLOWEST = "troubled_dags", "inventory_dags", "worst_dags", "slowest_dags"


def _in(name: str) -> tuple[Matcher, ...]:
    return (INSTANCE % chosen(INSTANCE), DAG_ID % f"${name}")


IN_WORST = _in(_WORST)
IN_SLOWEST = _in(_SLOWEST)
IN_TROUBLED = (*_in(_TROUBLED), TASK_ID % chosen(TASK_ID))
IN_INVENTORY = (*_in(_INVENTORY), TASK_ID % chosen(TASK_ID))


def most(rows: int, metric: Metric) -> str:
    """Write the chosen tasks with the greatest values."""
    return f"topk({rows}, {metric.select(*IN_TASKS)})"


def longest(durations: str, at: str = "") -> str:
    """Write the DAGs with the longest durations in the time range, which ends ``at`` the time of the query."""
    return f"topk({LONGEST_LINES}, max_over_time({durations}[$__range]{at}))"


def worst_on_average(states: str, at: str = "") -> str:
    """Write the DAGs that were worst on average over the time range, which ends ``at`` the time of the query."""
    # Codes of bad states are lower than those of good ones, so a low average is a bad time.
    return f"bottomk({STATE_LANES}, avg_over_time({states}[$__range]{at}))"


def hidden() -> tuple[core.Template, ...]:
    """Define the variables, for after those that a user chooses by."""
    attention, unusual = most(ATTENTION_ROWS, TASK_ATTENTION), most(UNUSUAL_ROWS, TASK_ABOVE_USUAL)
    lowest = f"bottomk({INVENTORY_ROWS}, {TASK_STATUS.fleet(*IN_TASKS)})"
    found = {
        _TROUBLED: f"group {by(DAG_ID)} ({attention} or {unusual})",
        _INVENTORY: f"group {by(DAG_ID)} ({most(INVENTORY_ROWS, TASK_ATTENTION)} or {lowest})",
        _WORST: worst_on_average(DAG_RUN_STATUS.fleet(*IN_DAGS)),
        _SLOWEST: longest(DAG_DURATION_MAX.select(*IN_DAGS)),
    }
    return tuple(variables.listed(name, DAG_ID, expr) for name, expr in found.items())
