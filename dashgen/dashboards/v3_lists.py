"""The DAGs that V3 lists, each kind found once and held in a variable that nobody sees.

A list of a few among thousands has to read them all to know which. A table has a query for each column, and a panel
over time reads the whole range: so they select by these variables, and only the variables read the whole fleet.
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

_LISTED, _WORST, _SLOWEST = "listed_dags", "worst_dags", "slowest_dags"


def _in(name: str) -> tuple[Matcher, ...]:
    return (INSTANCE % chosen(INSTANCE), DAG_ID % f"${name}")


IN_WORST = _in(_WORST)
IN_SLOWEST = _in(_SLOWEST)
# Of the tasks that the tables list, and as few others as may be.
IN_LISTED = (*_in(_LISTED), TASK_ID % chosen(TASK_ID))


def most(rows: int, metric: Metric) -> str:
    """Write the chosen tasks with the greatest values."""
    return f"topk({rows}, {metric.select(*IN_TASKS)})"


def listed() -> tuple[core.Template, ...]:
    """Define the variables, for after those that a user chooses by."""
    tasks = (
        most(INVENTORY_ROWS, TASK_ATTENTION),
        most(UNUSUAL_ROWS, TASK_ABOVE_USUAL),
        f"bottomk({INVENTORY_ROWS}, {TASK_STATUS.fleet(*IN_TASKS)})",
    )
    # Codes of bad states are lower than those of good ones, so a low average is a bad time.
    average = f"avg_over_time({DAG_RUN_STATUS.fleet(*IN_DAGS)}[$__range])"
    longest = f"max_over_time({DAG_DURATION_MAX.select(*IN_DAGS)}[$__range])"
    return (
        variables.listed(_LISTED, DAG_ID, f"group {by(DAG_ID)} ({' or '.join(tasks)})"),
        variables.listed(_WORST, DAG_ID, f"bottomk({STATE_LANES}, {average})"),
        variables.listed(_SLOWEST, DAG_ID, f"topk({LONGEST_LINES}, {longest})"),
    )
