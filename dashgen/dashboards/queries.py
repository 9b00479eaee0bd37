"""Queries, units, colours and links: the parts that every kind of panel is put together from."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

from grafanalib import core

from dashgen.catalog.recorded import RECORDED_EVERY
from dashgen.catalog.terms import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Code, Label

DATASOURCE_VARIABLE = "datasource"
DATASOURCE = {"type": "prometheus", "uid": f"${{{DATASOURCE_VARIABLE}}}"}

# Grafana's unit ids (categories Time, Data, Misc). A timestamp is shown as an age: panels subtract it from now.
GRAFANA_UNITS = {
    Unit.NONE: "none",
    Unit.SECONDS: "s",
    Unit.TIMESTAMP: "s",
    Unit.BYTES: "bytes",
    Unit.RATIO: "percentunit",
}

Link = dict[str, Any]
Step = tuple[float, str]


def ranged(expr: str, legend: str = "") -> core.Target:
    """Make a query over the dashboard's time range; ``legend`` may hold ``{{label}}``."""
    return core.Target(expr=expr, legendFormat=legend, datasource=DATASOURCE)


def ranged_record(expr: str, legend: str = "") -> core.Target:
    """Make a query over the dashboard's time range of what rules record: its steps are no shorter than theirs."""
    return core.Target(expr=expr, legendFormat=legend, interval=RECORDED_EVERY, datasource=DATASOURCE)


def instant(expr: str, legend: str = "") -> core.Target:
    """Make a query at the end of the dashboard's time range."""
    return core.Target(expr=expr, legendFormat=legend, instant=True, datasource=DATASOURCE)


def as_rows(expr: str) -> core.Target:
    """Make an instant query whose series become rows, with a column for each label."""
    return core.Target(expr=expr, format=core.TABLE_TARGET_FORMAT, instant=True, datasource=DATASOURCE)


def lettered(targets: Iterable[core.Target]) -> list[core.Target]:
    """Give the queries of a panel their ref ids: A, B, C and so on."""
    listed = list(targets)
    for target, ref in zip(listed, string.ascii_uppercase, strict=False):
        target.refId = ref
    return listed


def unit_of(metric: Metric) -> str:
    """Return Grafana's id of the metric's unit."""
    return GRAFANA_UNITS[metric.unit]


def describe(metric: Metric, what: str = "") -> str:
    """Write a panel's description: what it shows, how to read it, who emits it."""
    return (
        f"{what or metric.help + '.'}\n\n**How to read it:** {metric.read}\n\n"
        f"**Emitted by:** {metric.source.value}, as `{metric}`."
    )


def steps(base: str, *above: Step) -> list[core.Threshold]:
    """Make thresholds: the colour ``base`` below the first of ``above`` (value, colour)."""
    colors = ((0.0, base), *above)
    return [core.Threshold(color, index, float(value)) for index, (value, color) in enumerate(colors)]


def words(codes: type[Code]) -> list[dict[str, Any]]:
    """Map value codes to coloured words, so that no panel shows a bare code."""
    options = {str(code): {"text": code.word, "color": code.color, "index": i} for i, code in enumerate(codes)}
    return [{"type": "value", "options": options}]


def words_of(codes: type[Code]) -> str:
    """List value codes with their words, for a description."""
    return ", ".join(f"{code.word} {code}" for code in codes)


def by(*labels: Label) -> str:
    """Write ``by (a, b)``."""
    return f"by ({', '.join(map(str, labels))})"


def on(*labels: Label) -> str:
    """Write ``on (a, b)``."""
    return f"on ({', '.join(map(str, labels))})"


def link(title: str, url: str) -> Link:
    """Make a data link that opens in a new tab."""
    return {"title": title, "url": url, "targetBlank": True}


def field(label: Label) -> str:
    """Refer to the label's column of the same row in a data link, encoded for a URL."""
    return f"${{__data.fields.{label}:percentencode}}"


def override(name: str, properties: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Make a field override for the column or series of this name."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties],
    }


def colored_series(colors: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Make overrides that give series (by legend) fixed colours."""
    return [override(name, [("color", {"mode": "fixed", "fixedColor": color})]) for name, color in colors]
