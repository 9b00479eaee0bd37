"""``dashgen doctor``: say whether what Airflow's tasks push can arrive, and what to do where not."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import click

from dashgen.doctor import examine
from dashgen.doctor.check import Status
from dashgen.report import counted

if TYPE_CHECKING:
    from dashgen.doctor.check import Check

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "red"}
_WIDTH = max(len(status.value) for status in Status)


def run(style: str) -> int:
    """Print each check as soon as it is done; return the exit code: the failures' greatest."""
    checks: list[Check] = []
    for check in examine():
        checks.append(check)
        if style == "text":
            click.echo(_text(check))
    if style == "json":
        click.echo(json.dumps({"checks": [_entry(check) for check in checks]}, indent=2))
    else:
        click.echo(_closing(checks))
    return max((check.exit_code for check in checks if check.status is Status.FAILED), default=0)


def _text(check: Check) -> str:
    status = click.style(f"{check.status.value:<{_WIDTH}}", fg=_COLOURS[check.status])
    line = f"{status} {check.name}: {check.message}"
    return f"{line}\n    {check.hint}" if check.hint else line


def _entry(check: Check) -> dict[str, str]:
    return {"name": check.name, "status": check.status.value, "message": check.message, "hint": check.hint}


def _closing(checks: list[Check]) -> str:
    numbers = Counter(check.status for check in checks)
    failed, warnings = numbers[Status.FAILED], numbers[Status.WARNING]
    return f"{counted(len(checks), 'check')}: {failed or 'none'} failed, {counted(warnings, 'warning')}"
