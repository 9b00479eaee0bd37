"""The two sides that can drift apart: the catalog, and the expressions in the generated files.

A drift is planted on one of them, with the other as it was. What stands where is found here
by reading the generated files, not by the code whose findings the tests are about.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from dashgen import checks, manifest, project
from dashgen.build import against_catalog, build
from dashgen.catalog.model import Catalog
from dashgen.checks.context import Context, series
from dashgen.checks.read import read_all
from dashgen.contract import breaking
from dashgen.render.grafana import path_of
from dashgen.rules.model import Record
from dashgen.settings import Settings
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from dashgen.catalog.model import Event, Metric
    from dashgen.contract import Contract
    from dashgen.definitions import Project
    from dashgen.problems import Place, Problem

PROJECT = project.load(Settings(), CHECKOUT)
CATALOG = PROJECT.catalog
BUILT = build(PROJECT)
FILES = BUILT.files
RULE_FILES = ("prometheus/rules/recording.yml", "prometheus/rules/alerts.yml")
DASHBOARDS: Mapping[str, Any] = {
    path: json.loads(text) for path, text in FILES.items() if path.startswith("grafana/dashboards/")
}
RULES: Mapping[str, Any] = {path: yaml.safe_load(FILES[path]) for path in RULE_FILES}


@dataclass(frozen=True)
class Spot:
    """An expression in a generated file: the keys that lead to it, and whose it is.

    ``subject`` is how a message names its panel, variable, annotation or rule; ``definition``
    is where that is defined.
    """

    file: str
    keys: tuple[str | int, ...]
    text: str
    subject: str
    definition: Place

    def names(self, name: str) -> bool:
        """Whether the expression holds this name as a whole word."""
        return re.search(word(name), self.text) is not None

    def replaced(self, old: str, new: str) -> str:
        """Return the expression with another name in place of each ``old``."""
        return re.sub(word(old), new, self.text)


def word(name: str) -> str:
    """Return a regular expression of a name as a whole word, also among the colons of recorded names."""
    return rf"(?<!\w)(?<!\w:){re.escape(name)}(?!\w|:\w)"


def _on_dashboards() -> Iterator[Spot]:
    for board in PROJECT.dashboards:
        file = path_of(board)
        data = DASHBOARDS[file]
        places = {board.panel_id(panel.key): panel.place for panel in board.panels()}
        for keys, panel in _panels(data):
            subject = f'panel "{panel["title"]}"'
            for index, target in enumerate(panel.get("targets", ())):
                yield Spot(file, (*keys, "targets", index, "expr"), target["expr"], subject, places[panel["id"]])
        for index, variable in enumerate(data["templating"]["list"]):
            if variable["type"] == "query":
                subject = f'variable "{variable["name"]}"'
                yield Spot(file, ("templating", "list", index, "query"), variable["query"], subject, board.place)


def _panels(data: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401  (JSON)
    for index, panel in enumerate(data["panels"]):
        yield ("panels", index), panel
        for inner, child in enumerate(panel.get("panels", ())):
            yield ("panels", index, "panels", inner), child


def _in_rules() -> Iterator[Spot]:
    for file, groups in zip(RULE_FILES, (PROJECT.recording, PROJECT.alerts), strict=True):
        for index, group in enumerate(groups):
            for number, rule in enumerate(group.rules):
                data = RULES[file]["groups"][index]["rules"][number]
                subject = f'record "{rule.metric}"' if isinstance(rule, Record) else f'alert "{rule.name}"'
                yield Spot(file, ("groups", index, "rules", number, "expr"), data["expr"], subject, rule.place)


ON_DASHBOARDS = tuple(_on_dashboards())
IN_RULES = tuple(_in_rules())
SPOTS = (*ON_DASHBOARDS, *IN_RULES)


def holder(spot: Spot) -> Any:  # noqa: ANN401  (JSON)
    """Return what an expression stands in: the target, variable or rule."""
    found: Any = DASHBOARDS.get(spot.file) or RULES[spot.file]
    for key in spot.keys[:-1]:
        found = found[key]
    return found


def spots_of(metric: Metric) -> tuple[Spot, ...]:
    """Return the expressions that name a metric."""
    return tuple(spot for spot in SPOTS if named(spot, metric))


def named(spot: Spot, metric: Metric) -> tuple[str, ...]:
    """Return the names of a metric's series that an expression holds: its own, and those of its parts."""
    return tuple(name for name in series(metric) if spot.names(name))


def comparison(metric: Metric, code: int) -> str:
    """Return a regular expression of a metric's value compared with a code; ``before`` is all but the code."""
    return rf"(?P<before>{word(metric.name)}(?:{{[^}}]*}})?[^,{{}}\n]*? [=!<>]=? (?:bool )?){code}(?![\w.])"


def comparing(metric: Metric, code: int) -> tuple[Spot, ...]:
    """Return the expressions that compare a metric's value with a code."""
    return tuple(spot for spot in SPOTS if re.search(comparison(metric, code), spot.text))


