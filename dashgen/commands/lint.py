"""``dashgen lint``: hold dashboards and rule files against the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dashgen import report
from dashgen.checks import UNUSED_IGNORE
from dashgen.checks import run as run_rules
from dashgen.checks.read import read_all
from dashgen.commands import workspace
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RULE = "lint"


def run(paths: Sequence[Path], config: Path | None, style: str) -> int:
    """Print what is wrong with files and folders, or with the project's output; return the exit code.

    Raises:
        DashgenError: the project is wrong, a file can't be read, or there is nothing to lint.

    """
    work = workspace.load(config)
    if not paths and not work.out.is_dir():
        hint = "Run dashgen build first, or name the files to lint."
        problem = Problem(Place(str(work.out)), RULE, "there is no output folder", hint)
        raise DashgenError([problem], EXIT_UNREACHABLE)
    documents, problems = read_all(paths or (work.out,))
    project = work.project
    if not documents and not problems:
        named = Place(", ".join(map(str, paths or (work.out,))))
        hint = "Name a folder that holds some, or a file itself."
        raise DashgenError([Problem(named, RULE, "no dashboard and no rule file there", hint)], EXIT_USAGE)
    # What is named is taken for someone else's: our conventions hold for our own output only.
    found = run_rules(documents, project.catalog, project.settings, foreign=bool(paths))
    if paths:
        # What an exception is for may be in a file that was not named.
        found = [problem for problem in found if problem.rule != UNUSED_IGNORE]
    problems = sorted({*problems, *found})
    told = report.FORMATS[style](problems)
    if told:
        click.echo(told)
    if style == "text" and not problems:
        click.echo(f"{report.counted(len(documents), 'file')} checked: no problems")
    return EXIT_FINDINGS if problems else 0
