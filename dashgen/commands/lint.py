"""``dashgen lint``: hold dashboards, rule files, DAG files and Airflow's registry against the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from dashgen import airflow_registry, dag_files, report
from dashgen.checks import UNUSED_IGNORE, own_metrics
from dashgen.checks import run as run_rules
from dashgen.checks.read import read_all
from dashgen.commands import workspace
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from dashgen.commands.workspace import Workspace

RULE = "lint"


@dataclass(frozen=True)
class Asked:
    """What to look at: dashboards and rule files, DAG files, and an Airflow with a registry."""

    paths: Sequence[Path] = ()
    dags: Sequence[Path] = ()
    airflow: Path | None = None


def run(asked: Asked, config: Path | None, style: str) -> int:
    """Print what is wrong with what was named, or with the project's output; return the exit code.

    With DAG files or an Airflow, the output is looked at only where ``paths`` name it.

    Raises:
        DashgenError: the project is wrong, a file can't be read, or there is nothing to lint.

    """
    work = workspace.load(config)
    looks: list[Callable[[], tuple[int, list[Problem]]]] = []
    airflow = asked.airflow
    if asked.paths or not (asked.dags or airflow):
        looks.append(lambda: _documents(asked.paths, work))
    if asked.dags:
        looks.append(lambda: _dag_files(asked.dags, work))
    if airflow:
        looks.append(lambda: _registry(airflow, work))
    checked, problems, stopped = 0, set[Problem](), list[DashgenError]()
    for look in looks:
        try:
            number, found = look()
        except DashgenError as error:  # noqa: PERF203  (all problems at once)
            stopped.append(error)
        else:
            checked += number
            problems.update(found)
    if stopped:
        everything = [problem for error in stopped for problem in error.problems]
        raise DashgenError(everything, max(error.exit_code for error in stopped))
    told = report.FORMATS[style](sorted(problems))
    if told:
        click.echo(told)
    if style == "text" and not problems:
        click.echo(f"{report.counted(checked, 'file')} checked: no problems")
    return EXIT_FINDINGS if problems else 0


def _documents(paths: Sequence[Path], work: Workspace) -> tuple[int, list[Problem]]:
    """Look at dashboards and rule files: return how many there were, and what is wrong."""
    if not paths and not work.out.is_dir():
        hint = "Run dashgen build first, or name the files to lint."
        problem = Problem(Place(str(work.out)), RULE, "there is no output folder", hint)
        raise DashgenError([problem], EXIT_UNREACHABLE)
    documents, problems = read_all(paths or (work.out,))
    if not paths:
        # The output holds each dashboard and rule as a plain file, too.
        documents = [document for document in documents if not document.resource]
    project = work.project
    if not documents and not problems:
        hint = "Name a folder that holds some, or a file itself."
        raise _nothing(paths or (work.out,), "no dashboard and no rule file there", hint)
    # What is named is taken for someone else's: our conventions hold for our own output only.
    found = run_rules(documents, project.catalog, project.settings, foreign=bool(paths))
    if paths:
        # What an exception is for may be in a file that was not named.
        found = [problem for problem in found if problem.rule != UNUSED_IGNORE]
    return len(documents), [*problems, *found]


def _dag_files(paths: Sequence[Path], work: Workspace) -> tuple[int, list[Problem]]:
    """Look at DAG files, as at documents."""
    files, problems = dag_files.read_all(paths)
    if not files and not problems:
        raise _nothing(paths, "no Python file there", "Name the folder that holds the DAG files.")
    return len(files), [*problems, *own_metrics.check(files, work.project.catalog)]


def _registry(airflow: Path, work: Workspace) -> tuple[int, list[Problem]]:
    """Look at the registry of an Airflow, as at documents."""
    if not work.project.settings.statsd.enabled:
        hint = "Set enabled = true under [statsd], or leave out --airflow."
        place = work.project.settings.source.place("statsd", "enabled")
        message = "StatsD is off, so the catalog has nothing that Airflow's registry lists"
        raise DashgenError([Problem(place, RULE, message, hint)], EXIT_USAGE)
    file = airflow_registry.find(airflow)
    registered = airflow_registry.read(file)
    return 1, list(airflow_registry.differences(registered, work.project.catalog, file))


def _nothing(paths: Sequence[Path], message: str, hint: str) -> DashgenError:
    return DashgenError([Problem(Place(", ".join(map(str, paths))), RULE, message, hint)], EXIT_USAGE)