def mapping(metric: Metric) -> tuple[tuple[Spot, tuple[str | int, ...]], ...]:
    """Return the panels that map a metric's codes to words: an expression of each, and the keys to its mapping."""
    codes = {str(code): code.word for code in metric.codes or ()}
    found = {}
    for spot in ON_DASHBOARDS:
        if spot.names(metric.name) and spot.subject.startswith("panel"):
            for keys, options in _mappings(spot):
                if {number: shown["text"] for number, shown in options.items()} == codes:
                    found[spot.subject] = spot, keys
    return tuple(found.values())


def _mappings(spot: Spot) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Find the value mappings of a panel: of all its values, and of single columns."""
    path = (*spot.keys[:-3], "fieldConfig")
    config: Any = DASHBOARDS[spot.file]
    for key in path:
        config = config[key]
    for number, each in enumerate(config["defaults"].get("mappings", ())):
        yield (*path, "defaults", "mappings", number, "options"), each["options"]
    for index, override in enumerate(config["overrides"]):
        for place, setting in enumerate(override["properties"]):
            if setting["id"] == "mappings":
                keys = (*path, "overrides", index, "properties", place, "value", 0, "options")
                yield keys, setting["value"][0]["options"]


def planted(file: str, keys: tuple[str | int, ...], value: object) -> Any:  # noqa: ANN401  (JSON)
    """Return the data of a generated file with one value in it changed, or added."""
    data: Any = deepcopy(DASHBOARDS.get(file) or RULES[file])
    inner = data
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return data


def lint(folder: Path, file: str, data: Any) -> list[Problem]:  # noqa: ANN401  (JSON)
    """Write a generated file as it was changed, and return what lint finds in it."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data) if path.suffix == ".json" else yaml.safe_dump(data)
    path.write_text(text, encoding="utf-8")
    documents, problems = read_all([path])
    # Whether Grafana's types allow it is another matter, and takes longer than all the rest.
    return problems + checks.run(documents, CATALOG, PROJECT.settings, skip=checks.LINT_ONLY)


def broken(project: Project, committed: Contract) -> list[Problem]:
    """Return what a project breaks of the contract of the last build."""
    return breaking(committed, project.catalog, manifest.NAME)


def told(project: Project) -> list[Problem]:
    """Return what a build tells of the project with another catalog.

    Dashboards and rules are rendered without a look at the catalog: what they became once holds
    for each of the catalogs, and a test in test_catalog.py sees to that.
    """
    return against_catalog(project, Context(BUILT.context.documents, project.catalog, project.settings))


def rebuilt(project: Project, committed: Contract) -> list[Problem]:
    """Return all that a build of the project with another catalog tells, over the contract of the last one."""
    return [*told(project), *broken(project, committed)]


def without(*metrics: Metric) -> Project:
    """Return the project without some metrics in its catalog; all that uses them stays."""
    return replace(PROJECT, catalog=replace(CATALOG, metrics=tuple(each for each in CATALOG if each not in metrics)))


def plus(metric: Metric) -> Project:
    """Return the project with one more metric in its catalog."""
    return replace(PROJECT, catalog=replace(CATALOG, metrics=(*CATALOG, metric)))


def instead(metric: Metric, **fields: Any) -> Project:  # noqa: ANN401  (those of Metric)
    """Return the project with a metric defined otherwise; dashboards and rules stay."""
    return all_instead({metric: replace(metric, **fields)})


def all_instead(new: Mapping[Metric, Metric]) -> Project:
    """Return the project with some metrics defined otherwise; dashboards and rules stay.

    The catalog's events follow: they name the definition, not a copy of it.
    """

    def follow(event: Event) -> Event:
        sets = {kind: tuple(new.get(each, each) for each in event.sets[kind]) for kind in event.sets}
        return replace(event, sets=MappingProxyType(sets))

    metrics = tuple(new.get(each, each) for each in CATALOG)
    return replace(PROJECT, catalog=Catalog(metrics, tuple(map(follow, CATALOG.events))))


def caught(problems: Iterable[Problem], place: Place, *names: str) -> Problem:
    """Return the finding whose message says all of these names, at a place; its subject is the innermost.

    Without a line any line will do.
    """
    listed = list(problems)
    for problem in listed:
        at = problem.place
        here = at.file == place.file and place.line in (0, at.line) and at.subject.endswith(place.subject)
        # The place counts as well: a metric's own says which metric.
        if here and all(re.search(word(name), f"{at.subject}: {problem.message}") for name in names):
            return problem
    told = "\n".join(map(str, listed)) or "nothing"
    raise AssertionError(f"no message says {' and '.join(names)} at {place}; told was:\n{told}")


def caught_at(problems: Iterable[Problem], spot: Spot, *names: str) -> Problem:
    """Return the finding at the definition of what holds an expression."""
    return caught(problems, replace(spot.definition, subject=spot.subject), *names)
