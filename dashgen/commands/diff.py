"""``dashgen diff``: the meaning of what changed since a commit, or against another folder."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from dashgen import contract, manifest
from dashgen.build import build
from dashgen.commands import workspace
from dashgen.diff import earlier
from dashgen.diff.difference import difference
from dashgen.diff.markdown import markdown
from dashgen.problems import EXIT_FINDINGS, DashgenError

if TYPE_CHECKING:
    from pathlib import Path

    from dashgen.diff.model import Change, Difference


def run(since: str, config: Path | None, out: Path | None, style: str) -> int:
    """Print how the current definitions' output differs; return 1 when that breaks something.

    Raises:
        DashgenError: the project has problems, or the earlier output can't be read.

    """
    work = workspace.load(config, out)
    before = earlier.read(since, work.out)
    built = build(work.project)
    if built.problems:
        raise DashgenError(built.problems)
    catalog = work.project.catalog
    made = manifest.of(built.files, contract.contract(catalog))
    renamed = {metric.renamed_from: metric.name for metric in catalog if metric.renamed_from}
    files = {**built.files, manifest.NAME: manifest.dump(made)}
    found = difference(before.files, files, renamed, before.name)
    click.echo(markdown(found, since) if style == "markdown" else json.dumps(_data(found, since), indent=2))
    return EXIT_FINDINGS if found.breaking else 0


def _data(found: Difference, since: str) -> dict[str, Any]:
    return {
        "since": since,
        "breaking": bool(found.breaking),
        "metrics": [{**asdict(change), "breaking": change.breaking} for change in found.metrics],
        "dashboards": list(map(asdict, found.dashboards)),
        "alerts": list(map(asdict, found.alerts)),
        "recording_rules": list(map(asdict, found.recording_rules)),
        "files": [_file(change) for change in found.files],
    }


def _file(change: Change) -> dict[str, str]:
    return {"kind": change.kind, "name": change.name}
