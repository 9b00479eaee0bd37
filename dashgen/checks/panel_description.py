"""A panel without a title or without a description.

The description is what stands behind the i in its corner: what it shows, how to read it, who
emits it. Rows and texts need none; a panel from the library has its own.

Bad::

    {"type": "stat", "title": "Queue length"}

Good::

    {"type": "stat", "title": "Queue length", "description": "Jobs that wait. More than …"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context

NAME = "panel-description"

_EXEMPT = frozenset({"row", "text"})


def check(context: Context) -> Iterator[Finding]:
    """Look for both in every panel that shows data."""
    for document in context.documents:
        for panel in document.panels:
            if text_of(panel.data, "type") in _EXEMPT or "libraryPanel" in panel.data:
                continue
            for key in ("title", "description"):
                if not text_of(panel.data, key).strip():
                    yield Finding(panel, f"the panel has no {key}")
