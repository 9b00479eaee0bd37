"""grafanalib's JSON, brought up to what Grafana 11 to 13 save."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from grafanalib import core

from dashgen.dashboards.grafana import modernise, raw_json
from dashgen.schema import GRAFANA_VERSIONS, check_dashboard
from tests.unit.panels import PANELS, SOURCE, STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator


def _make(kind: str, **given: Any) -> Any:  # noqa: ANN401  (a panel of grafanalib, which has no types)
    target = core.Target(expr="up", refId="A", datasource=SOURCE)
    return PANELS[kind](**{"title": kind, "id": 1, "gridPos": core.GridPos(8, 12, 0, 0), "targets": [target], **given})


def _dashboard(*panels: object, **given: Any) -> dict[str, Any]:  # noqa: ANN401  (grafanalib has no types)
    return raw_json(core.Dashboard(**{"title": "Tasks", "uid": "tasks", "panels": list(panels), **given}))


def _full() -> dict[str, Any]:
    panels = [_make(kind, id=number) for number, kind in enumerate(PANELS, 1)]
    children = [_make(kind, id=number) for number, kind in enumerate(PANELS, 101)]
    row = core.RowPanel(title="More", id=100, gridPos=core.GridPos(1, 24, 0, 8), collapsed=True, panels=children)
    return _dashboard(
        *panels,
        row,
        editable=False,
        annotations=core.Annotations(
            [{"name": "Runs", "datasource": "main", "enable": True, "iconColor": "red", "expr": "up"}]
        ),
        links=[core.DashboardLink(title="Runs", type="link", uri="/d/runs")],
    )


def _modern(kind: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401  (grafanalib has no types)
    panel: dict[str, Any] = modernise(_dashboard(_make(kind, **given)))["panels"][0]
    return panel


def _nulls(value: object, path: str = "") -> Iterator[str]:
    if value is None:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from _nulls(each, f"{path}.{key}")


@pytest.mark.parametrize("version", GRAFANA_VERSIONS)
def test_every_kind_of_panel_is_accepted(version: str) -> None:
    """What grafanalib can make for us has no findings against Grafana's own types."""
    assert list(map(str, check_dashboard(modernise(_full()), version))) == []


@pytest.mark.parametrize("kind", PANELS)
def test_raw_output_is_not_accepted(kind: str) -> None:
    """Without it Grafana's types refuse every panel, so that the test above tells something."""
    refused = [finding for finding in check_dashboard(_dashboard(_make(kind))) if finding.where.startswith("panels")]
    assert refused


def test_input_stays_as_it_is() -> None:
    """The given JSON is not changed, at any depth."""
    raw = _full()
    before = copy.deepcopy(raw)
    modern = modernise(raw)
    modern["panels"][0]["targets"][0]["expr"] = "changed"
    modern["panels"][-1]["panels"][0]["gridPos"]["h"] = -1
    assert raw == before


def test_twice_is_once() -> None:
    """What is modern already stays as it is."""
    once = modernise(_full())
    assert modernise(once) == once


def test_null_only_where_it_means_something() -> None:
    """A null is the dashboard's id, a threshold's base, an open range, or given in an override."""
    meant = (".id", ".steps.0.value", ".options.to", ".properties.0.value", ".limitField")
    found = list(_nulls(modernise(_full())))
    assert {next((end for end in meant if path.endswith(end)), path) for path in found} == set(meant)
    assert [path for path in found if path.endswith(".id")] == [".id"]


def test_dashboard_keys() -> None:
    """A dashboard has the schema version of 11.6 and none of the keys that Grafana has dropped."""
    modern = modernise({**_full(), "iteration": 1700000000000})
    assert modern["schemaVersion"] == 41
    assert modern["editable"] is False
    assert modern["timepicker"] == {}
    old = {"__inputs", "gnetId", "hideControls", "iteration", "rows", "sharedCrosshair", "style", "version"}
    assert old.isdisjoint(modern)


@pytest.mark.parametrize(("given", "kept"), [("1m", True), ("", False), (None, False)])
def test_refresh_only_when_set(given: str | None, kept: bool) -> None:  # noqa: FBT001  (pytest's parameter)
    """A dashboard that does not refresh has no such key."""
    assert ("refresh" in modernise(_dashboard(refresh=given))) is kept


def test_old_rows_are_not_lost_in_silence() -> None:
    """Panels in rows of Grafana 4 stay in the JSON, for the schemas to refuse."""
    raw = _dashboard(panels=[], rows=[core.Row(panels=[core.Graph(title="Old", targets=[])])])
    assert "rows" in modernise(raw)


def test_thresholds() -> None:
    """A threshold is a colour and a number, written as short as can be; the first has no bound."""
    thresholds = _modern("timeseries", thresholds=STEPS)["fieldConfig"]["defaults"]["thresholds"]
    assert thresholds["mode"] == "absolute"
    assert json.dumps(thresholds["steps"]) == (
        '[{"color": "green", "value": null}, {"color": "red", "value": 80}, {"color": "blue", "value": 99.5}]'
    )


@pytest.mark.parametrize("kind", ["stat", "timeseries", "table", "state-timeline"])
def test_no_thresholds_leave_grafanas(kind: str) -> None:
    """An empty list would turn the panel grey instead of showing Grafana's own thresholds."""
    assert "thresholds" not in _modern(kind)["fieldConfig"]["defaults"]


