"""grafanalib's variables, brought up to what Grafana 11 to 13 save."""

from __future__ import annotations

from typing import Any

import pytest
from grafanalib import core

from dashgen.dashboards.grafana import to_json
from dashgen.schema import GRAFANA_VERSIONS, check_dashboard
from tests.unit.panels import SOURCE

VARIABLES = [
    core.Template("datasource", "prometheus", type="datasource", default="main"),
    core.Template("dag", "label_values(a, b)", dataSource=SOURCE, includeAll=True, multi=True, allValue=".*"),
    core.Template("run", "query_result(a)", dataSource="${datasource}", sort=0),
    core.Template("url", "http://airflow", type="textbox"),
    core.Template("size", "small,large", type="custom", default="large"),
    core.Template("team", "data", type="constant"),
    core.Template("window", "5m, 1h", type="interval"),
    core.Template("filter", "", type="adhoc", dataSource=SOURCE),
]


def _dashboard(*variables: object) -> dict[str, Any]:
    return to_json(core.Dashboard(title="Tasks", uid="tasks", templating=core.Templating(list(variables))))


def _variables() -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in _dashboard(*VARIABLES)["templating"]["list"]}


@pytest.mark.parametrize("version", GRAFANA_VERSIONS)
def test_every_type_of_variable_is_accepted(version: str) -> None:
    """What grafanalib can make for us has no findings against Grafana's own types."""
    assert list(map(str, check_dashboard(_dashboard(*VARIABLES), version))) == []


def test_data_source_is_a_reference() -> None:
    """A data source given as text is the uid of a Prometheus."""
    assert _variables()["run"]["datasource"] == SOURCE


@pytest.mark.parametrize(
    ("name", "current"),
    [
        ("datasource", {"text": "main", "value": "main"}),
        ("dag", {"text": ["All"], "value": ["$__all"]}),
        ("url", {"text": "http://airflow", "value": "http://airflow"}),
        ("size", {"text": "large", "value": "large"}),
        ("team", {"text": "data", "value": "data"}),
        ("window", {"text": "5m", "value": "5m"}),
        ("run", None),
        ("filter", None),
    ],
)
def test_chosen_option(name: str, current: dict[str, Any] | None) -> None:
    """A variable starts with its default, with all, or leaves the choice to Grafana."""
    assert _variables()[name].get("current") == current


def test_chosen_options_of_many() -> None:
    """A variable with many values starts with a list, and one with all but not many with a text."""
    variables = [
        core.Template("a", "q", multi=True, default="x", dataSource=SOURCE),
        core.Template("b", "q", includeAll=True, default="All", dataSource=SOURCE),
    ]
    many, one = _dashboard(*variables)["templating"]["list"]
    assert many["current"] == {"text": ["x"], "value": ["x"]}
    assert one["current"] == {"text": "All", "value": "$__all"}


def test_variables_have_only_the_keys_of_their_type() -> None:
    """What belongs to another type of variable is dropped."""
    variables = _variables()
    assert set(variables["url"]) == {"current", "hide", "name", "options", "query", "type"}
    assert set(variables["filter"]) == {"datasource", "hide", "name", "type"}
    assert variables["run"]["sort"] == 0
