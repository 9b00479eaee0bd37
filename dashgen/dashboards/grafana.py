"""Bring grafanalib's JSON up to what Grafana 11 to 13 save themselves.

grafanalib 0.7.1 is of January 2024 and writes the JSON of Grafana 5 to 9. Grafana migrates
most of it on loading, but not all, and such JSON can't be checked against Grafana's types.
All that is old about grafanalib is dealt with here, and only here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grafanalib import core

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]

SCHEMA_VERSION = 41  # saved by Grafana 11.6, and read by every later version

_PROMETHEUS = "prometheus"
_ALL = ("All", "$__all")
_NULL_IS_A_VALUE = {"value", "from", "to"}  # no lower or upper bound
_GIVEN_AS_JSON = {"overrides", "transformations"}  # written by hand, in Grafana's own form

_DASHBOARD_NOISE = {"hideControls", "iteration", "sharedCrosshair", "style", "version"}
_DASHBOARD_DEFAULTS: Json = {"__inputs": [], "description": "", "refresh": "", "rows": []}
_TIMEPICKER_DEFAULTS = {
    "hidden": False,
    "refresh_intervals": core.DEFAULT_TIME_PICKER.refreshIntervals,  # Grafana's too
}

_PANEL_NOISE = {"columns", "editable", "error", "fontSize", "height", "minSpan", "span"}
_PANEL_DEFAULTS = {
    "description": "",
    "hideTimeOverride": False,
    "interval": "",
    "links": [],
    "maxDataPoints": 100,  # grafanalib's; makes graphs coarse. Grafana's is the panel's width
    "transformations": [],
    "transparent": False,
}
_TEXT_NOISE = {"datasource", "fieldConfig", "maxDataPoints", "targets"}
_ROW_KEYS = {"collapsed", "gridPos", "id", "repeat", "title", "type"}

_THRESHOLD_MARKS = {"showThresholdLabels", "showThresholdMarkers"}  # gauges have them, bars not

_TARGET_NOISE = {"intervalFactor", "metric", "query", "step", "target"}
_TARGET_DEFAULTS = {"hide": False, "interval": "", "legendFormat": ""}

_CHOICE = {"allValue", "includeAll", "multi"}
_QUERY_ONLY = {"datasource", "regex", "sort"}
_AUTO = {"auto", "auto_count", "auto_min"}
_TAGS = {"tagValuesQuery", "tagsQuery", "useTags"}
_VARIABLE_NOISE = {
    "adhoc": {*_AUTO, *_CHOICE, "current", "options", "query", "refresh", "regex", "sort"},
    "constant": {*_AUTO, *_CHOICE, *_QUERY_ONLY, "refresh"},
    "custom": {*_AUTO, *_QUERY_ONLY, "refresh"},
    "datasource": {*_AUTO, "datasource", "sort"},
    "interval": {*_CHOICE, *_QUERY_ONLY},
    "query": _AUTO,
    "textbox": {*_AUTO, *_CHOICE, *_QUERY_ONLY, "refresh"},
}

_CELL_OPTIONS: dict[str, Json] = {  # any other display mode is the type of the cell
    "basic": {"type": "gauge", "mode": "basic"},
    "color-background": {"type": "color-background", "mode": "gradient"},
    "color-background-solid": {"type": "color-background", "mode": "basic"},
    "gradient-gauge": {"type": "gauge", "mode": "gradient"},
    "lcd-gauge": {"type": "gauge", "mode": "lcd"},
}


class StatusHistory(core.StateTimeline):  # type: ignore[misc]  # grafanalib has no types
    """A status history panel, which grafanalib lacks: one cell per series and point in time.

    The share of its column that a cell fills (0 to 1) is the option ``colWidth`` of ``extraJson``.
    """

    def to_json_data(self) -> Json:
        """Return the panel as grafanalib would."""
        panel: Json = super().to_json_data()
        merging = {"alignValue", "mergeValues"}  # of a timeline's neighbouring values
        kept = {key: value for key, value in panel["options"].items() if key not in merging}
        return {**panel, "type": "status-history", "options": {"colWidth": 0.9, **kept}}


def to_json(dashboard: core.Dashboard) -> Json:
    """Return the dashboard as Grafana 11 to 13 would save it."""
    return modernise(raw_json(dashboard))


def raw_json(dashboard: core.Dashboard) -> Json:
    """Return the dashboard as grafanalib writes it, all its objects turned to JSON.

    Raises TypeError for a value that neither grafanalib nor JSON knows.
    """
    return dict(_plain(dashboard))


def _plain(value: Any) -> Any:  # noqa: ANN401  (JSON)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if hasattr(value, "to_json_data"):
        return _plain(value.to_json_data())
    raise TypeError(f"a dashboard can't hold a {type(value).__name__}: {value!r}")


def modernise(raw: Json) -> Json:
    """Turn grafanalib's JSON of a dashboard into what Grafana 11 to 13 would save.

    Leaves ``raw`` as it is. A data source given as text is taken for the uid of a Prometheus.
    What grafanalib sets by itself is dropped; keys that it does not know stay, for the schemas
    to judge. Two of its defaults can't be told from a wish: ``maxDataPoints=100`` is dropped,
    ``refresh="10s"`` stays.
    """
    dashboard: Json = _without_nulls(raw)
    _drop(dashboard, _DASHBOARD_NOISE, _DASHBOARD_DEFAULTS)
    _drop(dashboard.get("timepicker", {}), {"time_options"}, _TIMEPICKER_DEFAULTS)
    for annotation in dashboard.get("annotations", {}).get("list", ()):
        _refer(annotation)
    for variable in dashboard.get("templating", {}).get("list", ()):
        _variable(variable)
    dashboard["panels"] = [_panel(panel) for panel in dashboard.get("panels", ())]
    return {**dashboard, "id": None, "schemaVersion": SCHEMA_VERSION}


# The functions below change the copy that modernise made, in place.


def _without_nulls(value: Any) -> Any:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        return {
            key: _plain(each) if key in _GIVEN_AS_JSON else _without_nulls(each)
            for key, each in value.items()
            if each is not None or key in _NULL_IS_A_VALUE
        }
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _drop(item: Json, noise: set[str], defaults: Json) -> None:
    for key in noise & item.keys():
        del item[key]
    for key in [key for key, default in defaults.items() if item.get(key, ...) == default]:
        del item[key]


def _refer(item: Json, otherwise: Json | None = None) -> None:
    """Make the data source a reference with type and uid."""
    source = item.get("datasource") or otherwise
    if source:
        item["datasource"] = {"type": _PROMETHEUS, "uid": source} if isinstance(source, str) else source


def _variable(variable: Json) -> None:
    kind = variable.get("type", "")
    _drop(variable, _TAGS | _VARIABLE_NOISE.get(kind, set()), {})
    _refer(variable)
    chosen = _chosen(kind, variable)
    variable.pop("current", None)
    if chosen:
        variable["current"] = chosen


def _chosen(kind: str, variable: Json) -> Json | None:
    """Return the option chosen at first, None to let Grafana choose."""
    current = variable.get("current", {})
    text, value = current.get("text"), current.get("value")
    if variable.get("includeAll") and value in (None, "", *_ALL):
        text, value = _ALL
    elif value is None and kind in ("constant", "textbox"):
        text = value = variable["query"]
    elif value is None and kind == "interval":
        text = value = variable["query"].partition(",")[0].strip()
    elif value is None or (value == "" and kind != "textbox"):
        return None
    if variable.get("multi") and isinstance(value, str):
        return {"text": [text], "value": [value]}
    return {"text": text, "value": value}


def _panel(panel: Json) -> Json:
    kind = panel["type"]
    if kind == "row":
        children = [_panel(child) for child in panel.get("panels", ())]
        return {**{key: value for key, value in panel.items() if key in _ROW_KEYS}, "panels": children}
    _drop(panel, _PANEL_NOISE, _PANEL_DEFAULTS)
    if kind == "text":
        _drop(panel, _TEXT_NOISE, {})
        return panel
    panel["fieldConfig"] = {"defaults": {}, "overrides": [], **panel.get("fieldConfig", {})}
    panel.setdefault("options", {})
    if kind in _RESHAPE:
        _RESHAPE[kind](panel)
    _field_defaults(panel["fieldConfig"]["defaults"])
    if "legend" in panel["options"]:
        _legend(panel["options"]["legend"])
    _targets(panel)
    return panel


def _targets(panel: Json) -> None:
    targets = panel.setdefault("targets", [])
    _refer(panel, next((each["datasource"] for each in targets if each.get("datasource")), None))
    for target in targets:
        _drop(target, _TARGET_NOISE, _TARGET_DEFAULTS)
        _refer(target, panel.get("datasource"))
        target["instant"] = bool(target.get("instant"))
        target.setdefault("range", not target["instant"])
        target.setdefault("editorMode", "code")


def _field_defaults(defaults: Json) -> None:
    thresholds = defaults.pop("thresholds", {})
    if steps := thresholds.get("steps"):
        defaults["thresholds"] = {
            "mode": thresholds.get("mode", "absolute"),
            "steps": [
                {"color": step["color"], "value": _shortest(step["value"]) if index else None}
                for index, step in enumerate(steps)
            ],
        }
    _drop(defaults, set(), {"custom": {}, "links": [], "unit": ""})


def _shortest(number: float) -> float:
    """Write 80, not the 80.0 that grafanalib insists on."""
    return int(number) if number == int(number) else number


def _legend(legend: Json) -> None:
    if legend.get("displayMode") == "hidden":
        legend.update(displayMode="list", showLegend=False)
    legend.setdefault("showLegend", True)


def _time_series(panel: Json) -> None:
    custom = panel["fieldConfig"]["defaults"].setdefault("custom", {})
    custom["stacking"] = custom.get("stacking") or {"group": "A", "mode": "none"}
    if custom.get("scaleDistribution", {}).get("type") == "linear":
        custom["scaleDistribution"].pop("log", None)


def _table(panel: Json) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    for key in ("color", "mappings"):
        if key in panel:
            defaults.setdefault(key, panel.pop(key))
    custom = defaults.get("custom", {})
    if "displayMode" in custom:
        mode = custom.pop("displayMode")
        custom.setdefault("cellOptions", dict(_CELL_OPTIONS.get(mode, {"type": mode})))


def _stat(panel: Json) -> None:
    panel["fieldConfig"]["defaults"].setdefault("color", {"mode": "thresholds"})


def _bar_gauge(panel: Json) -> None:
    options = panel["options"]
    old = options.pop("fieldOptions", {})
    _drop(options, _THRESHOLD_MARKS, {})
    defaults = panel["fieldConfig"]["defaults"]
    for key, value in {**old.get("defaults", {}), "mappings": old.get("mappings", [])}.items():
        defaults.setdefault("displayName" if key == "title" else key, value)
    _reduce(old, options)
    _stat(panel)


def _gauge(panel: Json) -> None:
    config, options = panel["fieldConfig"], panel["options"]
    defaults = config["defaults"]
    for key in sorted(_THRESHOLD_MARKS & config.keys()):
        options.setdefault(key, config.pop(key))
    if "title" in defaults:
        defaults["displayName"] = defaults.pop("title")
    old = {key: defaults.pop(key) for key in ("calcs", "limit", "override", "values") if key in defaults}
    _reduce(old, options)
    _stat(panel)


def _reduce(old: Json, options: Json) -> None:
    """Set the calculation that turns a series into one value."""
    if "calcs" in old:
        kept: Json = {key: old[key] for key in ("calcs", "limit", "values") if key in old}
        options.setdefault("reduceOptions", kept | {"fields": ""})


_RESHAPE: dict[str, Callable[[Json], None]] = {
    "bargauge": _bar_gauge,
    "gauge": _gauge,
    "stat": _stat,
    "table": _table,
    "timeseries": _time_series,
}
