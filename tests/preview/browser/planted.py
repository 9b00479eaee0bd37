"""Dashboards with planted faults, hostile values, and what the built-in ones have nothing of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>\"'`&"
LONG = "x" * 5000
# A series for each, whatever Prometheus holds.
_HOSTILE_SERIES = " or ".join(
    f'label_replace(vector({number}), "name", {value!r}, "", "")'
    for number, value in enumerate((HOSTILE.replace("\\", "\\\\"), LONG), start=1)
)
_ONE_STEP = {"mode": "absolute", "steps": [{"color": "green", "value": None}]}
_OF_DATASOURCE = {"type": "prometheus", "uid": "prometheus"}
_WIDTH, _HEIGHT = 8, 6


def _panel(title: str, kind: str = "stat", expr: str = "vector(1)", **more: Any) -> Json:  # noqa: ANN401  (JSON)
    """Return a panel that is right where ``more`` does not say otherwise."""
    target = {"refId": "A", "expr": expr, "instant": True, "range": False, "datasource": _OF_DATASOURCE}
    return {
        "type": kind,
        "title": title,
        "datasource": _OF_DATASOURCE,
        "targets": [target],
        "fieldConfig": {"defaults": {"thresholds": _ONE_STEP}, "overrides": []},
        **more,
    }


def _dashboard(uid: str, *panels: Json, **more: Any) -> Json:  # noqa: ANN401  (JSON)
    placed = [
        {
            "id": number + 1,
            "gridPos": {"x": number % 3 * _WIDTH, "y": number // 3 * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
            **panel,
        }
        for number, panel in enumerate(panels)
    ]
    time = {"from": "now-1h", "to": "now"}
    return {"uid": uid, "title": uid, "schemaVersion": 41, "time": time, "panels": placed, **more}


def _defaults(**defaults: Any) -> Json:  # noqa: ANN401  (JSON)
    return {"fieldConfig": {"defaults": {"thresholds": _ONE_STEP, **defaults}, "overrides": []}}


def _override(matcher: str, prop: str = "unit") -> Json:
    override = {"matcher": {"id": matcher, "options": "Value"}, "properties": [{"id": prop, "value": "s"}]}
    return {"fieldConfig": {"defaults": {"thresholds": _ONE_STEP}, "overrides": [override]}}


_ELSEWHERE = {"type": "prometheus", "uid": "elsewhere"}

# What Grafana ignores: the panel that has it, and how the fault is named.
MISTYPED: Mapping[str, tuple[Json, str]] = {
    "unit": (_defaults(unit="secondz"), 'unknown unit "secondz"'),
    "colour mode": (_defaults(color={"mode": "treshold"}), 'unknown colour mode "treshold"'),
    "colour": (_defaults(color={"mode": "fixed", "fixedColor": "grean"}), 'unknown colour "grean"'),
    "reducer": ({"options": {"reduceOptions": {"calcs": ["lastNotNul"]}}}, 'unknown reducer "lastNotNul"'),
    "transformation": ({"transformations": [{"id": "organise", "options": {}}]}, 'unknown transformation "organise"'),
    "matcher": (_override("byNam"), 'unknown matcher "byNam"'),
    "property": (_override("byName", "units"), 'unknown property "units" in an override'),
    "thresholds": (
        _defaults(thresholds={"steps": [{"color": "green", "value": 5}]}),
        "the first threshold begins at 5, not at null",
    ),
}

# What fails while it is drawn: the panel that does, and what Prometheus or the page says.
FAILING: Mapping[str, tuple[Json, str]] = {
    "bad PromQL": (_panel("bad PromQL", expr="sum("), "parse error"),
    "missing metric": (_panel("missing metric", expr="no_such_metric_anywhere"), "no data"),
    "unknown data source": (
        _panel("unknown data source", datasource=_ELSEWHERE, targets=[{"refId": "A", "expr": "1"}]),
        'Data source "elsewhere" was not found',
    ),
    "unknown panel type": (_panel("unknown panel type", "flamechart"), "can't draw panels of type flamechart"),
}

FAULTY = _dashboard(
    "planted-faults",
    _panel("nothing wrong"),
    *(panel for panel, _ in FAILING.values()),
    *(_panel(title, **more) for title, (more, _) in MISTYPED.items()),
)

_BY_NAME = {"refId": "A", "expr": _HOSTILE_SERIES, "legendFormat": "{{name}}", "datasource": _OF_DATASOURCE}
_NOW = {"instant": True, "range": False}

HOSTILE_VALUES = _dashboard(
    "hostile-values",
    _panel("in a table", "table", targets=[{**_BY_NAME, **_NOW, "format": "table"}]),
    _panel("in a stat", targets=[{**_BY_NAME, **_NOW}], options={"textMode": "value_and_name"}),
    _panel("in a bar gauge", "bargauge", targets=[{**_BY_NAME, **_NOW}]),
    _panel("in a legend", "timeseries", targets=[_BY_NAME]),
    _panel("in a timeline", "state-timeline", targets=[_BY_NAME]),
    _panel("in a gauge", "gauge", targets=[{**_BY_NAME, **_NOW}]),
    _panel("in a pie", "piechart", targets=[{**_BY_NAME, **_NOW}]),
    {"type": "text", "title": "in a text", "options": {"content": "**chosen:** $hostile <script>hacked=1</script>"}},
    {"type": "text", "title": "of $hostile", "options": {"content": "[link](javascript:window.hacked=1)"}},
    templating={
        "list": [
            {
                "type": "query",
                "name": "hostile",
                "label": "hostile",
                "datasource": _OF_DATASOURCE,
                "query": f"query_result({_HOSTILE_SERIES})",
                "regex": '/name="(.*)"}/',
                "refresh": 2,
                "sort": 0,
            }
        ]
    },
)

_CHOICES = {
    "type": "custom",
    "name": "colour",
    "label": "colour",
    "query": "red,green,blue",
    "includeAll": True,
    "multi": True,
    "current": {"text": ["All"], "value": ["$__all"]},
}
_STATES = {
    "mappings": [{"type": "value", "options": {"1": {"text": "running well", "color": "green"}}}],
    "thresholds": _ONE_STEP,
}

# What the built-in dashboards have nothing of.
OTHERS = _dashboard(
    "other-panels",
    _panel("a gauge", "gauge", "vector(42)", **_defaults(unit="percent", min=0, max=100)),
    _panel(
        "a pie", "piechart", 'label_replace(vector(3), "part", "most", "", "")', options={"displayLabels": ["percent"]}
    ),
    {
        **_panel("a history", "status-history", fieldConfig={"defaults": _STATES, "overrides": []}),
        "targets": [{"refId": "A", "expr": "vector(1)", "datasource": _OF_DATASOURCE}],
    },
    _panel("repeated for $colour", expr="vector(1)", repeat="colour", maxPerRow=3),
    {
        "type": "row",
        "title": "row of $colour",
        "repeat": "colour",
        "collapsed": False,
        "panels": [],
        "gridPos": {"x": 0, "y": 12, "w": 24, "h": 1},
    },
    _panel("in the row of $colour", gridPos={"x": 0, "y": 13, "w": 8, "h": 4}),
    templating={"list": [_CHOICES]},
    links=[{"type": "dashboards", "title": "", "tags": ["planted"], "keepTime": True, "includeVars": True}],
)

LINKED = _dashboard("linked-by-tag", _panel("one"), tags=["planted"])

PLANTED = (FAULTY, HOSTILE_VALUES, OTHERS, LINKED)
