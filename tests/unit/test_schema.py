"""Dashboards against what Grafana accepts."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.schema import GRAFANA_VERSIONS, check_dashboard

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def _panel(kind: str, number: int, custom: Json, **options: object) -> Json:
    return {
        "type": kind,
        "id": number,
        "title": f"The {kind}",
        "gridPos": {"h": 8, "w": 12, "x": 0, "y": 8 * number},
        "datasource": SOURCE,
        "targets": [{"refId": "A", "expr": "up", "datasource": SOURCE, "instant": True, "range": False}],
        "fieldConfig": {
            "defaults": {
                "custom": custom,
                "mappings": [{"type": "value", "options": {"1": {"text": "ok", "color": "green"}}}],
                "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": None}]},
            },
            "overrides": [],
        },
        "options": options,
    }


def _dashboard() -> Json:
    """Return a dashboard as Grafana saves it, written by hand."""
    return {
        "id": None,
        "uid": "tasks",
        "title": "Tasks",
        "schemaVersion": 41,
        "panels": [
            _panel("timeseries", 1, {"drawStyle": "line", "fillOpacity": 10}, legend={"showLegend": True}),
            _panel("stat", 2, {}, colorMode="background"),
            _panel("table", 3, {"cellOptions": {"type": "color-text"}}, showHeader=True),
            {
                "type": "row",
                "id": 4,
                "title": "More",
                "collapsed": True,
                "gridPos": {"h": 1, "w": 24, "x": 0, "y": 40},
                "panels": [_panel("stat", 5, {})],
            },
        ],
        "templating": {
            "list": [{"type": "query", "name": "dag", "datasource": SOURCE, "query": "label_values(dag)", "refresh": 2}]
        },
        "annotations": {"list": [{"name": "Runs", "datasource": SOURCE, "enable": True, "iconColor": "red"}]},
    }


def _found(data: object, version: str | None = None) -> list[str]:
    return [f"{finding.where}: {finding.message}" for finding in check_dashboard(data, version)]


@pytest.mark.parametrize("version", GRAFANA_VERSIONS)
def test_good_dashboard(version: str) -> None:
    """A dashboard as Grafana saves it has no findings."""
    assert _found(_dashboard(), version) == []


SERIES = 'panels[0] "The timeseries" (id 1): '
STAT = 'panels[1] "The stat" (id 2): '
TABLE = 'panels[2] "The table" (id 3): '


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (
            lambda d: d["panels"][0]["fieldConfig"]["defaults"]["custom"].update(drawStyle="lines"),
            SERIES + "fieldConfig.defaults.custom.drawStyle: 'lines' is not allowed; did you mean 'line'?",
        ),
        (
            lambda d: d["panels"][0]["fieldConfig"]["defaults"]["custom"].update(fillOpacitee=10),
            SERIES + "fieldConfig.defaults.custom: unknown key 'fillOpacitee'; did you mean 'fillOpacity'?",
        ),
        (
            lambda d: d["panels"][1]["fieldConfig"]["defaults"]["custom"].update(lineWidth=1),
            STAT + "fieldConfig.defaults.custom: unknown key 'lineWidth'",
        ),
        (
            lambda d: d["panels"][1]["options"].update(colorMode="backgroundd"),
            STAT + "options.colorMode: 'backgroundd' is not allowed; did you mean 'background'?",
        ),
        (
            lambda d: d["panels"][1]["options"].update(colorMode=1),
            STAT
            + "options.colorMode: 1 is not allowed; expected 'background' or 'background_solid' or 'none' or 'value'",
        ),
        (
            lambda d: d["panels"][1]["fieldConfig"]["defaults"]["thresholds"]["steps"][0].update(value="null"),
            STAT + "fieldConfig.defaults.thresholds.steps[0].value: 'null' is not a number or null",
        ),
        (
            lambda d: d["panels"][1]["fieldConfig"]["defaults"]["mappings"][0].update(type="valeu"),
            STAT + "fieldConfig.defaults.mappings[0].type: 'valeu' is not allowed; did you mean 'value'?",
        ),
        (
            lambda d: d["panels"][1]["fieldConfig"]["defaults"]["mappings"][0]["options"]["1"].update(text=1),
            STAT + "fieldConfig.defaults.mappings[0].options.1.text: 1 is not a string",
        ),
        (
            lambda d: d["panels"][1]["gridPos"].pop("h"),
            STAT + "gridPos: 'h' is missing",
        ),
        (
            lambda d: d["panels"][1].update(datasource={"type": "prometheus", "uid": 5}),
            STAT + "datasource.uid: 5 is not a string",
        ),
        (
            lambda d: d["panels"][1].update(datasource="Prometheus"),
            STAT + "datasource: 'Prometheus' is not an object",
        ),
        (
            lambda d: d["panels"][1]["targets"][0].pop("datasource"),
            STAT + "targets[0]: 'datasource' is missing",
        ),
        (
            lambda d: d["panels"][1].update(links=[{"title": "Runbook", "uri": "/runbook", "url": ""}]),
            STAT + "links[0]: unknown key 'uri'; did you mean 'url'?",
        ),
        (
            lambda d: d["panels"][2]["fieldConfig"]["defaults"]["custom"]["cellOptions"].update(type="colour-text"),
            TABLE + "fieldConfig.defaults.custom.cellOptions.type: 'colour-text' is not allowed; "
            "did you mean 'color-text'?",
        ),
        (
            lambda d: d["panels"][3]["panels"][0]["options"].update(textMod="name"),
            "panels[3].panels[0] \"The stat\" (id 5): options: unknown key 'textMod'; did you mean 'textMode'?",
        ),
        (
            lambda d: d["templating"]["list"][0].update(refresh=7),
            'templating.list[0] "dag": refresh: 7 is not allowed; expected 0 or 1 or 2',
        ),
        (
            lambda d: d["templating"]["list"][0].update(query=5),
            'templating.list[0] "dag": query: 5 is not a string or an object',
        ),
        (
            lambda d: d["templating"]["list"][0].update(query={"query": "label_values(dag)"}),
            "templating.list[0] \"dag\": query: 'refId' is missing",
        ),
        (
            lambda d: d["templating"]["list"][0].update(type="querry"),
            "templating.list[0] \"dag\": no schema for the type 'querry'; did you mean 'query'?",
        ),
        (
            lambda d: d["annotations"]["list"][0].update(target={"exprr": "up"}),
            "annotations.list[0].target: unknown key 'exprr'; did you mean 'expr'?",
        ),
        (
            lambda d: d["annotations"]["list"][0].update(target={"limit": 5, "tags": "failed"}),
            "annotations.list[0].target.tags: 'failed' is not a list",
        ),
        (
            lambda d: d.update(schemaVersion="41"),
            "schemaVersion: '41' is not a number",
        ),
        (
            lambda d: d.pop("uid"),
            "the file: 'uid' is missing",
        ),
    ],
)
def test_mistake(spoil: Callable[[Json], object], expected: str) -> None:
    """A mistake is one finding that says where it is, what is wrong and what was expected."""
    data = _dashboard()
    spoil(data)
    assert _found(data) == [expected]


def test_versions_are_merged() -> None:
    """What every version refuses is one finding that names them all."""
    data = _dashboard()
    data["panels"][1]["gridPos"].pop("h")
    (finding,) = check_dashboard(data)
    assert finding.versions == GRAFANA_VERSIONS
    assert str(finding).endswith("'h' is missing (Grafana 11.6, 12.4, 13.2)")


@pytest.mark.parametrize(
    ("option", "versions"), [("footer", ("12.4", "13.2")), ("enablePagination", ("11.6",)), ("showHeader", ())]
)
def test_versions_differ(option: str, versions: tuple[str, ...]) -> None:
    """An option that came or went is refused by the versions that do not have it."""
    data = _dashboard()
    data["panels"][2]["options"] = {option: {} if option == "footer" else True}
    assert [finding.versions for finding in check_dashboard(data)] == [versions] * bool(versions)


def test_one_version() -> None:
    """A check against one version does not tell of the others."""
    data = _dashboard()
    data["panels"][2]["options"] = {"footer": {}}
    assert _found(data, "11.6") == []
    assert len(_found(data, "13.2")) == 1


def test_unknown_version() -> None:
    """A version without a schema is refused, and those that there are named."""
    with pytest.raises(ValueError, match=r"no schema for Grafana 10\.4; there are 11\.6, 12\.4, 13\.2"):
        list(check_dashboard({}, "10.4"))


def test_unknown_panel_type() -> None:
    """A panel of a type without a schema is one finding, whatever else it holds."""
    data = _dashboard()
    data["panels"][1].update(type="heatmap", gridPos=None, options={"calculate": 5})
    (finding,) = _found(data)
    assert finding == (
        STAT + "no schema for the type 'heatmap'; there are bargauge, gauge, piechart, row, stat, state-timeline, "
        "status-history, table, text, timeseries"
    )


@pytest.mark.parametrize(
    ("panel", "expected"),
    [
        (None, "panels[0]: null is not an object"),
        ([], "panels[0]: a list is not an object"),
        ({}, "panels[0]: 'type' is missing"),
        ({"type": 5}, "panels[0]: no schema for the type 5; there are bargauge"),
        ({"type": ["stat"]}, "panels[0]: no schema for the type a list; there are bargauge"),
        ({"type": "row", "panels": None}, "panels[0]: panels: null is not a list"),
        ({"type": "row", "panels": [7]}, "panels[0].panels[0]: 7 is not an object"),
        ({"type": "row", "panels": [{"type": "row"}]}, "panels[0].panels[0]: no schema for the type 'row'"),
    ],
)
def test_panel_that_is_none(panel: object, expected: str) -> None:
    """What stands for a panel and is none is named by its place."""
    found = _found({**_dashboard(), "panels": [panel]})
    assert [finding for finding in found if finding.startswith(expected)]


def _nested(step: Callable[[object], object], depth: int = 5000) -> object:
    value: object = []
    for _ in range(depth):
        value = step(value)
    return value


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (None, "the file: null is not an object"),
        ([], "the file: a list is not an object"),
        ("x" * 100, f"the file: '{'x' * 60}'… is not an object"),
        ({"panels": None}, "panels: null is not a list"),
        ({"panels": {}}, "panels: an object is not a list"),
        ({"templating": []}, "templating: a list is not an object"),
        ({"templating": {"list": None}}, "templating.list: null is not a list"),
        ({"templating": {"list": [5]}}, "templating.list[0]: 5 is not an object"),
        ({"title": _nested(lambda value: [value])}, "the file: nested more than 100 levels deep"),
        (_nested(lambda value: {"panels": value}), "the file: nested more than 100 levels deep"),
        ({"templating": {"list": [_nested(lambda value: [value])]}}, "templating.list[0]: nested more than 100"),
        (
            {"panels": [_nested(lambda value: {"type": "row", "panels": [value]})]},
            "panels[0].panels[0]: nested more than 100 levels deep",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_whatever_json_holds(data: object, expected: str) -> None:
    """Nothing that a JSON file can hold ends in an exception."""
    assert [finding for finding in _found(data) if finding.startswith(expected)]


def test_data_is_not_changed() -> None:
    """A check leaves the data as it was."""
    data = _dashboard()
    before = copy.deepcopy(data)
    _found(data)
    assert data == before


def test_import_is_cheap() -> None:
    """The library that reads schemas is loaded when something is checked, not before."""
    code = "import sys, dashgen.schema; print('jsonschema' in sys.modules)"
    assert subprocess.check_output((sys.executable, "-c", code), text=True) == "False\n"
