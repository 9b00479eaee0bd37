"""``dashgen preview``: the dashboards in the browser, or as pictures, without a Grafana."""

from __future__ import annotations

import errno
import signal
import sys
import threading
import webbrowser
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashgen import report
from dashgen.commands import access as options
from dashgen.preview import boards
from dashgen.preview.server import BUNDLE, INDEX, Server
from dashgen.preview.state import Source, State
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError
from dashgen.pushgateway.address import AddressError
from dashgen.verify.client import Access, Client, UnreachableError
from dashgen.verify.time_range import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.preview.boards import Shown

RULE = "preview"
_COMMAND = "dashgen preview"
_HELP = "See dashgen preview --help."
# Grafana's own port is 3000.
_PORTS = (*range(3001, 3020), 0)
_PROBE_SECONDS = 5.0


@dataclass(frozen=True)
class Asked:
    """The command line's options, as they were written."""

    named: tuple[str, ...]
    reach: options.Access
    headers: tuple[str, ...]
    sample: bool
    scrape_interval: str
    port: int | None
    browse: bool
    watch: bool
    png: Path | None
    config: Path | None
    out: Path | None

    @property
    def paths(self) -> tuple[Path, ...]:
        """What is named and not a dashboard's uid."""
        return tuple(map(Path, self.named))


def run(asked: Asked) -> int:
    """Serve the page until Ctrl-C, or write pictures; return the exit code.

    Raises:
        DashgenError: an option, the project or a file is wrong, or something that is needed is not there.

    """
    _consistent(asked)
    shown = _shown(asked)
    with ExitStack() as stack:
        access, source = _source(asked, shown)
        state = State(shown, source)
        server = stack.enter_context(_listening(asked.port, state, access, _seconds(asked)))
        stack.callback(state.close)
        _serve(asked, server, state)
    return 0


def _consistent(asked: Asked) -> None:
    if not (BUNDLE / INDEX).is_file():
        hint = "In a checkout, make preview-bundle makes it (with Node.js); the published package has it."
        raise _error("the page is not built", hint)
    if asked.sample and asked.reach.url:
        raise _error("--sample and --prometheus-url", "Take one of the two: --sample has a Prometheus of its own.")


def _shown(asked: Asked) -> Shown:
    try:
        shown = boards.load(asked.config, asked.out, asked.paths)
    except DashgenError as error:
        if not asked.watch:
            raise
        # To be mended while it is watched.
        shown = boards.Shown(problems=report.text(error.problems))
    if shown.problems:
        click.echo(shown.problems, err=True)
    return shown


def _source(asked: Asked, shown: Shown) -> tuple[Access, Source]:
    reach = replace(asked.reach, url=asked.reach.url or shown.prometheus_url)
    access = options.prometheus(reach, RULE, asked.headers)
    return access, Source(str(access.address), sample=False, scrape_interval=_duration(asked.scrape_interval))


@contextmanager
def _listening(port: int | None, state: State, access: Access, seconds: float) -> Iterator[Server]:
    server = _bound(port, state, access, seconds)
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _bound(port: int | None, state: State, access: Access, seconds: float) -> Server:
    ports = _PORTS if port is None else (port,)
    for each in ports:
        try:
            return Server(each, state, access, seconds)
        except OSError as error:  # noqa: PERF203  (the next port is tried)
            if error.errno != errno.EADDRINUSE or each == ports[-1]:
                hint = "Name another one with --port, or leave that out."
                raise _error(f"port {each} can't be used: {error.strerror}", hint, EXIT_UNREACHABLE) from None
    raise AssertionError


def _serve(asked: Asked, server: Server, state: State) -> None:
    """Serve until Ctrl-C."""
    # Services are ended like this; it is as good as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    click.echo(f"{report.counted(len(state.boards), 'dashboard')}: {server.url}")
    sys.stdout.flush()
    try:
        if asked.browse:
            webbrowser.open(server.url)
        _probe(server.access, min(server.seconds, _PROBE_SECONDS))
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("ended", err=True)


def _probe(access: Access, seconds: float) -> None:
    """Warn where no panel will have an answer."""
    try:
        with closing(Client(access, seconds)) as client:
            client.clock()
    except UnreachableError as error:
        click.echo(f"warning: {access.address} {error}. {error.hint}", err=True)
    except AddressError as error:
        click.echo(f"warning: {error}", err=True)


def _seconds(asked: Asked) -> int:
    try:
        return options.seconds("--timeout", asked.reach.timeout)
    except ValueError as error:
        raise _error(str(error), _HELP) from None


def _duration(written: str) -> str:
    try:
        return f"{parse_duration(written):g}s"
    except ValueError:
        raise _error(f"--scrape-interval {written!r} is no duration such as 15s or 1m", _HELP) from None


def _error(message: str, hint: str, code: int = EXIT_USAGE) -> DashgenError:
    return options.problem(_COMMAND, RULE, message, hint, code)
