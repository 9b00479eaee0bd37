"""The V3 dashboard, for the person on call for hundreds of DAGs: the latest state of the fleet.

No query names a run. Panels over time read recorded totals; panels of now read totals too, or the tasks of the DAGs
that they list, and the fleet only where a few tasks are chosen or sought among all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.airflow import (
    DAG_RUN_LAST_SUCCESS,
    DAG_RUN_RUNNING_TOO_LONG,
    DAG_RUN_START,
    DAG_RUN_STATUS,
    TASK_STATUS,
)
from dashgen.catalog.labels import DAG_ID, INSTANCE, TASK_ID, DagRunState, TaskState
from dashgen.catalog.recorded import DAG_TASK_COUNT, DAG_TASKS, INSTANCE_TASKS, RECORDED_EVERY
from dashgen.dashboards import variables
from dashgen.dashboards.model import Dashboard, Panel, Row
from dashgen.dashboards.panels import bars, stat, state_timeline, text, timeseries
from dashgen.dashboards.pipeline import alert_annotation, pipeline_health
from dashgen.dashboards.platform_scope import DAGS_UID
from dashgen.dashboards.queries import colored_series, on, ranged, ranged_record, steps, words_of
from dashgen.dashboards.scope import (
    DAG,
    DAG_LEGEND,
    FLEET_UID,
    IN_DAGS,
    IN_TASKS,
    NO_TASK_FILTER,
    PER_RUN_UID,
    if_all,
    if_chosen,
)
from dashgen.dashboards.v3_detail import attention, durations, inventory
from dashgen.dashboards.v3_lists import IN_WORST, STATE_LANES, hidden, worst_on_average
from dashgen.dashboards.variables import chosen

if TYPE_CHECKING:
    from dashgen.settings import Settings


KEY = "v3"

_RECORDED_FOR_ALL = f"While all tasks are chosen, it reads totals that are recorded every {RECORDED_EVERY}."

# Lower, ten bars have no room for their names.
_TEN_BARS = (8, 10)
_BESIDE_BARS = (4, 10)


def fleet(settings: Settings) -> Dashboard:
    """Define the V3 dashboard."""
    return Dashboard(
        key=KEY,
        file="airflow_v3_low_cardinality.json",
        uid=FLEET_UID,
        title="Airflow V3: the fleet",
        description="The latest state of every task and DAG, whatever its run. For the person on call.",
        tags=("airflow", "dashgen"),
        variables=(
            variables.datasource(settings),
            variables.values(INSTANCE, TASK_STATUS.fleet()),
            variables.values(DAG_ID, TASK_STATUS.fleet(INSTANCE % chosen(INSTANCE))),
            variables.values(TASK_ID, TASK_STATUS.fleet(*IN_DAGS)),
            variables.airflow_url(settings),
            *hidden(),
        ),
        annotations=(alert_annotation(),),
        links=(
            *((variables.to_dashboard("V2: one run", PER_RUN_UID),) if settings.per_run else ()),
            *((variables.to_dashboard("DAGs (StatsD)", DAGS_UID),) if settings.statsd.enabled else ()),
            *((variables.to_source(settings.source_url),) if settings.source_url else ()),
        ),
        rows=(
            Row("now", "Now", (*_states_now(), *_dags_now(settings))),
            Row("attention-row", "What needs attention", (attention(settings),)),
            Row("trends", "Trends", _trends()),
            Row("durations", "Durations", durations(settings)),
            Row("inventory-row", "Inventory", inventory(settings), collapsed=True),
            Row("pipeline", "Health of the pipeline", pipeline_health(settings)),
            Row("trade-offs-row", "What this dashboard can't show", (_trade_offs(settings),)),
        ),
    )


def _in_state(state: TaskState) -> str:
    of_all = DAG_TASKS[state].select(*IN_DAGS, if_all(TASK_ID))
    return f"sum({of_all}) or sum({TASK_STATUS.fleet(*IN_TASKS, if_chosen(TASK_ID))} == bool {state})"


def _healthy() -> str:
    failed, upstream_failed, tasks = (
        f"sum({metric.select(*IN_DAGS, if_all(TASK_ID))})"
        for metric in (DAG_TASKS[TaskState.FAILED], DAG_TASKS[TaskState.UPSTREAM_FAILED], DAG_TASK_COUNT)
    )
    # Only upstream failed is lower than failed: so the fleet is read once.
    of_chosen = f"avg({TASK_STATUS.fleet(*IN_TASKS, if_chosen(TASK_ID))} > bool {TaskState.FAILED})"
    return f"1 - ({failed} + {upstream_failed}) / {tasks} or {of_chosen}"


def _state_stat(title: str, key: str, state: TaskState, *, alarming: bool = True) -> Panel:
    thresholds = steps("green", (1, state.color)) if alarming else steps("text", (1, state.color))
    return stat(
        title,
        key=key,
        metric=TASK_STATUS,
        expr=_in_state(state),
        what=f"Tasks whose latest event is {state.word}. {_RECORDED_FOR_ALL}",
        thresholds=thresholds,
        background=True,
    )


def _states_now() -> tuple[Panel, ...]:
    return (
        _state_stat("Tasks failed", "tasks-failed", TaskState.FAILED),
        _state_stat("Tasks upstream failed", "tasks-upstream-failed", TaskState.UPSTREAM_FAILED),
        _state_stat("Tasks retrying", "tasks-retrying", TaskState.UP_FOR_RETRY),
        _state_stat("Tasks running", "tasks-running", TaskState.RUNNING, alarming=False),
        _state_stat("Tasks succeeded", "tasks-succeeded", TaskState.SUCCESS, alarming=False),
        stat(
            "Share healthy",
            key="share-healthy",
            metric=TASK_STATUS,
            expr=_healthy(),
            what=f"Share of the tasks that are neither failed nor upstream failed. {_RECORDED_FOR_ALL}",
            unit="percentunit",
            decimals=1,
            thresholds=steps("red", (0.9, "orange"), (0.99, "green")),
            background=True,
        ),
    )


def _dags_now(settings: Settings) -> tuple[Panel, ...]:
    success_age = f"time() - {DAG_RUN_LAST_SUCCESS.fleet(*IN_DAGS)}"
    stale_after = settings.success_age[-1].age
    running = f"{on(*DAG)} {DAG_RUN_STATUS.fleet(*IN_DAGS)} == {DagRunState.RUNNING}"
    return (
        stat(
            "DAGs whose last run failed",
            key="dags-failed",
            metric=DAG_RUN_STATUS,
            expr=f"sum({DAG_RUN_STATUS.fleet(*IN_DAGS)} == bool {DagRunState.FAILED})",
            what="DAGs whose latest run failed.",
            size=_BESIDE_BARS,
            thresholds=steps("green", (1, "red")),
            background=True,
        ),
        stat(
            "Oldest last success",
            key="oldest-success",
            metric=DAG_RUN_LAST_SUCCESS,
            expr=f"max({success_age})",
            what="Age of the last success of the DAG that has gone without one for longest.",
            size=_BESIDE_BARS,
            thresholds=steps("green", (stale_after, "red")),
            no_value="no success yet",
        ),
        bars(
            "DAGs longest without success (top 10)",
            key="last-success",
            metric=DAG_RUN_LAST_SUCCESS,
            expr=f"topk(10, {success_age})",
            legend=DAG_LEGEND,
            what="Age of the last success, the ten oldest.",
            thresholds=steps("green", (stale_after, "red")),
            size=_TEN_BARS,
            may_be_empty="No DAG has succeeded yet.",
        ),
        bars(
            "DAG runs running longest (top 10)",
            key="running-dags",
            metric=DAG_RUN_START,
            expr=f"topk(10, time() - {DAG_RUN_START.fleet(*IN_DAGS)} and {running})",
            legend=DAG_LEGEND,
            what="Running time of the DAG runs that are running now, the ten longest. Unlike a task's running time it "
            "also grows under sensors that reschedule and under mapped tasks.",
            thresholds=steps("blue", (settings.limit(DAG_RUN_RUNNING_TOO_LONG), "red")),
            size=_TEN_BARS,
            may_be_empty="No DAG run is running.",
        ),
    )


def _trends() -> tuple[Panel, ...]:
    def total(state: TaskState) -> str:
        of_all = INSTANCE_TASKS[state].select(INSTANCE % chosen(INSTANCE), if_all(DAG_ID))
        return f"sum({of_all}) or sum({DAG_TASKS[state].select(*IN_DAGS, if_chosen(DAG_ID))})"

    note = (
        f"{NO_TASK_FILTER} A failure that is over before the next scrape is not seen here: counts of events are "
        "StatsD's matter."
    )
    failing = (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.UP_FOR_RETRY)
    fine = (TaskState.SUCCESS, TaskState.RUNNING)
    states = DAG_RUN_STATUS.fleet(*IN_WORST)
    return (
        timeseries(
            "Tasks failed over time",
            key="failures-over-time",
            metric=TASK_STATUS,
            what=f"Number of tasks that are failed, upstream failed or retrying. {note}",
            targets=[ranged_record(total(state), state.word) for state in failing],
            stacked=True,
            overrides=colored_series([(state.word, state.color) for state in failing]),
        ),
        timeseries(
            "Tasks succeeded over time",
            key="successes-over-time",
            metric=TASK_STATUS,
            what=f"Number of tasks that are succeeded or running. {note}",
            targets=[ranged_record(total(state), state.word) for state in fine],
            stacked=True,
            overrides=colored_series([(state.word, state.color) for state in fine]),
        ),
        state_timeline(
            f"DAGs over time (worst {STATE_LANES})",
            key="dag-states",
            metric=DAG_RUN_STATUS,
            what=f"State of the latest run of the {STATE_LANES} DAGs whose state was lowest on average over the time "
            f"range ({words_of(DagRunState)}); the others are not shown.",
            targets=[ranged(f"{states} and {on(*DAG)} {worst_on_average(states, at=' @ end()')}", DAG_LEGEND)],
        ),
    )


def _trade_offs(settings: Settings) -> Panel:
    elsewhere = (
        f"the [V2 dashboard]({variables.page(PER_RUN_UID)})" if settings.per_run else "structured logs or an OLAP store"
    )
    return text(
        "Trade-offs",
        key="trade-offs",
        content=(
            "- **Bounded cardinality.** Each task has one group, whatever the number of runs: the series stay "
            "as many as the tasks, and no sweeper is needed.\n"
            "- **Latest state only.** The latest event of a task replaces the one before, whichever run it belongs to; "
            "two runs that overlap show as one.\n"
            f"- **No identity of runs.** Which run failed is not in these series: see {elsewhere}.\n"
            "- **Nothing is forgotten.** A task that was removed or renamed keeps its last state until its group "
            "is deleted from the Pushgateway.\n"
            "- **Events between two scrapes are not seen.** Counts of starts, retries and failures are StatsD's matter."
        ),
        size=(24, 5),
    )
