"""A name from nowhere in a generated file: lint tells it, wherever in a dashboard or a rule it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.problems import Place
from tests.drift import sides

if TYPE_CHECKING:
    from pathlib import Path

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
BY_DAG = 'sum by (dag_id) (task_status{job="airflow_tasks"})'


def _spot(subject: str) -> sides.Spot:
    return next(spot for spot in sides.SPOTS if spot.subject == subject)


GRAPH = _spot('panel "Duration over time (top 10 DAGs)"')
TABLE = _spot('panel "Latest run of every DAG (failing first, 500)"')
VARIABLE = _spot('variable "dag_id"')
NEWEST = _spot('variable "run_id"')
RECORD = _spot('record "dag:task_status_failed:sum"')
ALERT = _spot('alert "AirflowTaskFailed"')


@dataclass(frozen=True)
class Plant:
    """What is planted where: keys in the data of the file of an expression, and whose finding it is."""

    what: str
    spot: sides.Spot
    keys: tuple[str | int, ...]
    value: object
    subject: str
    names: tuple[str, ...]


def _in_query(spot: sides.Spot, where: str, sound: str, wrap: str = "%s") -> list[Plant]:
    """Plant an unknown metric and an unknown label in an expression."""
    planted = {
        f"metric in {where}": ("nowhere_total", ("nowhere_total",)),
        f"label in {where}": (f'{sound}{{job="airflow_tasks",nowhere="x"}}', (sound, "nowhere")),
        f"clause in {where}": (f'sum by (nowhere) ({sound}{{job="airflow_tasks"}})', (sound, "nowhere")),
    }
    return [Plant(what, spot, spot.keys, wrap % expr, spot.subject, names) for what, (expr, names) in planted.items()]


def _beside(spot: sides.Spot, what: str, key: str, value: object, metric: str) -> Plant:
    """Plant an unknown label in a text beside an expression."""
    return Plant(what, spot, (*spot.keys[:-1], key), value, spot.subject, (metric, "nowhere"))


def _annotation(what: str, *names: str, **fields: object) -> Plant:
    entry = {"name": "Starts", "datasource": DATASOURCE, "enable": True, "iconColor": "red", "expr": BY_DAG, **fields}
    return Plant(what, GRAPH, ("annotations", "list"), [entry], 'annotation "Starts"', names)


def _link(what: str, spot: sides.Spot, url: str, metric: str) -> Plant:
    keys = (*spot.keys[:-3], "fieldConfig", "defaults", "links")
    return Plant(what, spot, keys, [{"title": "More", "url": url}], spot.subject, (metric, "nowhere"))


def _alert_text(what: str, text: str, *names: str) -> Plant:
    keys = (*ALERT.keys[:-1], "annotations", "description")
    return Plant(what, ALERT, keys, text, ALERT.subject, names)


PLANTS = [
    *_in_query(GRAPH, "a panel", "task_status"),
    *_in_query(NEWEST, "a query_result variable", "task_status", "query_result(%s)"),
    *_in_query(VARIABLE, "a label_values variable", "task_status", "label_values(%s, job)")[:2],
    *_in_query(RECORD, "a recording rule", "task_status"),
    *_in_query(ALERT, "an alert", "task_status"),
    _annotation("metric in an annotation", "nowhere_total", expr="nowhere_total"),
    _annotation(
        "label in an annotation", "nowhere", "task_status", expr='task_status{job="airflow_tasks",nowhere="x"}'
    ),
    _annotation("label in an annotation's title", "nowhere", "task_status", titleFormat="{{nowhere}} starts"),
    _annotation("label in an annotation's tags", "nowhere", "task_status", tagKeys="dag_id,nowhere"),
    _beside(GRAPH, "label in a legend", "legendFormat", "{{dag_id}} {{nowhere}}", "dag:task_duration_seconds:max"),
    _beside(NEWEST, "label in a variable's regex", "regex", '/nowhere="([^"]+)"/', "dag_run_start_timestamp_seconds"),
    Plant(
        "label of a label_values variable",
        VARIABLE,
        VARIABLE.keys,
        'label_values(task_status{job="airflow_tasks"}, nowhere)',
        VARIABLE.subject,
        ("task_status", "nowhere"),
    ),
    _link("label in a data link", GRAPH, "/d/x?a=${__field.labels.nowhere}", "dag:task_duration_seconds:max"),
    _link("column in a data link", TABLE, "/d/x?a=${__data.fields.nowhere}", "dag_run_status"),
    _alert_text("label in a rule's annotation", "{{ $labels.nowhere }} failed", "task_status", "nowhere"),
    _alert_text("metric in a rule's annotation", '{{ with query "nowhere_total" }}{{ . }}{{ end }}', "nowhere_total"),
    Plant(
        "label in a rule's label",
        ALERT,
        (*ALERT.keys[:-1], "labels", "team"),
        "{{ $labels.nowhere }}",
        ALERT.subject,
        ("task_status", "nowhere"),
    ),
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: str(plant.what))
def test_from_nowhere(plant: Plant, tmp_path: Path) -> None:
    """Lint says the name and, where a label is meant, the metric; with the file and the panel, variable or rule."""
    file = plant.spot.file
    data: Any = sides.planted(file, plant.keys, plant.value)
    sides.caught(sides.lint(tmp_path, file, data), Place(str(tmp_path / file), 0, plant.subject), *plant.names)


def test_a_rule_is_told_with_its_line(tmp_path: Path) -> None:
    """In a rule file the finding says the line on which the rule starts."""
    data = sides.planted(ALERT.file, ALERT.keys, "nowhere_total")
    (problem, *_) = sides.lint(tmp_path, ALERT.file, data)
    lines = (tmp_path / ALERT.file).read_text(encoding="utf-8").splitlines()
    assert problem.place.line
    assert lines[problem.place.line - 1].startswith("  - ")
    assert "alert: AirflowTaskFailed" in "\n".join(lines[: lines.index("    expr: nowhere_total") + 1][-20:])
