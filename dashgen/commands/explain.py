"""``dashgen explain``: say what a metric, an alert or a panel is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from dashgen.build import build
from dashgen.commands import workspace
from dashgen.explain import Explanation, explain
from dashgen.usage import uses

if TYPE_CHECKING:
    from pathlib import Path


def run(name: str, config: Path | None, style: str) -> int:
    """Print what has this name; return the exit code.

    Raises:
        DashgenError: the project is wrong, or nothing has this name.

    """
    project = workspace.load(config).project
    found = explain(project, uses(build(project).context), name)
    if style == "json":
        click.echo(json.dumps([_entry(each) for each in found], indent=2))
    else:
        click.echo("\n\n".join(map(str, found)))
    return 0


def _entry(found: Explanation) -> dict[str, object]:
    return {
        "kind": found.kind,
        "name": found.name,
        "file": found.place.shown_file,
        "line": found.place.line,
        "facts": {heading: list(facts) for heading, facts in found.facts.items() if facts},
    }
