"""A panel, target, variable or annotation without a data source, or with a fixed one.

Without one Grafana takes its default, whichever that is; a fixed uid exists in one Grafana
only. A reference to a variable works everywhere. A target without one has its panel's, unless
that is mixed.

Bad::

    "datasource": {"type": "prometheus", "uid": "P1809F7CD0C75ACF3"}

Good::

    "datasource": {"type": "prometheus", "uid": "${datasource}"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, dicts, shown, text_of
from dashgen.checks.expressions import COMPUTED, MIXED, kind_of, uid_of
from dashgen.promql_variables import references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context
    from dashgen.checks.document import Data, Element

NAME = "datasource"

_BUILT_IN = COMPUTED | {MIXED}
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
    if not targets or text_of(panel.data, "type") == "row":
        return
    yield from _judge(panel, panel.data, "the panel")
    given = panel.data.get("datasource")
    for target in targets:
        if uid_of(given) == MIXED or target.get("datasource") not in (None, given):
            yield from _judge(panel, target, f"target {shown(target.get('refId'))}")


def _judge(element: Element, data: Data, what: str) -> Iterator[Finding]:
    reference = data.get("datasource")
    uid = uid_of(reference)
    kind = shown(kind_of(reference) or "prometheus")
    hint = f'Write {{"type": "{kind}", "uid": "${{datasource}}"}}, with a variable of that name.'
    if not uid:
        yield Finding(element, f"{what} names no data source", hint)
    elif uid not in _BUILT_IN and not any(references(uid)):
        message = f"{what} is bound to the data source {shown(uid)} of one Grafana"
        yield Finding(element, message, hint)
