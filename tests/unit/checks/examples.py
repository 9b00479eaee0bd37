"""Sound dashboards and rule files to break, and the findings of one rule on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashgen.builtin import define
from dashgen.catalog.model import Catalog
from dashgen.checks import RULES
from dashgen.checks.context import Context
from dashgen.checks.document import Document
from dashgen.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.catalog.model import Metric
    from dashgen.checks.document import Finding

Data = dict[str, Any]

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
SOUND = 'task_status{job="airflow_tasks",dag_id=~"$dag_id"}'
_BUILT_IN = define(Settings())
CATALOG = Catalog(_BUILT_IN.metrics, _BUILT_IN.events)


def target(expr: str, **fields: object) -> Data:
    """Make a target without a fault."""
    return {"refId": "A", "expr": expr, "datasource": DATASOURCE, **fields}


def panel(expr: str = SOUND, **fields: object) -> Data:
    """Make a panel without a fault."""
    return {
        "id": 1,
        "type": "stat",
        "title": "Tasks",
        "description": "What the tasks do.",
        "datasource": DATASOURCE,
        "gridPos": {"x": 0, "y": 0, "w": 4, "h": 4},
        "fieldConfig": {"defaults": {"unit": "none"}, "overrides": []},
        "targets": [target(expr)],
        **fields,
    }


def variable(query: str, **fields: object) -> Data:
    """Make a query variable without a fault but the query's."""
    given = {"name": "dag_id", "type": "query", "datasource": DATASOURCE}
    return {**given, "query": {"query": query, "refId": "A"}, **fields}


def dashboard(*panels: Data, variables: Iterable[Data] = (), **fields: object) -> Data:
    """Make a dashboard of these panels, with the variables that they need."""
    known = [
        {"name": "datasource", "type": "datasource", "query": "prometheus"},
        {"name": "dag_id", "type": "custom", "query": "etl,ml"},
        *variables,
    ]
    return {
        "title": "Fleet",
        "uid": "fleet",
        "panels": list(panels),
        "templating": {"list": known},
        **fields,
    }


def alert(expr: str = 'task_status{job="airflow_tasks"} == -1', **fields: object) -> Data:
    """Make an alert without a fault."""
    return {
        "alert": "TaskFailed",
        "expr": expr,
        "for": "5m",
        "labels": {"severity": "warning", "owner": "data"},
        "annotations": {
            "summary": "{{ $labels.task_id }} failed",
            "description": "Task {{ $labels.task_id }} of {{ $labels.dag_id }} failed.",
            "runbook_url": "https://runbooks.example.com/task-failed",
        },
        **fields,
    }


def rules(*entries: Data, **group: object) -> Document:
    """Make a rule file of one group."""
    data = {"groups": [{"name": "tasks", "rules": list(entries), **group}]}
    return Document.rules_file(data, "rules.yml")


def on_panel(expr: str = SOUND, **fields: object) -> Document:
    """Make a dashboard of one panel."""
    return Document.dashboard(dashboard(panel(expr, **fields)), "fleet.json")


def findings(
    rule: str,
    *documents: Document,
    settings: Settings | None = None,
    metrics: Iterable[Metric] | None = None,
) -> list[Finding]:
    """Return what one rule finds."""
    catalog = CATALOG if metrics is None else Catalog(tuple(metrics))
    return list(RULES[rule].check(Context(documents, catalog, settings or Settings())))


def messages(
    rule: str,
    *documents: Document,
    settings: Settings | None = None,
    metrics: Iterable[Metric] | None = None,
) -> list[str]:
    """Return what one rule says, message and hint in one."""
    found = findings(rule, *documents, settings=settings, metrics=metrics)
    return [f"{each.message}. {each.hint}".strip() for each in found]
