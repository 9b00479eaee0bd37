"""``dashgen init``: write a project to start from, or what an Airflow deployment needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dashgen import scaffold
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from pathlib import Path

RULE = "init"


def run(folder: Path, *, airflow: bool) -> int:
    """Write the files of a new project, or of an Airflow deployment, into a folder; return the exit code.

    Raises:
        DashgenError: one of them is there already, or the system refuses to write.

    """
    start = scaffold.AIRFLOW if airflow else scaffold.PROJECT
    files = {folder / path: text for path, text in scaffold.files(start).items()}
    hint = f"Name a folder of its own: dashgen init {'--airflow ' if airflow else ''}DIR"
    there = [Problem(Place(str(file)), RULE, "is there already", hint) for file in files if file.exists()]
    if there:
        raise DashgenError(there, EXIT_USAGE)
    for file, text in files.items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            problem = Problem(Place(str(error.filename or file)), RULE, f"can't be written: {error.strerror}")
            raise DashgenError([problem], EXIT_UNREACHABLE) from None
        click.echo(f"written {file}")
    if airflow:
        click.echo(f"Next: set the gateway's address in {folder / 'airflow.env'}, and follow {folder / 'README.md'}")
    else:
        click.echo(f"Next: {'' if folder.samefile('.') else f'cd {folder} && '}dashgen build && pytest")
    return 0
