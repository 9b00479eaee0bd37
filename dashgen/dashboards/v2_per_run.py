"""The V2 dashboard, for the person who asks what happened in one run.

Queries of the chosen run look back over the dashboard's time range, so that a run whose groups
the sweeper has removed can still be chosen and read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.airflow import (
    DAG_RUN_DURATION,
    DAG_RUN_FAILED_TASKS,
    DAG_RUN_START,
    DAG_RUN_STATUS,
    TASK_DURATION,
    TASK_START,
    TASK_STATUS,
    TASK_TRY_NUMBER,
)
from dashgen.catalog.labels import DAG_ID, INSTANCE, MAP_INDEX, RUN_ID, TASK_ID, DagRunState, TaskState
from dashgen.catalog.recorded import DAG_TASK_RUNS
from dashgen.dashboards import variables
from dashgen.dashboards.model import Dashboard, Panel, Row
from dashgen.dashboards.panels import Column, bars, stat, state_timeline, table, timeseries
from dashgen.dashboards.pipeline import alert_annotation, per_run_cost
from dashgen.dashboards.queries import by, colored_series, on, ranged, ranged_record, steps
from dashgen.dashboards.scope import FLEET_UID, PER_RUN_UID
from dashgen.dashboards.variables import chosen

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.settings import Settings

KEY = "v2"

TASK_ROWS = 500
TASK_LANES = 50
RUN_ROWS = 50
RUN_CHOICES = 500

_IN_DAG = (INSTANCE.is_(chosen(INSTANCE)), DAG_ID.is_(chosen(DAG_ID)))
_IN_RUN = (*_IN_DAG, RUN_ID.is_(chosen(RUN_ID)))
_IN_TASKS = (*_IN_RUN, TASK_ID % chosen(TASK_ID))
_INSTANCE_OF_TASK = (TASK_ID, MAP_INDEX)
_TASK_LEGEND = f"{TASK_ID.legend} {MAP_INDEX.legend}"
_MILLISECONDS = 1000
_NOT_FINISHED = "The run is under way."


def _held(selector: str) -> str:
    """Read the last value within the time range, also of groups that are gone."""
    return f"last_over_time({selector}[$__range] @ end())"


def per_run(settings: Settings) -> Dashboard:
    """Define the V2 dashboard."""
    starts = f"max {by(RUN_ID)} (max_over_time({DAG_RUN_START.per_run(*_IN_DAG)}[$__range]))"
    return Dashboard(
        key=KEY,
        file="airflow_v2_per_run.json",
        uid=PER_RUN_UID,
        title="Airflow V2: one run",
        description="What happened in one DAG run, beside the DAG's other runs. For small systems, with the sweeper.",
        tags=("airflow", "dashgen"),
        variables=(
            variables.datasource(settings),
            variables.values(INSTANCE, DAG_RUN_STATUS.per_run(), multi=False),
            variables.values(DAG_ID, DAG_RUN_STATUS.per_run(INSTANCE.is_(chosen(INSTANCE))), multi=False),
            variables.newest_first(RUN_ID, f"sort_desc(topk({RUN_CHOICES}, {starts}))"),
            variables.values(TASK_ID, TASK_STATUS.per_run(*_IN_RUN)),
            variables.airflow_url(settings),
        ),
        annotations=(alert_annotation(),),
        links=(
            variables.to_dashboard("V3: the fleet", FLEET_UID),
            *((variables.to_source(settings.source_url),) if settings.source_url else ()),
        ),
        rows=(
            Row("run", "The run", _run(settings)),
            Row("tasks-row", "Its tasks", _tasks(settings)),
            Row("runs-row", "Over all runs of the DAG", _runs(settings)),
            Row("cost", f"What {RUN_ID} costs", per_run_cost(settings), collapsed=True),
        ),
    )


def _of_run(metric: Metric) -> str:
    return f"max({_held(metric.per_run(*_IN_RUN))})"


def _tasks_in(state: TaskState) -> str:
    return f"sum({_held(TASK_STATUS.per_run(*_IN_TASKS))} == bool {state})"


def _run(settings: Settings) -> tuple[Panel, ...]:
    duration = _of_run(DAG_RUN_DURATION)
    return (
        stat(
            "State",
            key="run-state",
            metric=DAG_RUN_STATUS,
            expr=_of_run(DAG_RUN_STATUS),
            by_code=True,
            links=[variables.chosen_run_in_airflow(settings, DAG_ID, RUN_ID)],
        ),
        stat(
            "Started",
            key="run-start",
            metric=DAG_RUN_START,
            expr=f"{_of_run(DAG_RUN_START)} * {_MILLISECONDS}",
            unit="dateTimeAsIso",
            what="When the run started.",
        ),
        stat(
            "Duration",
            key="run-duration",
            metric=DAG_RUN_DURATION,
            expr=duration,
            no_value="not finished",
            may_be_empty=_NOT_FINISHED,
        ),
        stat(
            "Duration vs. median",
            key="run-duration-ratio",
            metric=DAG_RUN_DURATION,
            expr=f"{duration} / quantile(0.5, {_held(DAG_RUN_DURATION.per_run(*_IN_DAG))})",
            what="Duration as a multiple of the median over the DAG's runs in the time range.",
            unit="suffix:×",
            decimals=2,
            thresholds=steps("text", (3, "orange")),
            no_value="not finished",
            may_be_empty=_NOT_FINISHED,
        ),
        stat(
            "Tasks failed",
            key="run-tasks-failed",
            metric=TASK_STATUS,
            expr=_tasks_in(TaskState.FAILED),
            what="Task instances of the run that are failed.",
            thresholds=steps("green", (1, "red")),
            background=True,
        ),
        stat(
            "Tasks succeeded",
            key="run-tasks-succeeded",
            metric=TASK_STATUS,
            expr=_tasks_in(TaskState.SUCCESS),
            what="Task instances of the run that are succeeded.",
            thresholds=steps("text", (1, "green")),
            background=True,
        ),
        stat(
            "Failed tasks at the end",
            key="run-failed-tasks",
            metric=DAG_RUN_FAILED_TASKS,
            expr=_of_run(DAG_RUN_FAILED_TASKS),
            thresholds=steps("green", (1, "red")),
            size=(4, 7),
            no_value="not finished",
            may_be_empty=_NOT_FINISHED,
        ),
        timeseries(
            "Duration against the previous runs",
            key="run-durations",
            metric=DAG_RUN_DURATION,
            what="Duration of the DAG's last finished run at each moment, with the chosen run's as a level.",
            targets=[
                ranged(_last_finished(), "last finished run"),
                ranged(_of_run(DAG_RUN_DURATION), "the chosen run"),
            ],
            size=(20, 7),
            may_be_empty=_NOT_FINISHED,
        ),
    )


def _last_finished() -> str:
    newest = f"topk(1, {DAG_RUN_START.per_run(*_IN_DAG)} and {on(RUN_ID)} {DAG_RUN_DURATION.per_run(*_IN_DAG)})"
    return f"max({DAG_RUN_DURATION.per_run(*_IN_DAG)} and {on(RUN_ID)} {newest})"


def _tasks(settings: Settings) -> tuple[Panel, ...]:
    state = _held(TASK_STATUS.per_run(*_IN_TASKS))
    # By code alone, upstream failed would come before failed, and retrying after success.
    rank = f"(abs({state} - {TaskState.FAILED}) - 2.5 * ({state} == bool {TaskState.UP_FOR_RETRY}))"
    shown = f"bottomk({TASK_ROWS}, {rank})"
    lanes = f"bottomk({TASK_LANES}, {rank})"

    def of_shown(expr: str) -> str:
        return f"max {by(*_INSTANCE_OF_TASK)} ({expr} and {on(*_INSTANCE_OF_TASK)} {shown})"

    return (
        table(
            f"Tasks of the run (failing first, {TASK_ROWS})",
            key="tasks",
            metric=TASK_STATUS,
            what=f"State of every task instance of the run: the {TASK_ROWS} that come first when failing ones lead.",
            rows=_INSTANCE_OF_TASK,
            columns=(
                Column("State", of_shown(state), codes=TaskState, width=150),
                Column("Attempt", of_shown(_held(TASK_TRY_NUMBER.per_run(*_IN_TASKS)))),
                Column(
                    "Started",
                    of_shown(f"{_held(TASK_START.per_run(*_IN_TASKS))} * {_MILLISECONDS}"),
                    unit="dateTimeAsIso",
                ),
                Column("Duration", of_shown(_held(TASK_DURATION.per_run(*_IN_TASKS))), unit="s"),
            ),
            order=of_shown(rank),
            links={TASK_ID: [variables.chosen_run_in_airflow(settings, DAG_ID, RUN_ID)]},
        ),
        state_timeline(
            f"Tasks over time (worst {TASK_LANES})",
            key="task-states",
            metric=TASK_STATUS,
            what=f"State of the run's task instances, the {TASK_LANES} that come first when failing ones lead.",
            targets=[ranged(f"{TASK_STATUS.per_run(*_IN_TASKS)} and {on(*_INSTANCE_OF_TASK)} {lanes}", _TASK_LEGEND)],
            size=(14, 10),
        ),
        bars(
            "Slowest tasks (top 10)",
            key="slowest-tasks",
            metric=TASK_DURATION,
            expr=f"topk(10, {_held(TASK_DURATION.per_run(*_IN_TASKS))})",
            legend=_TASK_LEGEND,
            what="Duration of the last finished attempt of the run's task instances, the ten longest.",
            size=(10, 10),
            may_be_empty="No task of the run has finished.",
        ),
    )


def _runs(settings: Settings) -> tuple[Panel, ...]:
    shown = f"topk({RUN_ROWS}, {_held(DAG_RUN_START.per_run(*_IN_DAG))})"

    def of_shown(expr: str) -> str:
        return f"max {by(RUN_ID)} ({expr} and {on(RUN_ID)} {shown})"

    def total(state: TaskState) -> str:
        return f"sum({DAG_TASK_RUNS[state].select(*_IN_DAG)})"

    def over_time(title: str, key: str, state: TaskState) -> Panel:
        return timeseries(
            title,
            key=key,
            metric=TASK_STATUS,
            what=f"Task instances that are {state.word}, over all runs of the DAG that the Pushgateway holds. The "
            f"sweeper "
            "makes it fall.",
            targets=[ranged_record(total(state), state.word)],
            overrides=colored_series([(state.word, state.color)]),
        )

    return (
        over_time("Tasks failed over time", "failures-over-time", TaskState.FAILED),
        over_time("Tasks succeeded over time", "successes-over-time", TaskState.SUCCESS),
        table(
            f"Runs side by side (newest {RUN_ROWS})",
            key="runs",
            metric=DAG_RUN_STATUS,
            what=f"The DAG's {RUN_ROWS} newest runs in the time range.",
            rows=(RUN_ID,),
            columns=(
                Column("State", of_shown(_held(DAG_RUN_STATUS.per_run(*_IN_DAG))), codes=DagRunState, width=150),
                Column("Started", f"max {by(RUN_ID)} ({shown} * {_MILLISECONDS})", unit="dateTimeAsIso"),
                Column("Duration", of_shown(_held(DAG_RUN_DURATION.per_run(*_IN_DAG))), unit="s"),
                Column("Failed tasks", of_shown(_held(DAG_RUN_FAILED_TASKS.per_run(*_IN_DAG)))),
            ),
            sort="Started",
            links={
                RUN_ID: (
                    variables.row_to_chosen("This run here", PER_RUN_UID, (INSTANCE, DAG_ID), RUN_ID),
                    variables.row_to_airflow_run(settings, DAG_ID, RUN_ID),
                )
            },
        ),
    )
