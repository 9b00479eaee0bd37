"""The kinds of panel, each with its look, so that a dashboard says only what is shown.

Every function takes ``key`` (stable, unique in the dashboard) and ``metric``, from which the
unit and the description come unless given. Sizes are in grid units, 24 to a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grafanalib import core

from dashgen.dashboards.model import Panel
from dashgen.dashboards.queries import (
    DATASOURCE,
    Link,
    as_rows,
    describe,
    instant,
    lettered,
    override,
    steps,
    unit_of,
    words,
)
from dashgen.problems import Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Code, Label

_LEGEND_BELOW = {"legendDisplayMode": "list", "legendPlacement": "bottom"}


def _panel(key: str, content: core.Panel, size: tuple[int, int], may_be_empty: str = "") -> Panel:
    return Panel(key, content, *size, may_be_empty=may_be_empty, place=Place.of_caller(__file__))


def stat(
    title: str,
    *,
    key: str,
    metric: Metric,
    expr: str,
    what: str = "",
    unit: str = "",
    thresholds: Sequence[core.Threshold] = (),
    background: bool = False,
    by_code: bool = False,
    decimals: int | None = None,
    no_value: str = "no data",
    links: Sequence[Link] = (),
    size: tuple[int, int] = (4, 4),
    may_be_empty: str = "",
) -> Panel:
    """Show one number now. ``by_code`` shows the metric's state as its coloured word."""
    content = core.Stat(
        title=title,
        description=describe(metric, what),
        dataSource=DATASOURCE,
        targets=lettered([instant(expr)]),
        format=unit or unit_of(metric),
        decimals=decimals,
        color={"mode": "thresholds"},
        colorMode="background" if background or by_code else "value",
        graphMode="none",
        textMode="value",
        reduceCalc="lastNotNull",
        noValue=no_value,
        mappings=words(metric.codes) if by_code and metric.codes else [],
        thresholds=list(thresholds) or steps("text"),
        links=list(links),
    )
    return _panel(key, content, size, may_be_empty)


def timeseries(
    title: str,
    *,
    key: str,
    metric: Metric,
    targets: Sequence[core.Target],
    what: str = "",
    unit: str = "",
    thresholds: Sequence[core.Threshold] = (),
    stacked: bool = False,
    overrides: Sequence[dict[str, Any]] = (),
    legend_right: bool = False,
    size: tuple[int, int] = (12, 8),
    may_be_empty: str = "",
) -> Panel:
    """Show values over time; thresholds, when given, are drawn as dashed lines."""
    content = core.TimeSeries(
        title=title,
        description=describe(metric, what),
        dataSource=DATASOURCE,
        targets=lettered(targets),
        unit=unit or unit_of(metric),
        fillOpacity=30 if stacked else 10,
        stacking={"mode": "normal", "group": "A"} if stacked else {},
        showPoints="never",
        tooltipMode="multi",
        tooltipSort="desc",
        thresholds=list(thresholds) or steps("green"),
        thresholdsStyleMode="dashed" if thresholds else "off",
        axisSoftMin=0,
        overrides=list(overrides),
        **(
            {"legendDisplayMode": "table", "legendPlacement": "right", "legendCalcs": ["lastNotNull", "max"]}
            if legend_right
            else _LEGEND_BELOW
        ),
    )
    return _panel(key, content, size, may_be_empty)


def bars(
    title: str,
    *,
    key: str,
    metric: Metric,
    expr: str,
    legend: str,
    what: str = "",
    unit: str = "",
    thresholds: Sequence[core.Threshold] = (),
    links: Sequence[Link] = (),
    size: tuple[int, int] = (12, 8),
    may_be_empty: str = "",
) -> Panel:
    """Show one horizontal bar per series now."""
    content = core.BarGauge(
        title=title,
        description=describe(metric, what),
        dataSource=DATASOURCE,
        targets=lettered([instant(expr, legend)]),
        format=unit or unit_of(metric),
        calc="lastNotNull",
        displayMode="gradient",
        # Beside its bar, a name as long as a task's is cut off after a few letters.
        extraJson={"options": {"namePlacement": "top"}},
        max=None,
        min=0,
        thresholds=list(thresholds) or steps("blue"),
        dataLinks=list(links),
    )
    return _panel(key, content, size, may_be_empty)


