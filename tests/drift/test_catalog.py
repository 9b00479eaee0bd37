"""Drift on the side of the catalog: a metric is defined otherwise, dashboards and rules are as they were."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashgen import manifest
from dashgen.build import build
from dashgen.catalog.labels import AIRFLOW_TASKS
from dashgen.catalog.model import Gauge, Metric
from dashgen.catalog.terms import Code, MetricType, Source, Unit
from dashgen.checks.context import series
from dashgen.problems import Place, Problem
from tests.drift import sides

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dashgen.contract import Contract
    from dashgen.definitions import Project

NEW_CODE = 77
OTHER_TYPE = {
    MetricType.GAUGE: MetricType.COUNTER,
    MetricType.COUNTER: MetricType.GAUGE,
    MetricType.SUMMARY: MetricType.GAUGE,
}
# What tells that a metric is no longer of a type.
RULES_OF_TYPE = {
    MetricType.GAUGE: {"counter-rate"},
    MetricType.COUNTER: {"gauge-rate"},
    MetricType.SUMMARY: {"unknown-metric", "unknown-label"},
}
CODES = [(metric, code) for metric in sides.CATALOG for code in metric.codes or ()]


def _groups() -> dict[str, tuple[Metric, ...]]:
    """Return each metric of the listener by itself, and the others by module: a build for each would take minutes."""
    groups: defaultdict[str, tuple[Metric, ...]] = defaultdict(tuple)
    for metric in sides.CATALOG:
        alone = metric.source is Source.LISTENER
        groups[metric.name if alone else Path(metric.place.file).stem] += (metric,)
    return groups


_each_group = pytest.mark.parametrize("metrics", _groups().values(), ids=_groups())
_each_code = pytest.mark.parametrize(
    ("metric", "code"), CODES, ids=[f"{metric}-{code.name.lower()}" for metric, code in CODES]
)


def _caught_where_defined(problems: Iterable[Problem], metric: Metric, *names: str) -> Problem:
    place = replace(metric.place, subject=f"metric {metric.name}")
    return sides.caught(problems, place, metric.name, *names)


def _recoded(metric: Metric, code: Code, value: int | None) -> type[Code]:
    """Return a metric's codes with another number for one of them, or without it."""
    members = {
        each.name: (value if each is code else int(each), each.word, each.color)
        for each in metric.codes or ()
        if not (each is code and value is None)
    }
    functional: Any = Code
    recoded: type[Code] = functional("Recoded", members)
    return recoded


@pytest.mark.parametrize(
    "project",
    [
        sides.without(*sides.CATALOG),
        sides.all_instead({metric: replace(metric, type=OTHER_TYPE[metric.type]) for metric in sides.CATALOG}),
        sides.all_instead({metric: replace(metric, name=f"{metric.name}s") for metric in sides.CATALOG}),
        sides.all_instead({metric: replace(metric, labels=(), tags=(), jobs=()) for metric in sides.CATALOG}),
        sides.all_instead({metric: replace(metric, codes=_recoded(metric, code, None)) for metric, code in CODES}),
    ],
    ids=["removed", "type", "renamed", "labels", "codes"],
)
def test_a_whole_build_tells_the_same(project: Project) -> None:
    """The catalog changes nothing in rendered dashboards and rules: a whole build tells what `told` does."""
    built = build(project)
    assert [each.root.data for each in built.context.documents] == [*sides.DASHBOARDS.values(), *sides.RULES.values()]
    assert list(built.problems) == sorted(set(sides.told(project)))
    assert built.problems


@_each_group
def test_removed_while_used(metrics: tuple[Metric, ...]) -> None:
    """A metric that the catalog has no more is told at each panel, variable, rule and event that names it."""
    problems = sides.told(sides.without(*metrics))
    for metric in metrics:
        for spot in sides.spots_of(metric):
            for name in sides.named(spot, metric):
                sides.caught_at(problems, spot, name)
        events = sides.CATALOG.events_setting(metric)
        for event in events:
            sides.caught(problems, event.place, metric.name, event.name)
        assert sides.spots_of(metric) or events or metric.unused_because


