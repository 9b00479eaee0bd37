"""A dashboard that is not what Grafana 11 to 13 expect.

Grafana ignores an option that it does not know, without a word: the panel just looks wrong.
The schemas are made from Grafana's own types.

Bad::

    {"type": "stat", "options": {"colorMode": "backgroundd"}}

Good::

    {"type": "stat", "options": {"colorMode": "background"}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "grafana-schema"


def check(context: Context) -> Iterator[Finding]:
    """Hold every dashboard against the schemas."""
    from dashgen.schema import check_dashboard  # noqa: PLC0415  (0.1 s that a build need not spend)

    for document in context.documents:
        if document.kind is Kind.DASHBOARD:
            for found in check_dashboard(document.root.data):
                yield Finding(document.root, str(found))
