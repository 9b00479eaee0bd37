"""Rule overlap."""

from __future__ import annotations

import pytest

from dashgen.checks.document import Document
from tests.unit.checks.examples import dashboard, findings, panel

Box = tuple[int, int, int, int]


def _panel(title: str, box: Box) -> dict[str, object]:
    return panel(title=title, gridPos=dict(zip("xywh", box, strict=True)))


def _found(*boxes: Box) -> list[str]:
    panels = [_panel(str(index), box) for index, box in enumerate(boxes)]
    document = Document.dashboard(dashboard(*panels), "x.json")
    return [f"{each.element.name}: {each.message}" for each in findings("overlap", document)]


@pytest.mark.parametrize("boxes", [[(0, 0, 12, 8), (12, 0, 12, 8), (0, 8, 24, 4)], [(0, 8, 4, 4), (0, 0, 24, 8)], []])
def test_panels_side_by_side_pass(boxes: list[Box]) -> None:
    """Panels may touch."""
    assert _found(*boxes) == []


def test_panels_over_each_other_are_told() -> None:
    """The lower one is found, and told what it lies over."""
    assert _found((0, 0, 12, 8), (12, 0, 12, 8), (11, 7, 4, 4)) == [
        '2: it lies over panel "0"',
        '2: it lies over panel "1"',
    ]


def test_a_closed_row_has_a_place_of_its_own() -> None:
    """Panels of a closed row do not lie over those below it, but may over each other."""
    box = (0, 1, 4, 4)
    row = {"type": "row", "title": "Row", "panels": [_panel("a", box)]}
    below = _panel("b", box)
    assert findings("overlap", Document.dashboard(dashboard(row, below), "x.json")) == []
    row["panels"] = [_panel("a", box), _panel("c", box)]
    assert len(findings("overlap", Document.dashboard(dashboard(row), "x.json"))) == 1


@pytest.mark.parametrize("position", [None, {}, {"x": 0, "y": 0, "w": "4", "h": 4}, [1, 2]])
def test_a_panel_without_a_place_lies_nowhere(position: object) -> None:
    """What is no position is left to the schema."""
    document = Document.dashboard(dashboard(panel(), panel(gridPos=position)), "x.json")
    assert findings("overlap", document) == []


def test_many_panels_are_compared_in_no_time() -> None:
    """A thousand panels in one spot are a thousand findings, not a million comparisons."""
    assert len(_found(*[(0, 0, 24, 8)] * 1_000)) == 999
