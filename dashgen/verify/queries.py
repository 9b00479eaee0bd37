"""Every query that a dashboard or a rule file asks, ready to be sent.

How a panel's query gets its step and ``$__rate_interval``:
https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/#use-__rate_interval
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from dashgen.checks import expressions
from dashgen.checks.document import dicts, text_of
from dashgen.dashboards.model import empty_when
from dashgen.verify import interpolation
from dashgen.verify.interpolation import Value, built_in
from dashgen.verify.time_range import POINTS, TimeRange, of_panel, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.checks.document import Document, Element
    from dashgen.checks.expressions import Expression
    from dashgen.problems import Place

# A panel or a row that is repeated for each value of a variable is asked for so many of them.
MOST_REPEATS = 10
_TEMPLATE_VALUE = "$printf"


class Kind(Enum):
    """What a query belongs to."""

    PANEL = "panel"
    VARIABLE = "variable"
    ANNOTATION = "annotation"
    RECORDING = "recording rule"
    ALERT = "alert rule"
    TEMPLATE = "alert template"


@dataclass(frozen=True)
class Asked:
    """One query as it is sent, and what it belongs to.

    It is asked at the end of ``window`` when ``instant``, and otherwise over it, each ``step``
    seconds. ``may_be_empty`` says when there may be no result, ``labels`` are those that a
    legend reads from it. ``unknown`` are variables that the dashboard does not have, ``unset``
    those that have no value. ``ref`` tells the queries of a panel apart; ``rule`` names what a rule
    records or alerts, in ``group``. ``document`` is how a dashboard is named in ``place``.
    """

    kind: Kind
    place: Place
    expr: str
    window: TimeRange
    step: float = 0.0
    instant: bool = True
    ref: str = ""
    may_be_empty: str = ""
    labels: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    rule: str = ""
    group: str = ""
    document: str = ""

    @property
    def subject(self) -> str:
        """What it belongs to, inside its dashboard or rule file."""
        return f"{self.place.subject.removeprefix(f'{self.document}, ')} {self.ref}".rstrip()


@dataclass(frozen=True)
class Clock:
    """The server's time in unix seconds, and the interval at which it scrapes, in seconds."""

    now: float
    scrape: float


@dataclass(frozen=True)
class _Scope:
    """The variables' values where a panel stands, and how its title is told from its repeats'."""

    values: Mapping[str, Value]
    repeated: str = ""
    document: str = ""
    datasources: Mapping[str, str] = field(default_factory=dict)


def datasource_kinds(document: Document) -> dict[str, str]:
    """Return the type of data source that each variable of this kind chooses among."""
    data = [element.data for element in document.variables]
    return {text_of(each, "name"): text_of(each, "query") for each in data if text_of(each, "type") == "datasource"}


def asks_prometheus(reference: object, datasources: Mapping[str, str]) -> bool:
    """Whether a data source that a variable chooses is Prometheus; one that is no variable may be."""
    named = [datasources[name] for name in interpolation.names(expressions.uid_of(reference)) if name in datasources]
    return not named or "prometheus" in named[0]


def of_dashboard(document: Document, values: Mapping[str, Value], window: TimeRange, clock: Clock) -> Iterator[Asked]:
    """Find the queries of panels, in collapsed and repeated rows too, and of annotations."""
    scope = _Scope(values, document=document.root.place.subject, datasources=datasource_kinds(document))
    for element, row_repeat in _placed(document):
        for in_row in _repeats(row_repeat, scope):
            for each in _repeats(text_of(element.data, "repeat"), in_row):
                yield from _of_panel(element, each, window, clock)
    for element in document.annotations:
        if not asks_prometheus(element.data.get("datasource"), scope.datasources):
            continue
        step = seconds(element.data.get("step")) or window.step(clock.scrape)
        for expression in element.expressions:
            yield _asked(Kind.ANNOTATION, element, expression, scope, (window, step, clock.scrape))


