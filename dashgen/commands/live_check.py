"""``dashgen live-check``: hold what is really emitted against the catalog."""

from __future__ import annotations

import json
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from dashgen import report
from dashgen.catalog import Catalog, pipeline, recorded
from dashgen.commands import access, workspace
from dashgen.livecheck import gateway
from dashgen.livecheck.finding import Level
from dashgen.livecheck.judge import judge
from dashgen.livecheck.prometheus import AnswerError, Prometheus
from dashgen.livecheck.stored import judge_stored
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE

if TYPE_CHECKING:
    from pathlib import Path

    from dashgen.commands.access import Access, Server
    from dashgen.definitions import Project
    from dashgen.livecheck.finding import Finding
    from dashgen.livecheck.seen import Seen

RULE = "live-check"
_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.INFO: "blue"}
_WORST_FIRST = list(Level)
_WIDTH = max(len(level.value) for level in Level)
_GATEWAY_HINT = (
    "Is this the address of a Pushgateway, with its path prefix, and does it run? dashgen doctor looks closer."
)
_PROMETHEUS_HINT = "Is this the address of a Prometheus, with its path prefix, and is it ready?"
_PROMETHEUS_CREDENTIALS = (
    "Give credentials: USER:PASSWORD@ in the URL, --prometheus-bearer-token-file or --prometheus-header; "
    "and check them."
)


def run(pushgateway: Access, prometheus: Access | None, config: Path | None, style: str) -> int:
    """Print what is not as the catalog says; return the exit code: 1 where more than infos were found.

    Raises:
        DashgenError: an option or the project is wrong, or a server can't be reached.

    """
    project = _with_all_known(workspace.load(config).project)
    holds = access.server(pushgateway, RULE)
    scrapes = access.server(prometheus, RULE) if prometheus is not None else None
    seen, findings = _on_gateway(holds, project)
    if scrapes is not None:
        findings += _in_prometheus(scrapes, seen, project)
    findings.sort(key=lambda finding: (_WORST_FIRST.index(finding.level), *finding[1:]))
    if style == "json":
        click.echo(json.dumps({"findings": [_entry(each) for each in findings], **_numbers(seen)}, indent=2))
    else:
        for finding in findings:
            click.echo(_text(finding))
        click.echo(_closing(seen, findings))
    return EXIT_FINDINGS if any(finding.level is not Level.INFO for finding in findings) else 0


def _with_all_known(project: Project) -> Project:
    """Return the project with those metrics of ours, too, that its settings leave out: they are no strangers."""
    ours = (*pipeline.SWEEPER_METRICS, *recorded.PER_RUN_METRICS)
    metrics = tuple(dict.fromkeys((*project.catalog, *ours)))
    return replace(project, catalog=Catalog(metrics, project.catalog.events))


def _on_gateway(asked: Server, project: Project) -> tuple[Seen, list[Finding]]:
    with access.reaching(asked, RULE, _GATEWAY_HINT), closing(asked.connection()) as connection:
        seen, findings = gateway.read(connection, project.catalog, asked.timeout)
    return seen, [*findings, *judge(seen, project, time.time())]


def _in_prometheus(asked: Server, seen: Seen, project: Project) -> list[Finding]:
    try:
        with (
            access.reaching(asked, RULE, _PROMETHEUS_HINT, _PROMETHEUS_CREDENTIALS),
            closing(asked.connection()) as connection,
        ):
            return judge_stored(Prometheus(connection, asked.timeout, asked.headers), seen, project)
    except AnswerError as error:
        message = f"does not answer as Prometheus: {error}"
        raise access.problem(str(asked.address), RULE, message, _PROMETHEUS_HINT, EXIT_UNREACHABLE) from None


def _text(finding: Finding) -> str:
    level = click.style(f"{finding.level.value:<{_WIDTH}}", fg=_COLOURS[finding.level])
    line = f"{level} {finding.where}: {finding.message} [{finding.rule}]"
    return f"{line}\n    {finding.hint}" if finding.hint else line


def _entry(finding: Finding) -> dict[str, str]:
    return {**finding._asdict(), "level": finding.level.value}


def _numbers(seen: Seen) -> dict[str, object]:
    return {
        "groups": {job: len(times) for job, times in sorted(seen.pushed.items())},
        "samples": seen.samples,
        "other_groups": dict(sorted(seen.foreign.items())),
    }


def _closing(seen: Seen, findings: list[Finding]) -> str:
    levels = Counter(finding.level for finding in findings)
    told = ", ".join(report.counted(levels[level], level.value) for level in Level if levels[level])
    groups = sum(map(len, seen.pushed.values()))
    others = sum(seen.foreign.values())
    left = f", {report.counted(others, 'group')} of other jobs left alone" if others else ""
    return f"{report.counted(groups, 'group')} checked{left}: {told or 'nothing found'}"
