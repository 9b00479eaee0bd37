"""What is compared of a dashboard: its variables, and its panels with queries and thresholds.

A panel is known by its id, so that one that moves or gets another title is the same panel.
Where it stands is not compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashgen.checks.document import dicts, text_of
from dashgen.diff.model import Facts, identified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.checks.document import Document, Element

Data = dict[str, Any]

# What is compared apart, says nothing, or only where a panel stands.
_APART = frozenset({"title", "uid", "description", "refresh", "time", "panels", "templating", "annotations", "id"})
_PANEL_APART = frozenset({"title", "type", "description", "targets", "panels", "gridPos", "id"})
_TARGET_APART = frozenset({"expr", "query"})
_UNTITLED = "without title"


def facts(document: Document) -> Facts:
    """Return what is compared of a dashboard."""
    data = dict(document.root.data)
    span = data.get("time")
    shown = {
        "title": text_of(data, "title"),
        "uid": text_of(data, "uid"),
        "refresh": text_of(data, "refresh"),
        "time range": f"{span.get('from')} to {span.get('to')}" if isinstance(span, dict) else "",
    }
    shown = {what: text for what, text in shown.items() if text}
    named = [("variable", each) for each in document.variables]
    named += [("annotation", each) for each in document.annotations]
    shown |= {f"{kind} {each.name}": _query_of(dict(each.data)) for kind, each in named}
    rest: dict[str, object] = {
        f"options of {kind} {each.name}": _without_query(dict(each.data)) for kind, each in named
    }
    rest["description"] = text_of(data, "description")
    rest["other settings"] = {key: value for key, value in data.items() if key not in _APART}
    panels = identified(document.panels, _identity)
    return Facts(
        text_of(data, "title") or _UNTITLED,
        shown,
        rest,
        {identity: _panel(panel) for identity, panel in panels.items()},
    )


def _identity(panel: Element) -> object:
    number = panel.data.get("id")
    return number if isinstance(number, int) else panel.name


def _panel(panel: Element) -> Facts:
    data = dict(panel.data)
    defaults = _defaults(data)
    shown = {
        "title": panel.name,
        "type": text_of(data, "type"),
        "unit": text_of(defaults, "unit"),
        "thresholds": ", ".join(_steps(defaults.get("thresholds"))),
    }
    shown = {what: text for what, text in shown.items() if text}
    rest: dict[str, object] = {"description": text_of(data, "description"), "looks": _looks(data)}
    for target in dicts(data.get("targets")):
        name = f"query {text_of(target, 'refId')}"
        shown[name] = _query_of(dict(target))
        rest[f"options of {name}"] = _without_query(dict(target))
    return Facts(panel.name or _UNTITLED, shown, rest)


def _defaults(data: Mapping[str, Any]) -> Data:
    config = data.get("fieldConfig")
    defaults = config.get("defaults") if isinstance(config, dict) else None
    return defaults if isinstance(defaults, dict) else {}


def _looks(data: Data) -> Data:
    """Return what is left of a panel, without unit and thresholds."""
    left = {key: value for key, value in data.items() if key not in _PANEL_APART}
    if isinstance(left.get("fieldConfig"), dict):
        defaults = {key: value for key, value in _defaults(data).items() if key not in {"unit", "thresholds"}}
        left["fieldConfig"] = {**left["fieldConfig"], "defaults": defaults}
    return left


def _steps(thresholds: object) -> Iterator[str]:
    """Write the steps of thresholds: ``green``, ``red from 1``."""
    for step in dicts(thresholds.get("steps")) if isinstance(thresholds, dict) else ():
        value = step.get("value")
        yield f"{step.get('color')}" if value is None else f"{step.get('color')} from {value}"


def _query_of(data: Data) -> str:
    """Return the query of a target, a variable or an annotation; Grafana writes it in either place."""
    query = data.get("query")
    return text_of(data, "expr") or (text_of(query, "query") if isinstance(query, dict) else text_of(data, "query"))


def _without_query(data: Data) -> Data:
    return {key: value for key, value in data.items() if key not in _TARGET_APART}
