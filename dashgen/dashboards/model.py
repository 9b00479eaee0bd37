"""What a dashboard is made of, before it is laid out and rendered.

The contents are grafanalib's objects; around them is what grafanalib has no room for: a
stable key, the catalog's metrics that a panel shows, and where it is defined.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashgen.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grafanalib import core

PANEL_ID_LIMIT = 2**31

# In a panel's description, so that the dashboard's file says it, to people too.
_EMPTY_WHEN = "**Empty when:**"
_IS_EMPTY_WHEN = re.compile(rf"^{re.escape(_EMPTY_WHEN)}\s*(\S.*)$", re.MULTILINE)


def empty_when(description: str) -> str:
    """Return why a panel of this description may have no data when all is well, empty if it may not."""
    found = _IS_EMPTY_WHEN.search(description)
    return found[1].strip() if found else ""


@dataclass(frozen=True)
class Panel:
    """A panel: grafanalib's object without id and position, and what it is about.

    ``key`` is unique in its dashboard and must not change, since the panel's id follows from
    it. ``width`` and ``height`` are in Grafana's grid units (24 to a row). ``may_be_empty``
    tells why no data is fine when all is well.
    """

    key: str
    content: core.Panel
    width: int
    height: int
    may_be_empty: str = ""
    place: Place = field(default_factory=lambda: Place.of_caller(__file__), compare=False, repr=False)

    @property
    def description(self) -> str:
        """The description that Grafana shows: the content's, and when the panel may be empty."""
        said = self.content.description or ""
        return f"{said}\n\n{_EMPTY_WHEN} {self.may_be_empty}".lstrip() if self.may_be_empty else said


@dataclass(frozen=True)
class Row:
    """A row of panels under a title; collapsed rows load when they are opened."""

    key: str
    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = False


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: the file that it becomes, its identity in Grafana, and its rows.

    ``key`` is the short name by which alerts refer to panels (``v3/attention``). ``uid`` has
    at most 40 characters (Grafana's limit). ``span`` is the default time range (``6h``).
    """

    key: str
    file: str
    uid: str
    title: str
    description: str
    tags: tuple[str, ...]
    rows: tuple[Row, ...]
    variables: tuple[core.Template, ...] = ()
    links: tuple[core.DashboardLink, ...] = ()
    annotations: tuple[dict[str, object], ...] = ()
    span: str = "6h"
    refresh: str = "1m"
    place: Place = field(default_factory=lambda: Place.of_caller(__file__), compare=False, repr=False)

    def panels(self) -> Iterator[Panel]:
        """Iterate over the panels, collapsed rows included."""
        for row in self.rows:
            yield from row.panels

    def panel_id(self, key: str) -> int:
        """Return the id of the panel or row with this key: stable, positive, below 2^31."""
        digest = hashlib.sha256(f"{self.key}/{key}".encode()).digest()
        return 1 + int.from_bytes(digest[:8], "big") % (PANEL_ID_LIMIT - 1)
