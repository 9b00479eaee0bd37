"""``dashgen build``: write the output folder, or say how it differs from the definitions."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dashgen import contract, manifest, output
from dashgen.build import build
from dashgen.commands import workspace
from dashgen.problems import EXIT_FINDINGS, DashgenError
from dashgen.report import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from dashgen.output import Drift, Summary

DIFF_LINES = 40
DIFF_WIDTH = 200
UNKNOWN_SHOWN = 10


def run(config: Path | None, out: Path | None, *, check: bool, accept_breaking: bool, style: str) -> int:
    """Build the project and write it, or compare only; return the exit code.

    Raises:
        DashgenError: the project has problems, breaks its contract, or can't be written.

    """
    work = workspace.load(config, out)
    built = build(work.project)
    catalog = work.project.catalog
    problems = list(built.problems)
    if not accept_breaking:
        committed = manifest.read(work.out).contract
        problems += contract.breaking(committed, catalog, str(work.out / manifest.NAME))
    if problems:
        raise DashgenError(problems)
    terms = contract.contract(catalog)
    if check:
        return _tell_drift(work.out, output.compare(work.out, built.files, terms), style)
    _tell_summary(work.out, output.write(work.out, built.files, terms), style)
    return 0


def _tell_summary(out: Path, summary: Summary, style: str) -> None:
    if style == "json":
        click.echo(json.dumps({"out": str(out), **asdict(summary)}, indent=2))
        return
    for path in summary.removed:
        edited = ", though it was edited by hand" if path in summary.edited else ""
        click.echo(f"removed {out / path}: no longer made{edited}")
    _tell_unknown(out, summary.unknown)
    click.echo(f"{out}: {len(summary.written)} written, {summary.unchanged} unchanged, {len(summary.removed)} removed")


def _tell_drift(out: Path, drift: Drift, style: str) -> int:
    if style == "json":
        changed = {path: "".join(_diff(*texts)) for path, texts in drift.changed.items()}
        click.echo(json.dumps({"out": str(out), **asdict(drift), "changed": changed}, indent=2))
        return EXIT_FINDINGS if drift else 0
    for path, texts in drift.changed.items():
        # That the manifest differs follows from any other change, and says nothing then.
        if path == manifest.NAME and (len(drift.changed) > 1 or drift.missing or drift.orphaned):
            continue
        click.echo(f"changed  {out / path}{' (edited by hand)' if path in drift.edited else ''}")
        click.echo("".join(_capped(_diff(*texts))), nl=False)
    for path in drift.missing:
        click.echo(f"missing  {out / path}")
    for path in drift.orphaned:
        click.echo(f"orphaned {out / path}")
    _tell_unknown(out, drift.unknown)
    if not drift:
        click.echo(f"{out}: as the definitions make it")
        return 0
    click.echo(
        f"{out}: {len(drift.changed)} changed, {len(drift.missing)} missing, "
        f"{len(drift.orphaned)} orphaned: run dashgen build, and commit what it writes."
    )
    return EXIT_FINDINGS


def _tell_unknown(out: Path, unknown: tuple[str, ...]) -> None:
    """Report files that dashgen did not make: all of a few, the first of many."""
    for path in unknown[:UNKNOWN_SHOWN]:
        click.echo(f"left alone {out / path}: not made by dashgen", err=True)
    if len(unknown) > UNKNOWN_SHOWN:
        more = counted(len(unknown) - UNKNOWN_SHOWN, "more file")
        click.echo(f"left alone {more} in {out}: not made by dashgen", err=True)


def _diff(on_disk: str, built: str) -> Iterable[str]:
    from difflib import unified_diff  # noqa: PLC0415  (10 ms that only a difference needs)

    lines = unified_diff(on_disk.splitlines(keepends=True), built.splitlines(keepends=True), "on disk", "as built")
    return (line if line.endswith("\n") else f"{line}\n\\ no newline at the end\n" for line in lines)


def _capped(lines: Iterable[str]) -> Iterable[str]:
    """Keep the start of a long diff and of a long line, and say how much of the diff is left out."""
    left_out = 0
    for number, line in enumerate(lines):
        if number < DIFF_LINES:
            yield line if len(line) <= DIFF_WIDTH else f"{line[: DIFF_WIDTH - 1]}…\n"
        else:
            left_out += 1
    if left_out:
        yield f"… {counted(left_out, 'more line')} of this diff\n"
