"""The pure core: a project in, the text of every file and every problem out.

Build, check, diff and preview all start here; nothing below touches files, the network, the
environment or the clock.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from dashgen import checks, usage
from dashgen.catalog.validate import validate
from dashgen.checks.context import Context
from dashgen.checks.document import Document
from dashgen.checks.usage import check as check_usage
from dashgen.problems import Place, Problem
from dashgen.render import alertmanager, compose, docs, grafana, kubernetes, prometheus, provisioning, statsd, yamltext
from dashgen.rules.model import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.dashboards.model import Dashboard
    from dashgen.definitions import Project
    from dashgen.rules.model import Alert

_RULE_FILES = (f"{prometheus.RULES}/recording.yml", f"{prometheus.RULES}/alerts.yml")


@dataclass(frozen=True)
class Build:
    """What a project becomes: ``files`` maps a path below the output folder to its text.

    With ``problems`` nothing is fit to be written. ``context`` is what the rules looked at.
    """

    files: Mapping[str, str]
    problems: tuple[Problem, ...]
    context: Context


def build(project: Project) -> Build:
    """Render a project and hold it against its catalog; all problems are found at once."""
    # What is wrong with an alert itself can't be rendered, and would hide what else is wrong.
    unfit = list(prometheus.problems(project))
    boards = dashboards(project)
    configuration = {} if unfit else _configuration(project, boards)
    # Parsed again, so that text which is no YAML never leaves the build.
    parsed = {path: yamltext.load(text) for path, text in configuration.items() if not path.endswith(".env")}
    context = Context(tuple(_documents(project, boards, parsed)), project.catalog, project.settings)
    problems = [*_file_names(project), *unfit, *kubernetes.problems(project, boards)]
    problems += against_catalog(project, context, complete=not unfit)
    files = {
        **{path: grafana.dump(data) for path, data in boards.items()},
        **kubernetes.manifests(project, boards),
        **configuration,
        **docs.files(project, usage.uses(context)),
    }
    return Build(files, tuple(sorted(set(problems))), context)


def dashboards(project: Project) -> dict[str, dict[str, Any]]:
    """Return the dashboards alone, by the path of their file, as Grafana's JSON."""
    return {grafana.path_of(board): grafana.dashboard_json(board) for board in project.dashboards}


def against_catalog(project: Project, context: Context, *, complete: bool = True) -> list[Problem]:
    """Return what is wrong between a project's catalog and its dashboards and rules as they were rendered.

    Unless these are ``complete``, what they leave unused is not told.
    """
    problems = [*validate(project.catalog), *statsd.problems(project)]
    problems += checks.run(context.documents, project.catalog, project.settings, skip=checks.LINT_ONLY)
    if complete:
        records = (rule for group in project.recording for rule in group.rules if isinstance(rule, Record))
        problems += check_usage(context, records)
    return problems


def _configuration(project: Project, dashboards: Mapping[str, Any]) -> dict[str, str]:
    return {
        **prometheus.files(project),
        **alertmanager.files(project),
        **provisioning.files(project),
        **compose.files(project.settings),
        **kubernetes.files(project, dashboards),
        **statsd.files(project),
    }


def _documents(project: Project, dashboards: Mapping[str, Any], parsed: Mapping[str, Any]) -> Iterator[Document]:
    for board in project.dashboards:
        path = grafana.path_of(board)
        yield Document.dashboard(dashboards[path], path, places=_panel_places(board), place=board.place)
    groups = (*project.recording, *project.alerts)
    places = {group.name: group.place for group in groups}
    places |= {_name(rule): rule.place for group in groups for rule in group.rules}
    for path in _RULE_FILES:
        if path in parsed:
            yield Document.rules_file(parsed[path], path, places=places)


def _name(rule: Record | Alert) -> str:
    return rule.metric.name if isinstance(rule, Record) else rule.name


def _panel_places(board: Dashboard) -> dict[int, Place]:
    return {board.panel_id(panel.key): panel.place for panel in board.panels()}


def _file_names(project: Project) -> Iterator[Problem]:
    """Find dashboards that would overwrite each other or leave their folder."""
    counts = Counter(board.file for board in project.dashboards)
    for board in project.dashboards:
        place = Place(board.place.file, board.place.line, f'dashboard "{board.title}"')
        path = PurePosixPath(board.file)
        if path.name != board.file or path.suffix != ".json" or board.file.startswith("."):
            yield Problem(place, "file-name", f"{board.file!r} is not a plain file name that ends in .json")
        if counts[board.file] > 1:
            yield Problem(place, "file-name", f"another dashboard has the file {board.file} too")
