"""Panels that lie over each other.

Grafana pushes one of them down, so that the dashboard looks otherwise than it was laid out.

Bad::

    {"gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}}, {"gridPos": {"x": 6, "y": 0, "w": 12, "h": 8}}

Good::

    {"gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}}, {"gridPos": {"x": 12, "y": 0, "w": 12, "h": 8}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from dashgen.checks.document import Finding, shown

if TYPE_CHECKING:
    from dashgen.checks.context import Context
    from dashgen.checks.document import Element

NAME = "overlap"


class _Box(NamedTuple):
    """Where a panel lies, in units of the grid; ``y`` grows downwards."""

    y: int
    x: int
    w: int
    h: int

    def overlaps(self, other: _Box) -> bool:
        """Whether the two have an area in common."""
        return (
            self.x < other.x + other.w
            and other.x < self.x + self.w
            and self.y < other.y + other.h
            and other.y < self.y + self.h
        )


def check(context: Context) -> Iterator[Finding]:
    """Compare the panels that lie in one list: those of a closed row have a place of their own."""
    for document in context.documents:
        for together in document.panel_lists:
            yield from _overlaps(together)


def _overlaps(panels: tuple[Element, ...]) -> Iterator[Finding]:
    """Compare each panel, from top to bottom, with those that start no lower than it ends."""
    placed = sorted(
        ((box, panel) for panel in panels if (box := _box(panel)) is not None),
        key=lambda each: each[0],
    )
    for index, (box, panel) in enumerate(placed):
        for other_box, other in placed[index + 1 :]:
            if other_box.y >= box.y + box.h:
                break
            if box.overlaps(other_box):
                yield Finding(other, f'it lies over panel "{shown(panel.name)}"')
                break


def _box(panel: Element) -> _Box | None:
    position = panel.data.get("gridPos")
    if not isinstance(position, Mapping):
        return None
    numbers = [position.get(key) for key in _Box._fields]
    whole = [number for number in numbers if isinstance(number, int)]
    return _Box(*whole) if len(whole) == len(numbers) else None
