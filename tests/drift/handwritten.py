"""A user's module that spells its PromQL out; every name in it is right until one is planted.

`dashgen` loads a copy of it as a project's module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafanalib import core

from dashgen.catalog.airflow import TASK_DURATION, TASK_STATUS
from dashgen.dashboards import variables
from dashgen.dashboards.model import Dashboard, Row
from dashgen.dashboards.panels import bars, timeseries
from dashgen.dashboards.queries import DATASOURCE, link, ranged
from dashgen.definitions import Definitions
from dashgen.rules.model import Alert, Group, Runbook

if TYPE_CHECKING:
    from dashgen.dashboards.model import Panel
    from dashgen.settings import Settings


def define(settings: Settings) -> Definitions:
    """Add a dashboard and an alert to the built-in ones."""
    board = Dashboard(
        key="mine",
        file="mine.json",
        uid="mine",
        title="Mine",
        description="Written by hand.",
        tags=("mine",),
        variables=(
            variables.datasource(settings),
            core.Template(
                name="dag_id",
                dataSource=DATASOURCE,
                query='query_result(dag_run_failed_tasks{job="airflow_dags"})',
                regex='/dag_id="([^"]+)"/',
                refresh=2,
            ),
        ),
        annotations=(
            {
                "name": "Failures",
                "datasource": DATASOURCE,
                "enable": True,
                "iconColor": "red",
                "expr": 'dag_run_status{job="airflow_dags",dag_id="$dag_id"} == -1',
                "titleFormat": "{{dag_id}} failed",
            },
        ),
        rows=(Row("all", "All", (_graph(), _slowest())),),
    )
    return Definitions(dashboards=(board,), alerts=(Group("mine", (_alert(),)),))


def _graph() -> Panel:
    return timeseries(
        "Graph",
        key="graph",
        metric=TASK_STATUS,
        targets=(ranged('sum by (task_id) (task_status{job="airflow_tasks",dag_id="$dag_id"})', "of {{task_id}}"),),
    )


def _slowest() -> Panel:
    return bars(
        "Slowest",
        key="slowest",
        metric=TASK_DURATION,
        expr='topk(5, task_duration_seconds{job="airflow_tasks"})',
        legend="{{task_id}}",
        links=(link("Its page", "https://example.com/${__field.labels.task_id}"),),
    )


def _alert() -> Alert:
    return Alert(
        "Retrying",
        expr='task_try_number{job="airflow_tasks"} > 3',
        severity="info",
        owner="me",
        summary="{{ $labels.task_id }} is retried",
        description="{{ $labels.task_id }} of {{ $labels.dag_id }} is retried again and again.",
        panel="mine/graph",
        runbook=Runbook(
            "retrying",
            "Retrying",
            meaning="It fails.",
            impact="Late.",
            diagnosis="Read its log.",
            mitigation="Mend it.",
        ),
    )
