"""Drift on the side of the generated files: a name or a number in them is changed, the catalog is not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from dashgen.problems import Place
from tests.drift import sides

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashgen.catalog.model import Metric
    from dashgen.problems import Problem

STATES = [metric for metric in sides.CATALOG if metric.codes]
NO_CODE = "77"


def _lint(folder: Path, spot: sides.Spot, text: str) -> list[Problem]:
    return sides.lint(folder, spot.file, sides.planted(spot.file, spot.keys, text))


def _assert_rename_caught(folder: Path, metric: Metric, spots: Iterable[sides.Spot]) -> None:
    renamed = f"{metric.name}s"
    for spot in spots:
        for name in sides.named(spot, metric):
            new = name.replace(metric.name, renamed)
            problems = _lint(folder, spot, spot.replaced(name, new))
            problem = sides.caught(problems, Place(str(folder / spot.file), 0, spot.subject), new)
            assert name in problem.hint


@pytest.mark.parametrize("metric", sides.CATALOG.metrics, ids=str)
def test_renamed_on_a_dashboard(metric: Metric, tmp_path: Path) -> None:
    """A metric that has another name in a panel or a variable is told there, with the name that is meant."""
    spots = [spot for spot in sides.ON_DASHBOARDS if sides.named(spot, metric)]
    assert spots or sides.spots_of(metric) or metric.unused_because
    _assert_rename_caught(tmp_path, metric, spots)


@pytest.mark.parametrize("metric", sides.CATALOG.metrics, ids=str)
def test_renamed_in_a_rule(metric: Metric, tmp_path: Path) -> None:
    """A metric that has another name in a rule's expression is told there, with the name that is meant."""
    spots = [spot for spot in sides.IN_RULES if sides.named(spot, metric)]
    assert spots or sides.spots_of(metric) or metric.unused_because
    _assert_rename_caught(tmp_path, metric, spots)


@pytest.mark.parametrize("metric", STATES, ids=str)
def test_compared_with_another_number(metric: Metric, tmp_path: Path) -> None:
    """A state compared with a number that is no code of it is told, in each panel and rule that compares it."""
    assert metric.codes
    for code in metric.codes:
        for spot in sides.comparing(metric, code):
            text = re.sub(sides.comparison(metric, code), rf"\g<before>{NO_CODE}", spot.text)
            problems = _lint(tmp_path, spot, text)
            sides.caught(problems, Place(str(tmp_path / spot.file), 0, spot.subject), metric.name, NO_CODE)


@pytest.mark.parametrize("metric", STATES, ids=str)
def test_mapped_from_another_number(metric: Metric, tmp_path: Path) -> None:
    """A panel that has a word for a number that is no code is told, whatever its code."""
    shown = sides.mapping(metric)
    assert shown
    for spot, keys in shown:
        data = sides.planted(spot.file, (*keys, NO_CODE), {"text": "odd"})
        problems = sides.lint(tmp_path, spot.file, data)
        sides.caught(problems, Place(str(tmp_path / spot.file), 0, spot.subject), metric.name, NO_CODE)


def test_every_kind_of_place_is_planted_in() -> None:
    """The expressions that are changed are those of panels, in collapsed rows too, variables and both kinds of rule."""
    kinds = {spot.subject.partition(" ")[0] for spot in sides.SPOTS}
    assert kinds == {"panel", "variable", "record", "alert"}
    assert any(spot.keys.count("panels") == 2 for spot in sides.ON_DASHBOARDS)
    assert sum(len(sides.comparing(metric, code)) for metric in STATES for code in metric.codes or ()) > 20
