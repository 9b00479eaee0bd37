"""Rule panel-unit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.checks.examples import messages, on_panel

IN_COLUMN = [{"matcher": {}, "properties": [{"id": "unit", "value": "s"}]}]
WORDS = [{"type": "value", "options": {"1": {"text": "success"}}}]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"fieldConfig": {"defaults": {}, "overrides": IN_COLUMN}},
        {"fieldConfig": {"defaults": {"mappings": WORDS}}},
        {"type": "text", "targets": [], "fieldConfig": None},
    ],
)
def test_panels_that_say_what_they_show_pass(fields: dict[str, Any]) -> None:
    """A unit for all, or for a column, or words for values; a text shows no values."""
    assert messages("panel-unit", on_panel(**fields)) == []


@pytest.mark.parametrize(
    "config", [None, {}, {"defaults": {"unit": ""}}, {"defaults": [], "overrides": {"id": "unit"}}]
)
def test_a_panel_without_unit_is_told(config: object) -> None:
    """Values without a unit are found."""
    (message,) = messages("panel-unit", on_panel(fieldConfig=config))
    assert message.startswith("the panel says no unit")
