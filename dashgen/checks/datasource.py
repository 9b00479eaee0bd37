"""A panel, target, variable or annotation without a data source, or with a fixed one.

Without one Grafana takes its default, whichever that is; a fixed uid exists in one Grafana
only. A reference to a variable works everywhere.

Bad::

    "datasource": {"type": "prometheus", "uid": "P1809F7CD0C75ACF3"}

Good::

    "datasource": {"type": "prometheus", "uid": "${datasource}"}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, dicts, shown, text_of
from dashgen.promql_variables import references

if TYPE_CHECKING:
    from dashgen.checks.context import Context
    from dashgen.checks.document import Data, Element

NAME = "datasource"

# Grafana's own: its built-in annotations, mixed panels, panels that show another's data, and
# expressions that the server computes.
_BUILT_IN = frozenset({"-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__", "-100"})
_QUERYING = frozenset({"query", "adhoc", "groupby"})


def check(context: Context) -> Iterator[Finding]:
    """Look at everything in a dashboard that asks a data source."""
    for document in context.documents:
        for panel in document.panels:
            yield from _panel(panel)
        for variable in document.variables:
            if text_of(variable.data, "type") in _QUERYING:
                yield from _judge(variable, variable.data, "the variable")
        for annotation in document.annotations:
            if annotation.data.get("builtIn") != 1:
                yield from _judge(annotation, annotation.data, "the annotation")


def _panel(panel: Element) -> Iterator[Finding]:
    targets = dicts(panel.data.get("targets"))
    if targets:
        yield from _judge(panel, panel.data, "the panel")
    for target in targets:
        yield from _judge(panel, target, f"target {shown(target.get('refId'))}")


def _judge(element: Element, data: Data, what: str) -> Iterator[Finding]:
    reference = data.get("datasource")
    uid = reference.get("uid") if isinstance(reference, Mapping) else reference
    hint = 'Write {"type": "prometheus", "uid": "${datasource}"}, with a variable of that name.'
    if not isinstance(uid, str) or not uid:
        yield Finding(element, f"{what} names no data source", hint)
    elif uid not in _BUILT_IN and not any(references(uid)):
        message = f"{what} is bound to the data source {shown(uid)} of one Grafana"
        yield Finding(element, message, hint)
