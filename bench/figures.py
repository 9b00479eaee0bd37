"""What was measured, and how it is printed."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_DIGITS = 3
_HEADINGS = ("measured", "figure", "target", "")


@dataclass(frozen=True)
class Figure:
    """One figure: what it is of, in which unit, and the most that it should be, if it has a target."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the figure meets its target; None where it has none."""
        return None if self.target is None else self.value <= self.target

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure as a line of the table."""
        target = "" if self.target is None else f"at most {self.target:g} {self.unit}"
        missed = "missed" if self.met is False else ""
        return (self.name, f"{self.value:.{_DIGITS}g} {self.unit}", target, missed)


def table(figures: Sequence[Figure]) -> str:
    """Write the figures as a plain table, with a line for each."""
    lines = [_HEADINGS, *(figure.cells for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def as_json(figures: Sequence[Figure]) -> str:
    """Write the figures as JSON, with the Python that they were measured on."""
    listed = [{**asdict(figure), "met": figure.met} for figure in figures]
    return json.dumps({"python": platform.python_version(), "figures": listed}, indent=2)
