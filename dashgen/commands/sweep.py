"""``dashgen sweep``: remove the groups of a Pushgateway that have expired."""

from __future__ import annotations

import http.client
import json
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from dashgen import durations
from dashgen.commands import access, progress
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE, EXIT_USAGE
from dashgen.pushgateway.address import Address, AddressError
from dashgen.pushgateway.connection import AccessError, Connection
from dashgen_plugin import environment
from dashgen_sweeper import run as running
from dashgen_sweeper.listing import ListingError
from dashgen_sweeper.sweep import Options, RefusedError, Result

if TYPE_CHECKING:
    from dashgen.problems import DashgenError

RULE = "sweep"
_SHOWN_FAILURES = 20


@dataclass(frozen=True)
class Asked:
    """The command line's options, as they were written."""

    url: str
    max_age: str
    jobs: tuple[str, ...]
    match: tuple[str, ...]
    fleet_max_age: str
    limit: int | None
    dry_run: bool
    heal: bool
    yes: bool
    pipeline: bool
    timeout: str
    ca_file: str
    cert: str
    key: str
    bearer_token_file: str


def run(asked: Asked, style: str) -> int:
    """Sweep, print what was done, and return the exit code.

    Raises:
        DashgenError: an option is wrong, the sweep was refused, or the gateway can't be reached.

    """
    _, _, instance = running.target()
    options, result = _options(asked), Result()
    # Kubernetes and systemd end a sweep like this; it says what was done as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with progress.shown() as told:
            running.run(options, instance, result, told)
    except RefusedError as error:
        raise _error(str(options.address), str(error), "Correct the clocks, or say --yes.", EXIT_USAGE) from None
    except AccessError as error:
        raise _error(str(options.address), str(error), access.CREDENTIALS, EXIT_UNREACHABLE) from None
    except ListingError as error:
        hint = "Is this the address of a Pushgateway, with its path prefix? dashgen doctor looks closer."
        raise _error(str(options.address), f"no listing of its groups: {error}", hint, EXIT_UNREACHABLE) from None
    except AddressError as error:
        raise _error(str(options.address), str(error), "", EXIT_USAGE) from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        way = "Requests go through the environment's proxy. " if Connection(options.address).proxied else ""
        hint = f"{way}Is the gateway running? dashgen doctor looks closer."
        raise _error(str(options.address), f"can't be reached: {reason}", hint, EXIT_UNREACHABLE) from None
    if style == "json":
        click.echo(json.dumps(running.summary(result, dry_run=options.dry_run), indent=2))
    else:
        _print(result, dry_run=options.dry_run)
    return 0 if result.clean else EXIT_FINDINGS


def _options(asked: Asked) -> Options:
    url, ca_file, _ = running.target()
    written = asked.url or url
    if not written:
        hint = f"Say --url http://HOST:9091, or set {environment.URL}."
        raise _error("dashgen sweep", "which Pushgateway is not said", hint, EXIT_USAGE)
    try:
        address = Address.parse(written)
        fleet = _duration("--fleet-max-age", asked.fleet_max_age) if asked.fleet_max_age else None
        selection = running.selection(_duration("--max-age", asked.max_age), asked.jobs, asked.match, fleet)
        timeout = access.seconds("--timeout", asked.timeout)
    except ValueError as error:
        raise _error("dashgen sweep", str(error), "See dashgen sweep --help.", EXIT_USAGE) from None
    cert = access.client_cert(asked.cert, asked.key, "sweep", tls=address.scheme == "https")
    if asked.bearer_token_file:
        address = replace(address, authorization=f"Bearer {access.token(asked.bearer_token_file, RULE)}")
    return Options(
        address,
        selection,
        ca_file=asked.ca_file or ca_file,
        client_cert=cert,
        limit=asked.limit,
        dry_run=asked.dry_run,
        heal=asked.heal,
        any_clock=asked.yes,
        pipeline=asked.pipeline,
        timeout=timeout,
    )


def _duration(option: str, written: str) -> int:
    try:
        return durations.parse(written)
    except ValueError:
        raise ValueError(f"{option} {written!r} is no duration such as 90m, 24h or 7d") from None


def _error(where: str, message: str, hint: str, code: int) -> DashgenError:
    return access.problem(where, RULE, _printable(message), hint, code)


def _print(result: Result, *, dry_run: bool) -> None:
    deleted = "would be deleted" if dry_run else "deleted"
    if dry_run:
        for labels in result.deleted:
            _echo(f"{{{labels.decode()}}}")
    if result.finished:
        counts = result.counts
        stays = [f"{counts['kept']} kept"]
        stays += [f"{result.running} of them running"] if result.running else []
        stays += [f"{result.postponed} above the limit"] if result.postponed else []
        done = f"{counts['deleted']} {deleted}, {', '.join(stays)}, {counts['failed']} failed"
        _echo(f"{counts['seen']} groups seen: {done}, in {result.duration:.1f} s")
    _print_trouble(result)


def _print_trouble(result: Result) -> None:
    for labels, why in list(result.failed.items())[:_SHOWN_FAILURES]:
        _echo(f"failed {{{labels.decode()}}}: {why}", err=True)
    if len(result.failed) > _SHOWN_FAILURES:
        _echo(f"… and {len(result.failed) - _SHOWN_FAILURES} more failed", err=True)
    if result.interrupted:
        _echo(f"interrupted: {result.accepted} deletions were sent; run it again for the rest", err=True)
    if result.inconsistent:
        _echo(
            f"the gateway's groups contradict each other, so Prometheus gets nothing: {result.inconsistent}", err=True
        )
    for labels in result.poison:
        _echo(f"poison {{{labels.decode()}}}: run again with --heal to delete it", err=True)
    for labels in result.healed:
        _echo(f"healed: deleted {{{labels.decode()}}}", err=True)
    if result.untold:
        _echo(f"the sweeper's own metrics did not arrive: {result.untold}", err=True)


def _echo(line: str, *, err: bool = False) -> None:
    click.echo(_printable(line), err=err)


def _printable(text: str) -> str:
    """Write as text what a terminal would obey: others may have put it into a label or an answer."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
