"""The V3 dashboard's rows that list tasks and DAGs: what needs attention, durations and the inventory.

What they list is found in :mod:`dashgen.dashboards.v3_lists`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.airflow import (
    DAG_RUN_DURATION,
    DAG_RUN_FAILED_TASKS,
    DAG_RUN_LAST_FAILURE,
    DAG_RUN_LAST_SUCCESS,
    DAG_RUN_START,
    DAG_RUN_STATUS,
    TASK_DURATION,
    TASK_LAST_FAILURE,
    TASK_LAST_SUCCESS,
    TASK_START,
    TASK_STATUS,
    TASK_TRY_NUMBER,
)
from dashgen.catalog.labels import DAG_ID, Attention, DagRunState, TaskState
from dashgen.catalog.recorded import DAG_DURATION_MAX, TASK_ABOVE_USUAL, TASK_ATTENTION, TASK_USUAL_DURATION
from dashgen.dashboards.panels import Column, bars, table, timeseries
from dashgen.dashboards.queries import by, on, ranged_record
from dashgen.dashboards.scope import (
    DAG,
    DAG_LEGEND,
    IN_DAGS,
    IN_TASKS,
    NO_TASK_FILTER,
    TASK,
    TASK_LEGEND,
    age,
    dag_links,
)
from dashgen.dashboards.v3_lists import (
    ATTENTION_ROWS,
    IN_INVENTORY,
    IN_SLOWEST,
    IN_TROUBLED,
    INVENTORY_ROWS,
    LONGEST_LINES,
    UNUSUAL_ROWS,
    longest,
    most,
)

if TYPE_CHECKING:
    from dashgen.catalog.terms import Code
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings


def attention(settings: Settings) -> Panel:
    """List the tasks that need attention, worst first."""
    worst = most(ATTENTION_ROWS, TASK_ATTENTION)

    def of_worst(expr: str) -> str:
        return f"max {by(*TASK)} (({expr}) and {on(*TASK)} {worst})"

    def because(comparison: str, reason: Code) -> str:
        return f"and {on(*TASK)} ({TASK_ATTENTION.select(*IN_TASKS)} {comparison} {reason})"

    since_failure = f"{age(TASK_LAST_FAILURE.fleet(*IN_TROUBLED))} {because('>=', Attention.PARTLY_FAILED)}"
    since_start = f"{age(TASK_START.fleet(*IN_TROUBLED))} {because('<', Attention.PARTLY_FAILED)}"
    return table(
        f"Tasks that need attention (worst {ATTENTION_ROWS})",
        key="attention",
        metric=TASK_ATTENTION,
        what="Tasks that are failed, partly failed (an instance of a mapped task failed in the current run), "
        "running too "
        f"long or retrying; worst first, the {ATTENTION_ROWS} worst. Empty when all is well. 'For' counts from the "
        "failure, or from the start of the latest attempt.",
        rows=TASK,
        columns=(
            Column("State", f"max {by(*TASK)} ({worst})", codes=Attention, width=150),
            Column("For", of_worst(f"{since_failure} or {since_start}"), unit="s"),
            Column("Last success", of_worst(age(TASK_LAST_SUCCESS.fleet(*IN_TROUBLED))), unit="s"),
            Column("Last duration", of_worst(TASK_DURATION.fleet(*IN_TROUBLED)), unit="s"),
            Column("Attempt", of_worst(TASK_TRY_NUMBER.fleet(*IN_TROUBLED))),
        ),
        sort="State",
        links={DAG_ID: dag_links(settings)},
        may_be_empty="Nothing needs attention.",
    )


def durations(settings: Settings) -> tuple[Panel, ...]:
    """Show the slowest tasks, durations over time, and what is far above its usual."""
    per_dag = DAG_DURATION_MAX.select(*IN_SLOWEST)
    unusual = most(UNUSUAL_ROWS, TASK_ABOVE_USUAL)

    def of_unusual(expr: str) -> str:
        return f"max {by(*TASK)} ({expr} and {on(*TASK)} {unusual})"

    return (
        bars(
            "Slowest tasks now (top 10)",
            key="slowest",
            metric=TASK_DURATION,
            expr=f"topk(10, {TASK_DURATION.fleet(*IN_TASKS)})",
            legend=TASK_LEGEND,
            what="Duration of the last finished attempt, the ten longest.",
            size=(12, 10),
        ),
        timeseries(
            f"Duration over time (top {LONGEST_LINES} DAGs)",
            key="durations-over-time",
            metric=DAG_DURATION_MAX,
            what=f"Duration of the slowest task of each DAG, for the {LONGEST_LINES} DAGs with the longest in the time "
            f"range. {NO_TASK_FILTER}",
            targets=[ranged_record(f"{per_dag} and {on(*DAG)} {longest(per_dag, at=' @ end()')}", DAG_LEGEND)],
            legend_right=True,
            size=(12, 10),
        ),
        table(
            f"Tasks far above their own usual (top {UNUSUAL_ROWS})",
            key="above-usual",
            metric=TASK_ABOVE_USUAL,
            what=f"Tasks whose last duration is far above their usual of the last seven days, the {UNUSUAL_ROWS} "
            "farthest.",
            rows=TASK,
            columns=(
                Column("Times its usual", f"max {by(*TASK)} ({unusual})", unit="suffix:×"),
                Column("Duration", of_unusual(TASK_DURATION.fleet(*IN_TROUBLED)), unit="s"),
                Column("Usual", of_unusual(TASK_USUAL_DURATION.select(*IN_TROUBLED)), unit="s"),
            ),
            sort="Times its usual",
            links={DAG_ID: dag_links(settings)},
            size=(24, 8),
            may_be_empty="No task is far above its usual.",
        ),
    )


def inventory(settings: Settings) -> tuple[Panel, ...]:
    """List the latest state of every task and the latest run of every DAG."""
    # The exact matcher holds only when one DAG is chosen: no DAG is called "|.+" or "a,b".
    all_of_one = TASK_STATUS.fleet(*IN_TASKS, DAG_ID.is_(f"${{{DAG_ID}:raw}}"))
    # By code alone, upstream failed would come before failed, and retrying after success.
    rank = f"(-10 * {TASK_ATTENTION.select(*IN_TASKS)} or {on(*TASK)} {TASK_STATUS.fleet(*IN_INVENTORY)})"
    tasks = f"bottomk({INVENTORY_ROWS}, {rank}) or {on(*TASK)} {all_of_one}"
    dags = f"bottomk({INVENTORY_ROWS}, {DAG_RUN_STATUS.fleet(*IN_DAGS)})"

    def of_tasks(expr: str) -> str:
        return f"max {by(*TASK)} ({expr} and {on(*TASK)} ({tasks}))"

    def of_dags(expr: str) -> str:
        return f"max {by(*DAG)} ({expr} and {on(*DAG)} {dags})"

    return (
        table(
            f"Latest state of every task (failing first, {INVENTORY_ROWS}; all when one DAG is chosen)",
            key="inventory",
            metric=TASK_STATUS,
            what=f"Latest state of every task: the {INVENTORY_ROWS} that come first when failing ones lead, or all "
            f"tasks "
            "of the chosen DAG.",
            rows=TASK,
            columns=(
                Column("State", of_tasks(TASK_STATUS.fleet(*IN_INVENTORY)), codes=TaskState, width=150),
                Column("Started", of_tasks(age(TASK_START.fleet(*IN_INVENTORY))), unit="s"),
                Column("Last duration", of_tasks(TASK_DURATION.fleet(*IN_INVENTORY)), unit="s"),
                Column("Last success", of_tasks(age(TASK_LAST_SUCCESS.fleet(*IN_INVENTORY))), unit="s"),
                Column("Attempt", of_tasks(TASK_TRY_NUMBER.fleet(*IN_INVENTORY))),
            ),
            order=f"max {by(*TASK)} ({tasks})",
            links={DAG_ID: dag_links(settings)},
            size=(24, 12),
        ),
        table(
            f"Latest run of every DAG (failing first, {INVENTORY_ROWS})",
            key="dag-inventory",
            metric=DAG_RUN_STATUS,
            what=f"Latest run of every DAG: the {INVENTORY_ROWS} that come first when failing ones lead.",
            rows=DAG,
            columns=(
                Column("State", f"max {by(*DAG)} ({dags})", codes=DagRunState, width=150),
                Column("Started", of_dags(age(DAG_RUN_START.fleet(*IN_DAGS))), unit="s"),
                Column("Last duration", of_dags(DAG_RUN_DURATION.fleet(*IN_DAGS)), unit="s"),
                Column("Failed tasks", of_dags(DAG_RUN_FAILED_TASKS.fleet(*IN_DAGS))),
                Column("Last success", of_dags(age(DAG_RUN_LAST_SUCCESS.fleet(*IN_DAGS))), unit="s"),
                Column("Last failure", of_dags(age(DAG_RUN_LAST_FAILURE.fleet(*IN_DAGS))), unit="s"),
            ),
            sort="State",
            descending=False,
            links={DAG_ID: dag_links(settings)},
            size=(24, 12),
        ),
    )
