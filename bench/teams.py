"""The definitions of the generated project: many teams, each with its metrics and a dashboard.

Copied into the project's folder by :mod:`bench.projects`, which adds the module that calls it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.labels import AIRFLOW_TASKS, DAG_ID, INSTANCE, TASK_ID, TaskState
from dashgen.catalog.model import Gauge, Metric
from dashgen.catalog.terms import Source, Unit
from dashgen.dashboards import panels, variables
from dashgen.dashboards.model import Dashboard, Panel, Row
from dashgen.dashboards.queries import by, instant, ranged, steps
from dashgen.definitions import Definitions

if TYPE_CHECKING:
    from dashgen.settings import Settings

STEPS_OF_A_PIPELINE = 4
KINDS = 5
PANELS = STEPS_OF_A_PIPELINE * KINDS

CHOSEN = (INSTANCE % variables.chosen(INSTANCE), DAG_ID % variables.chosen(DAG_ID))


@dataclass(frozen=True)
class Team:
    """A team, by its number, and what its tasks push."""

    number: int
    state: Metric
    age: Metric
    rows: Metric
    memory: Metric
    seconds: Metric

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics of the team."""
        return (self.state, self.age, self.rows, self.memory, self.seconds)


def definitions(settings: Settings, teams: int) -> Definitions:
    """Define the metrics and the dashboards of this many teams, ``PANELS`` panels on each."""
    listed = [_team(number) for number in range(teams)]
    return Definitions(
        metrics=tuple(metric for team in listed for metric in team.metrics),
        dashboards=tuple(_dashboard(settings, team) for team in listed),
    )


def _team(number: int) -> Team:
    return Team(
        number,
        state=_gauge(number, "state", codes=TaskState),
        age=_gauge(number, "loaded_timestamp_seconds", unit=Unit.TIMESTAMP),
        rows=_gauge(number, "rows"),
        memory=_gauge(number, "memory_bytes", unit=Unit.BYTES),
        seconds=_gauge(number, "load_seconds", unit=Unit.SECONDS),
    )


def _gauge(team: int, name: str, *, unit: Unit = Unit.NONE, codes: type[TaskState] | None = None) -> Metric:
    return Gauge(
        f"team{team}_{name}",
        help=f"{name.replace('_', ' ').capitalize()} of the last load of team {team}",
        read="Compare it with yesterday's.",
        source=Source.CUSTOM,
        owner=f"team-{team}",
        jobs=(AIRFLOW_TASKS,),
        unit=unit,
        codes=codes,
    )


def _dashboard(settings: Settings, team: Team) -> Dashboard:
    return Dashboard(
        key=f"team-{team.number}",
        file=f"team_{team.number}.json",
        uid=f"team-{team.number}",
        title=f"Team {team.number}",
        description=f"The loads of team {team.number}.",
        tags=("team",),
        variables=(
            variables.datasource(settings),
            variables.values(INSTANCE, team.state.fleet()),
            variables.values(DAG_ID, team.state.fleet(INSTANCE % variables.chosen(INSTANCE))),
        ),
        rows=tuple(
            Row(f"step-{step}", f"Step {step}", _panels(team, step), collapsed=step % 2 == 1)
            for step in range(STEPS_OF_A_PIPELINE)
        ),
    )


def _panels(team: Team, step: int) -> tuple[Panel, ...]:
    """Make a panel of each kind for one step of the team's pipeline."""
    of_step = (*CHOSEN, TASK_ID.is_(f"step_{step}"))
    running = f"sum({team.state.fleet(*of_step)} == bool {TaskState.RUNNING})"
    return (
        panels.stat(
            f"Loads running, step {step}",
            key=f"running-{step}",
            metric=team.state,
            expr=running,
            unit="none",
            thresholds=steps("green", (10, "red")),
        ),
        panels.timeseries(
            f"Rows and their usual number, step {step}",
            key=f"rows-{step}",
            metric=team.rows,
            targets=(
                ranged(f"sum {by(DAG_ID)} ({team.rows.fleet(*of_step)})", DAG_ID.legend),
                ranged(f"max {by(DAG_ID)} (max_over_time({team.rows.fleet(*of_step)}[1d]))", f"most {DAG_ID.legend}"),
            ),
        ),
        panels.bars(
            f"Memory, step {step}",
            key=f"memory-{step}",
            metric=team.memory,
            expr=f"topk(10, {team.memory.fleet(*of_step)})",
            legend=DAG_ID.legend,
        ),
        panels.state_timeline(
            f"States, step {step}",
            key=f"states-{step}",
            metric=team.state,
            targets=(instant(f"max {by(DAG_ID)} ({team.state.fleet(*of_step)})", DAG_ID.legend),),
        ),
        panels.table(
            f"Loads, step {step}",
            key=f"loads-{step}",
            metric=team.seconds,
            rows=(INSTANCE, DAG_ID),
            columns=(
                panels.Column("State", _per_dag(team.state.fleet(*of_step)), codes=TaskState),
                panels.Column("Took", _per_dag(team.seconds.fleet(*of_step)), unit="s"),
                panels.Column("Age", f"time() - {_per_dag(team.age.fleet(*of_step))}", unit="s"),
            ),
            sort="Took",
        ),
    )


def _per_dag(selector: str) -> str:
    return f"max {by(INSTANCE, DAG_ID)} ({selector})"