def state_timeline(
    title: str,
    *,
    key: str,
    metric: Metric,
    targets: Sequence[core.Target],
    what: str = "",
    size: tuple[int, int] = (24, 10),
    may_be_empty: str = "",
) -> Panel:
    """Show one lane per series, coloured and worded by the metric's value codes."""
    content = core.StateTimeline(
        title=title,
        description=describe(metric, what),
        dataSource=DATASOURCE,
        targets=lettered(targets),
        mappings=words(metric.codes) if metric.codes else [],
        thresholds=steps("text"),
        showValue="never",
        extraJson={"fieldConfig": {"defaults": {"unit": unit_of(metric)}}},
    )
    return _panel(key, content, size, may_be_empty)


def text(title: str, *, key: str, content: str, size: tuple[int, int] = (24, 6)) -> Panel:
    """Show Markdown."""
    return _panel(key, core.Text(title=title, content=content), size)


@dataclass(frozen=True)
class Column:
    """A column of values: one query, matched to the rows by their labels."""

    title: str
    expr: str
    unit: str = "none"
    codes: type[Code] | None = None
    thresholds: Sequence[core.Threshold] = ()
    links: Sequence[Link] = ()
    width: int = 0


def table(
    title: str,
    *,
    key: str,
    metric: Metric,
    rows: Sequence[Label],
    columns: Sequence[Column],
    sort: str = "",
    descending: bool = True,
    order: str = "",
    what: str = "",
    links: dict[Label, Sequence[Link]] | None = None,
    size: tuple[int, int] = (24, 10),
    may_be_empty: str = "",
) -> Panel:
    """Show one row per combination of the labels ``rows``, with a column for each query.

    Each query must return exactly the labels ``rows``; ``links`` are those of label columns.
    The rows are sorted by the column titled ``sort``, or else by the values of the query
    ``order``, lowest first, which has no column.
    """
    targets = lettered(as_rows(expr) for expr in (*(column.expr for column in columns), *([order] if order else ())))
    # Grafana calls the value of an only query "Value", those of several "Value #A", "Value #B", …
    values = ["Value"] if len(targets) == 1 else [f"Value #{target.refId}" for target in targets]
    hidden = values.pop() if order else ""
    shown = [str(label) for label in rows] + values
    content = core.Table(
        title=title,
        description=describe(metric, what),
        dataSource=DATASOURCE,
        targets=targets,
        unit="none",
        filterable=True,
        thresholds=steps("text"),
        overrides=[
            *(override(str(label), [("links", list(found))]) for label, found in (links or {}).items()),
            *(override(column.title, _column(column)) for column in columns),
        ],
        transformations=[
            {"id": "merge", "options": {}},
            *([{"id": "sortBy", "options": {"fields": {}, "sort": [{"field": hidden}]}}] if order else []),
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True, **({hidden: True} if order else {})},
                    "indexByName": {name: i for i, name in enumerate(shown)},
                    "renameByName": dict(zip(values, (column.title for column in columns), strict=True)),
                },
            },
        ],
        sortBy=[core.TableSortByField(displayName=sort, desc=descending)] if sort else [],
    )
    return _panel(key, content, size, may_be_empty)


def _column(column: Column) -> list[tuple[str, Any]]:
    properties: list[tuple[str, Any]] = [("unit", column.unit)]
    if column.codes:
        properties += [
            ("mappings", words(column.codes)),
            ("custom.cellOptions", {"type": "color-background", "mode": "basic"}),
        ]
    if column.thresholds:
        plain = [
            {"color": step.color, "value": None if index == 0 else step.value}
            for index, step in enumerate(column.thresholds)
        ]
        properties += [
            ("thresholds", {"mode": "absolute", "steps": plain}),
            ("custom.cellOptions", {"type": "color-text"}),
        ]
    if column.links:
        properties.append(("links", list(column.links)))
    if column.width:
        properties.append(("custom.width", column.width))
    return properties
