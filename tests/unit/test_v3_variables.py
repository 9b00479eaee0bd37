"""V3's variables: those that a user chooses by, and those that nobody sees."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashgen.build import build
from dashgen.dashboards.variables import ALL
from dashgen.render.grafana import path_of
from tests.projects import builtin


@pytest.fixture(scope="module")
def board() -> dict[str, Any]:
    """Return V3 as Grafana reads it."""
    project = builtin()
    (v3,) = (each for each in project.dashboards if each.key == "v3")
    read: dict[str, Any] = json.loads(build(project).files[path_of(v3)])
    return read


@pytest.mark.parametrize("value", ["a", "sales.daily", "a|b"])
def test_all_can_be_told_from_a_choice(value: str) -> None:
    """All matches every value, the empty text, and every value again with something before it; no choice does."""
    assert all(re.fullmatch(ALL, text) for text in ("", value))
    assert re.fullmatch(f"#{ALL}", value)
    choice = f"({re.escape(value)}|other)"
    assert re.fullmatch(choice, value)
    assert not re.fullmatch(choice, "")
    assert not re.fullmatch(f"#{choice}", value)


def test_hidden_variables_hold_all_that_they_find(board: dict[str, Any]) -> None:
    """They are neither on the page nor in its address, put in each value, and follow those that a user chooses by."""
    listed = board["templating"]["list"]
    hidden = [variable for variable in listed if variable.get("hide")]
    assert [variable["name"] for variable in hidden] == [
        "troubled_dags",
        "inventory_dags",
        "worst_dags",
        "slowest_dags",
    ]
    assert listed[-len(hidden) :] == hidden
    for variable in hidden:
        assert (variable["hide"], variable["skipUrlSync"], variable["refresh"]) == (2, True, 2)
        assert variable["includeAll"]
        assert "allValue" not in variable
        assert variable["current"]["value"] == ["$__all"]


def test_hidden_variables_are_read(board: dict[str, Any]) -> None:
    """Each of them is in a query of a panel, as a matcher of DAGs."""
    panels = [inner for panel in board["panels"] for inner in (panel, *panel.get("panels", ()))]
    asked = " ".join(target["expr"] for panel in panels for target in panel.get("targets", ()))
    names = [variable["name"] for variable in board["templating"]["list"] if variable.get("hide")]
    assert all(f'dag_id=~"${name}"' in asked for name in names)