def _placed(document: Document) -> Iterator[tuple[Element, str]]:
    """Give each panel with the variable that its row is repeated for; copies that Grafana saved are left out."""
    elements = {id(element.data): element for element in document.panels}
    data = document.root.data
    found: list[tuple[Mapping[str, Any], str]] = []
    repeat = ""
    for panel in dicts(data.get("panels")):
        if text_of(panel, "type") == "row":
            repeat = text_of(panel, "repeat")
            found += ((child, repeat) for child in dicts(panel.get("panels")))
        else:
            found.append((panel, repeat))
    for row in dicts(data.get("rows")):
        found += ((child, text_of(row, "repeat")) for child in dicts(row.get("panels")))
    for panel, row_repeat in found:
        if id(panel) in elements and "repeatPanelId" not in panel:
            yield elements[id(panel)], row_repeat


def _repeats(variable: str, scope: _Scope) -> Iterator[_Scope]:
    """Give the scope once for each chosen value of the variable, or as it is without one."""
    value = scope.values.get(variable)
    if value is None or not value.values:
        yield scope
        return
    for each in value.values[:MOST_REPEATS]:
        one = Value((each,), value.several, text=each)
        shown = ", ".join(filter(None, (scope.repeated, f"{variable} = {each}")))
        yield replace(scope, values={**scope.values, variable: one}, repeated=shown)


def _of_panel(element: Element, scope: _Scope, window: TimeRange, clock: Clock) -> Iterator[Asked]:
    panel = element.data
    source = panel.get("datasource")
    own_window = of_panel(panel, window, clock.now)
    points = panel.get("maxDataPoints")
    for target in dicts(panel.get("targets")):
        if not asks_prometheus(target.get("datasource") or source, scope.datasources):
            continue
        for expression in expressions.of_panel({"targets": [target], "datasource": source}):
            written = text_of(target, "interval") or text_of(panel, "interval")
            least = seconds(interpolation.interpolate(written, scope.values)) or clock.scrape
            step = own_window.step(least, points if isinstance(points, int) and points > 0 else POINTS)
            asked = _asked(Kind.PANEL, element, expression, scope, (own_window, step, least))
            if asked.expr.strip():
                yield replace(
                    asked,
                    ref=" ".join(filter(None, (text_of(target, "refId"), scope.repeated and f"({scope.repeated})"))),
                    instant=bool(target.get("instant")) and not target.get("range"),
                    may_be_empty=empty_when(text_of(panel, "description")),
                )


def _asked(
    kind: Kind, element: Element, expression: Expression, scope: _Scope, times: tuple[TimeRange, float, float]
) -> Asked:
    window, step, _ = times
    values = {**scope.values, **built_in(*times)}
    named = interpolation.names(expression.text)
    return Asked(
        kind,
        element.place,
        interpolation.interpolate(expression.text, values),
        window,
        step,
        instant=False,
        labels=tuple(use.label for use in expression.uses),
        unknown=tuple(name for name in named if name not in values),
        unset=tuple(name for name in named if name in values and values[name].empty and name in scope.values),
        document=scope.document,
    )


def of_rules(document: Document, clock: Clock) -> Iterator[Asked]:
    """Find the queries of recording and alert rules, and those in the alerts' templates that are complete."""
    window = TimeRange(clock.now, clock.now)
    groups = {
        id(rule): text_of(group.data, "name") for group in document.groups for rule in dicts(group.data.get("rules"))
    }
    for element in document.rules:
        kind = Kind.ALERT if "alert" in element.data else Kind.RECORDING
        group = groups.get(id(element.data), "")
        rule, *in_templates = element.expressions
        yield Asked(kind, element.place, rule.text, window, rule=element.name, group=group)
        for query in in_templates:
            if _TEMPLATE_VALUE not in query.text:
                yield Asked(Kind.TEMPLATE, element.place, query.text, window, rule=element.name, group=group)