def test_bar_gauge() -> None:
    """A bar gauge of Grafana 6 gets the field configuration of today."""
    panel = _modern("bargauge, full", calc="lastNotNull", format="s", max=None, thresholds=STEPS)
    assert panel["options"] == {
        "displayMode": "lcd",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "limit": 5, "values": False},
    }
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["thresholds"]["steps"][1] == {"color": "red", "value": 80}
    assert {key: value for key, value in defaults.items() if key != "thresholds"} == {
        "color": {"mode": "thresholds"},
        "displayName": "Age",
        "links": [{"title": "Airflow", "url": "/dags"}],
        "mappings": [{"type": "value", "options": {"1": {"text": "ok", "color": "green"}}}],
        "min": 0,
        "unit": "s",
    }


def test_gauge() -> None:
    """A gauge's calculation and marks move from the fields to the options."""
    panel = _modern("gauge, full", calc="max")
    assert panel["options"] == {
        "reduceOptions": {"calcs": ["max"], "fields": "", "limit": 5, "values": False},
        "showThresholdLabels": True,
        "showThresholdMarkers": True,
    }
    assert panel["fieldConfig"]["defaults"]["displayName"] == "Age"


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("auto", {"type": "auto"}),
        ("color-background", {"type": "color-background", "mode": "gradient"}),
        ("color-background-solid", {"type": "color-background", "mode": "basic"}),
        ("lcd-gauge", {"type": "gauge", "mode": "lcd"}),
        ("image", {"type": "image"}),
    ],
)
def test_table_cells(mode: str, options: dict[str, str]) -> None:
    """A table's display mode becomes cell options; colour and mappings move to the fields."""
    defaults = _modern("table, full")["fieldConfig"]["defaults"]
    assert defaults["color"] == {"mode": "thresholds"}
    assert defaults["mappings"][0]["type"] == "special"
    custom = modernise(_dashboard(core.Table(displayMode=mode)))["panels"][0]["fieldConfig"]["defaults"]["custom"]
    assert custom == {"align": "auto", "cellOptions": options, "filterable": False}


def test_time_series() -> None:
    """Stacking and scale are written out, a hidden legend by its switch, no number of points."""
    panel = _modern("timeseries", legendDisplayMode="hidden")
    custom = panel["fieldConfig"]["defaults"]["custom"]
    assert custom["stacking"] == {"group": "A", "mode": "none"}
    assert custom["scaleDistribution"] == {"type": "linear"}
    assert panel["options"]["legend"] == {
        "calcs": [],
        "displayMode": "list",
        "placement": "bottom",
        "showLegend": False,
    }
    assert "maxDataPoints" not in panel
    full = _modern("timeseries, full")
    assert full["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    assert full["maxDataPoints"] == 500


@pytest.mark.parametrize("kind", ["piechart", "state-timeline", "status-history", "timeseries"])
def test_legend_is_shown(kind: str) -> None:
    """A legend that is not hidden says so."""
    assert _modern(kind)["options"]["legend"]["showLegend"] is True


def test_status_history() -> None:
    """A status history is a state timeline with columns instead of merged values."""
    panel = _modern("status-history, full")
    assert panel["type"] == "status-history"
    assert panel["options"]["colWidth"] == 0.9
    assert _modern("status-history", extraJson={"options": {"colWidth": 0.5}})["options"]["colWidth"] == 0.5
    assert {"alignValue", "mergeValues"}.isdisjoint(panel["options"])


def test_row() -> None:
    """A row has its place, its title and its panels, and nothing of a panel."""
    row = modernise(_full())["panels"][-1]
    assert set(row) == {"collapsed", "gridPos", "id", "panels", "title", "type"}
    assert [child["id"] for child in row["panels"]] == list(range(101, 101 + len(PANELS)))


def test_text() -> None:
    """A text panel asks for no data."""
    assert set(_modern("text", description="Why")) == {"description", "gridPos", "id", "options", "title", "type"}


@pytest.mark.parametrize("instant", [True, False])
def test_target(instant: bool) -> None:  # noqa: FBT001  (pytest's parameter)
    """A query says whether it is instant or over a range, and has none of Graphite's keys."""
    target = core.Target(expr="up", refId="A", instant=instant, legendFormat="{{x}}", datasource=SOURCE)
    assert _modern("stat", targets=[target])["targets"] == [
        {
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": "up",
            "format": "time_series",
            "instant": instant,
            "legendFormat": "{{x}}",
            "range": not instant,
            "refId": "A",
        }
    ]


def test_data_sources() -> None:
    """Panel and query take the data source from each other; a text is the uid of a Prometheus."""
    alone = core.Target(expr="up", refId="A")
    assert _modern("stat", targets=[alone], dataSource=SOURCE)["targets"][0]["datasource"] == SOURCE
    assert _modern("stat")["datasource"] == SOURCE
    named = {"type": "prometheus", "uid": "main"}
    assert _modern("stat", dataSource="main", targets=[alone])["targets"][0]["datasource"] == named
    assert modernise(_full())["annotations"]["list"][0]["datasource"] == named


def test_given_json_is_kept() -> None:
    """Overrides and transformations are the caller's, nulls included."""
    panel = _modern("table, full")
    assert panel["fieldConfig"]["overrides"][0]["properties"] == [{"id": "min", "value": None}]
    assert panel["transformations"] == [{"id": "limit", "options": {"limitField": None}}]


def test_unknown_keys_are_left_for_the_schemas() -> None:
    """A typo in extra JSON is not dropped, so that it is found."""
    panel = modernise(_dashboard(_make("stat", extraJson={"options": {"textMod": "name"}})))
    assert [finding.message for finding in check_dashboard(panel)] == [
        "unknown key 'textMod'; did you mean 'textMode'?"
    ]


def test_value_that_json_does_not_know() -> None:
    """An object that is neither grafanalib's nor JSON is refused by name."""
    with pytest.raises(TypeError, match=r"can't hold a set: \{'a'\}"):
        _dashboard(tags={"a"})