@_each_group
def test_type_changed(metrics: tuple[Metric, ...], committed: Contract) -> None:
    """A metric of another type breaks the contract, and the queries that read it as it was."""
    changed = {metric: replace(metric, type=OTHER_TYPE[metric.type]) for metric in metrics}
    problems = sides.rebuilt(sides.all_instead(changed), committed)
    for metric, other in changed.items():
        _caught_where_defined(problems, metric, metric.type.value, other.type.value)
        spots = {(spot.definition.file, spot.definition.line) for spot in sides.spots_of(metric)}
        names = "|".join(map(sides.word, series(metric)))
        rules = RULES_OF_TYPE[metric.type]
        misread = [each for each in problems if each.rule in rules and re.search(names, each.message)]
        assert {(each.place.file, each.place.line) for each in misread} <= spots
        assert bool(misread) == bool(spots)


@_each_group
def test_unit_changed(metrics: tuple[Metric, ...], committed: Contract) -> None:
    """A metric of another unit breaks the contract, which says both units."""
    changed = {
        metric: replace(metric, unit=Unit.BYTES if metric.unit is Unit.RATIO else Unit.RATIO) for metric in metrics
    }
    problems = sides.broken(sides.all_instead(changed), committed)
    for metric, other in changed.items():
        _caught_where_defined(problems, metric, metric.unit.value or "none", other.unit.value)


@_each_code
@pytest.mark.parametrize("value", [NEW_CODE, None], ids=["changed", "removed"])
def test_code_changed_or_removed(metric: Metric, code: Code, value: int | None, committed: Contract) -> None:
    """A code with another number, or none, breaks the contract; comparisons and words of its old number are told."""
    problems = sides.rebuilt(sides.instead(metric, codes=_recoded(metric, code, value)), committed)
    _caught_where_defined(problems, metric, code.word, str(code), *([] if value is None else [str(value)]))
    for spot in (*sides.comparing(metric, code), *(shown for shown, _ in sides.mapping(metric))):
        sides.caught_at(problems, spot, metric.name, str(code))


@_each_group
def test_renamed(metrics: tuple[Metric, ...], committed: Contract) -> None:
    """A new name breaks the contract, unless the metric says its old one, and each query that still has that."""
    silent = {metric: replace(metric, name=f"{metric.name}s") for metric in metrics}
    problems = sides.broken(sides.all_instead(silent), committed)
    for metric in metrics:
        problem = sides.caught(problems, Place(manifest.NAME, 0, f"metric {metric.name}"), "gone")
        assert f"renamed_from={metric.name!r}" in problem.hint

    said = sides.all_instead({old: replace(new, renamed_from=old.name) for old, new in silent.items()})
    assert sides.broken(said, committed) == []
    told = sides.told(said)
    for metric, new in silent.items():
        for spot in sides.spots_of(metric):
            for name in sides.named(spot, metric):
                hint = f"It is now {name.replace(metric.name, new.name)}."
                assert sides.caught_at(told, spot, name).hint == hint


@pytest.mark.parametrize(
    ("name", "source", "emitter"),
    [
        ("task_moon_phase", Source.LISTENER, "event"),
        ("task:task_moon_phase:max", Source.RECORDING_RULE, "recording rule"),
    ],
)
def test_added_for_nobody_by_nobody(name: str, source: Source, emitter: str) -> None:
    """A metric that nothing uses and nothing emits is told twice, at its definition."""
    new = Gauge(name, help="Moon", read="As it is.", source=source, owner="team", jobs=(AIRFLOW_TASKS,))
    problems = sides.told(sides.plus(new))
    assert {problem.rule for problem in problems} == {"unused-metric", "unemitted-metric"}
    for said in ("dashboard", emitter):
        sides.caught(problems, new.place, name, said)


def test_added_twice() -> None:
    """A second definition of a metric is told at both."""
    first = sides.CATALOG.metrics[0]
    second = replace(first, help="Other", place=Place("other.py", 7))
    problems = sides.told(sides.plus(second))
    for place in (first.place, second.place):
        sides.caught(problems, place, first.name, "more than once")
