"""Rule panel-description."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.checks.examples import messages, on_panel


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"type": "row", "description": "", "title": ""},
        {"type": "text", "description": "", "title": ""},
        {"libraryPanel": {"uid": "x"}, "description": ""},
    ],
)
def test_described_panels_pass(fields: dict[str, Any]) -> None:
    """Rows and texts need no description, and a library panel has its own."""
    assert messages("panel-description", on_panel(**fields)) == []


@pytest.mark.parametrize("missing", [None, "", "  ", 5])
def test_a_panel_without_title_or_description_is_told(missing: object) -> None:
    """Both are found, each by itself."""
    document = on_panel(description=missing, title=missing)
    assert messages("panel-description", document) == [
        "the panel has no title.",
        "the panel has no description.",
    ]
