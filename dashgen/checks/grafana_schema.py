"""A dashboard that is not what Grafana 11 to 13 expect.

Grafana ignores an option that it does not know, without a word: the panel just looks wrong.
The schemas are made from Grafana's own types. In a foreign dashboard, only wrong values of
known options are told, and a target only if it asks Prometheus: the rest is not ours to know.

Bad::

    {"type": "stat", "options": {"colorMode": "backgroundd"}}

Good::

    {"type": "stat", "options": {"colorMode": "background"}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, Kind
from dashgen.checks.expressions import speaks_promql

if TYPE_CHECKING:
    from dashgen.checks.context import Context
    from dashgen.checks.document import Data

NAME = "grafana-schema"

# A dashboard holds panels and rows, and rows hold panels.
_DEEPEST_ROW = 1


def check(context: Context) -> Iterator[Finding]:
    """Hold every dashboard against the schemas."""
    from dashgen.schema import check_dashboard  # noqa: PLC0415  (0.1 s that a build need not spend)

    for document in context.documents:
        if document.kind is Kind.DASHBOARD:
            data = document.root.data
            checked = _known_parts(data) if context.foreign else data
            for found in check_dashboard(checked, strict=not context.foreign):
                yield Finding(document.root, str(found))


def _known_parts(holder: Data, depth: int = 0) -> Data:
    """Empty the targets in a dashboard that ask something else than Prometheus."""
    known = dict(holder)
    panels, targets = holder.get("panels"), holder.get("targets")
    if isinstance(panels, list) and depth <= _DEEPEST_ROW:
        known["panels"] = [_known_parts(each, depth + 1) if isinstance(each, Mapping) else each for each in panels]
    if isinstance(targets, list) and depth:
        known["targets"] = [each if _asks_prometheus(each, holder) else {} for each in targets]
    return known


def _asks_prometheus(target: object, panel: Data) -> bool:
    return not isinstance(target, Mapping) or speaks_promql(target.get("datasource"), panel.get("datasource"))
