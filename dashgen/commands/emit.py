"""``dashgen emit``: fill a Pushgateway with a believable fleet, keep it living, and remove it again."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from dashgen import report
from dashgen.catalog.labels import LISTENER_JOBS, PER_RUN_JOBS, PUSHGATEWAY_SWEEPER
from dashgen.catalog.own import why_not_reported
from dashgen.catalog.terms import JOB_LABEL, Source
from dashgen.commands import access, progress, workspace
from dashgen.emit import cleaning, following
from dashgen.emit.fleet import Size
from dashgen.emit.moments import World, reported
from dashgen.emit.sending import Body, RefusedError, send
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE, EXIT_USAGE
from dashgen.pushgateway import group
from dashgen_plugin import exposition
from dashgen_sweeper import metrics as sweeper
from dashgen_sweeper import series
from dashgen_sweeper.sweep import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from dashgen.catalog.model import Catalog
    from dashgen.commands.access import Access, Server
    from dashgen.pushgateway.connection import Connection
    from dashgen_plugin.events import Push
    from dashgen_sweeper.sweep import Progress

RULE = "emit"
JOBS = tuple(job.name for job in (*LISTENER_JOBS, PUSHGATEWAY_SWEEPER))
_PER_RUN = frozenset(job.name for job in PER_RUN_JOBS)
_GROUPS_SWEPT_A_SECOND = 10_000
_SHOWN_FAILURES = 20
_HINT = "Is this the address of a Pushgateway, with its path prefix, and does it run? dashgen doctor looks closer."


@dataclass(frozen=True)
class Asked:
    """What is emitted, as it was asked for; ``runs`` is None where that was not said."""

    instance: str
    dags: int
    tasks: int
    runs: int | None
    failing: float
    seed: int
    follow: bool


def run(asked: Asked, reach: Access, config: Path | None, style: str) -> int:
    """Emit, print what was pushed, and return the exit code; with ``follow``, go on until Ctrl-C.

    Raises:
        DashgenError: an option or the project is wrong, or the gateway does not take what is pushed.

    """
    to = _server(reach, asked.instance)
    project = workspace.load(config).project
    world = World(_size(asked, per_run=project.settings.per_run), asked.instance, reported(project.catalog))
    for sentence in _left_out(project.catalog):
        click.echo(sentence, err=True)
    counts, began, now = Counter[str](), time.monotonic(), time.time()
    try:
        with access.reaching(to, RULE, _HINT), closing(to.connection()) as connection:
            with progress.shown() as bar:
                groups = _bodies(_snapshot(world, now, bar), counts)
                send(connection, groups, timeout=to.timeout, tell=lambda _: None)
                if world.size.runs:
                    send(connection, [_swept(world, counts, now)], timeout=to.timeout, tell=lambda _: None)
                    counts[PUSHGATEWAY_SWEEPER.name] += 1
            _print(asked, to, counts, time.monotonic() - began, style)
            if asked.follow:
                _follow(world, now, connection, to.timeout)
    except RefusedError as error:
        hint = f"{_HINT} What was taken before goes again by dashgen emit --clean."
        raise access.problem(str(to.address), RULE, str(error), hint, EXIT_UNREACHABLE) from None
    return 0


def clean(instance: str, reach: Access, style: str) -> int:
    """Remove what was emitted under this instance, print how much, and return the exit code.

    Raises:
        DashgenError: an option is wrong, or the gateway can't be reached.

    """
    to = _server(reach, instance)
    with access.reaching(to, RULE, _HINT), progress.shown() as bar:
        removed = cleaning.clean(to.connection, JOBS, instance, timeout=to.timeout, progress=bar)
    if style == "json":
        failures = [{"group": series.parse(labels), "reason": why} for labels, why in removed.failed.items()]
        click.echo(json.dumps({"instance": instance, "removed": removed.number, "failures": failures}, indent=2))
    else:
        click.echo(f"{report.counted(removed.number, 'group')} of {instance} removed from {to.address}")
        for labels, why in list(removed.failed.items())[:_SHOWN_FAILURES]:
            click.echo(f"failed {{{labels.decode()}}}: {why}", err=True)
        if len(removed.failed) > _SHOWN_FAILURES:
            click.echo(f"… and {len(removed.failed) - _SHOWN_FAILURES} more failed", err=True)
    return EXIT_FINDINGS if removed.failed else 0


def _server(reach: Access, instance: str) -> Server:
    if not cleaning.is_marked(instance):
        message = (
            f"--instance {instance!r} does not begin with {cleaning.MARK}, or holds more than letters, digits, ._-"
        )
        hint = "By its beginning --clean knows what was emitted from what is an Airflow deployment's."
        raise access.problem("dashgen emit", RULE, message, hint, EXIT_USAGE)
    return access.server(reach, RULE)


def _size(asked: Asked, *, per_run: bool) -> Size:
    if asked.runs and not per_run:
        hint = "Leave --runs out, or add the generation to the settings."
        raise access.problem("dashgen emit", RULE, "--runs, but the settings have no per-run groups", hint, EXIT_USAGE)
    runs = asked.runs if asked.runs is not None else Size.runs
    return Size(asked.dags, asked.tasks, runs if per_run else 0, asked.failing, asked.seed)


def _left_out(catalog: Catalog) -> Iterator[str]:
    """Say which of the user's metrics no task can report, so that nothing is known of their labels' values."""
    for metric in catalog:
        if metric.source is Source.CUSTOM and (why := why_not_reported(metric)):
            yield f"not emitted: {metric} {why}"


def _snapshot(world: World, now: float, bar: Progress) -> Iterator[Push]:
    bar.phase("emitting DAGs", world.size.dags)
    for groups in world.groups(now):
        yield from groups
        bar.advance(1)


def _bodies(groups: Iterable[Push], counts: Counter[str]) -> Iterator[Body]:
    """Write the groups, and count them by job."""
    for each in groups:
        counts[each.job.name] += 1
        yield Body(group.path([(JOB_LABEL, each.job.name), *each.labels]), exposition.text(each.values))


def _swept(world: World, counts: Counter[str], now: float) -> Body:
    """Write what a sweeper says that has just found nothing to delete."""
    seen = sum(number for job, number in counts.items() if job in _PER_RUN)
    result = Result(finished=True, seen=seen, duration=seen / _GROUPS_SWEPT_A_SECOND)
    return Body(sweeper.path(world.instance), sweeper.text(result, now))


def _follow(world: World, since: float, connection: Connection, timeout: float) -> None:
    """Push what happens in the fleet from then on (unix seconds), until Ctrl-C."""
    # Services are ended like this; it is as good as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    click.echo("the fleet goes on until Ctrl-C", err=True)
    counts = Counter[str]()
    try:
        with progress.shown() as bar:
            bar.phase("groups pushed")
            for moments in following.due(world.after(since)):
                bodies = _bodies(world.merged(moments), counts)
                send(connection, bodies, timeout=timeout, tell=bar.advance)
    except KeyboardInterrupt:
        click.echo(f"{report.counted(sum(counts.values()), 'group')} pushed since", err=True)


def _print(asked: Asked, to: Server, counts: Counter[str], seconds: float, style: str) -> None:
    total = sum(counts.values())
    rate = total / seconds
    if style == "json":
        told = {"instance": asked.instance, "groups": dict(counts), "seconds": round(seconds, 3)}
        click.echo(json.dumps({**told, "groups_per_second": round(rate)}, indent=2))
        return
    for job, number in counts.items():
        click.echo(f"{job}: {report.counted(number, 'group')}")
    pushed = f"{report.counted(total, 'group')} of {asked.instance} pushed to {to.address}"
    click.echo(f"{pushed} in {seconds:.1f} s, {rate:.0f} a second; dashgen emit --clean removes them")
