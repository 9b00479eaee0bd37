"""``dashgen preview``: the dashboards in the browser, or as pictures, without a Grafana."""

from __future__ import annotations

import errno
import signal
import sys
import threading
import time
import webbrowser
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dashgen import report
from dashgen.commands import access as options
from dashgen.commands import progress, workspace
from dashgen.preview import boards, watch
from dashgen.preview.server import BUNDLE, INDEX, Server
from dashgen.preview.state import Source, State
from dashgen.preview.watch import Watched
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE, EXIT_USAGE, DashgenError
from dashgen.pushgateway.address import Address, AddressError
from dashgen.verify.client import Access, Client, UnreachableError
from dashgen.verify.time_range import parse_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashgen.preview.boards import Board, Shown
    from dashgen.preview.watch import Seen

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
        """The files and folders among what is named; with ``png``, what is none can be a dashboard's uid."""
        found = (Path(each) for each in self.named)
        return tuple(each for each in found if self.png is None or each.exists())

    @property
    def watched(self) -> Watched:
        """What the dashboards are made from."""
        return Watched(self.config, self.out, self.paths)


def run(asked: Asked) -> int:
    """Serve the page until Ctrl-C, or write pictures; return the exit code.

    Raises:
        DashgenError: an option, the project or a file is wrong, or something that is needed is not there.

    """
    # Services are ended like this; it is as good as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _consistent(asked)
    before = asked.watched.seen() if asked.watch else {}
    shown = _shown(asked)
    with ExitStack() as stack:
        access, source = stack.enter_context(_source(asked, shown))
        state = State(shown, source)
        server = stack.enter_context(_listening(asked.port, state, access, _seconds(asked)))
        stack.callback(state.close)
        if asked.png is not None:
            return _draw(asked.png, _chosen(asked, state.boards), server.url)
        _serve(asked, server, state, before)
    return 0


def _consistent(asked: Asked) -> None:
    if not (BUNDLE / INDEX).is_file():
        hint = "In a checkout, make preview-bundle makes it (with Node.js); the published package has it."
        raise _error("the page is not built", hint)
    if asked.sample and asked.reach.url:
        raise _error("--sample and --prometheus-url", "Take one of the two: --sample has a Prometheus of its own.")
    if asked.png is not None and (asked.watch or asked.browse):
        raise _error("--png with --watch or --open", "With --png, pictures are written once, and that is all.")


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


@contextmanager
def _source(asked: Asked, shown: Shown) -> Iterator[tuple[Access, Source]]:
    """Yield the server to ask; one with a sample runs meanwhile."""
    if asked.sample:
        from dashgen.preview import sample  # noqa: PLC0415  (only where it is asked for)

        began = time.monotonic()
        project = workspace.load(asked.config).project
        with ExitStack() as stack:
            with progress.shown() as bar:
                url = stack.enter_context(sample.running(project, bar))
            taken = time.monotonic() - began
            click.echo(f"sample: a day of Airflow in a Prometheus at {url}, made in {taken:.1f} s", err=True)
            yield Access(Address.parse(url)), Source(url, sample=True, scrape_interval=sample.SCRAPE_INTERVAL)
        return
    reach = replace(asked.reach, url=asked.reach.url or shown.prometheus_url)
    access = options.prometheus(reach, RULE)
    yield access, Source(str(access.address), sample=False, scrape_interval=_duration(asked.scrape_interval))


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


def _serve(asked: Asked, server: Server, state: State, before: Seen) -> None:
    """Serve until Ctrl-C."""
    click.echo(f"{report.counted(len(state.boards), 'dashboard')}: {server.url}")
    sys.stdout.flush()
    try:
        if asked.browse:
            webbrowser.open(server.url)
        _probe(server.access, min(server.seconds, _PROBE_SECONDS))
        if asked.watch:
            watch.follow(state, asked.watched, before, lambda told: click.echo(told, err=True))
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("ended", err=True)


def _chosen(asked: Asked, shown: Sequence[Board]) -> list[Board]:
    """Return what is named, by uid or by file; all where nothing is."""
    named = {board.uid for board in boards.read(asked.paths)}
    paths = {str(path) for path in asked.paths}
    uids = [board.uid for board in shown]
    for each in asked.named:
        if each in uids:
            named.add(each)
        elif each not in paths and str(Path(each)) not in paths:
            raise _error(f"{each!r} is no file and no dashboard's uid", f"There are {', '.join(uids)}.")
    return [board for board in shown if not named or board.uid in named]


def _draw(folder: Path, chosen: Sequence[Board], url: str) -> int:
    """Write the pictures, and return the exit code."""
    from dashgen.preview import pictures  # noqa: PLC0415  (only where it is asked for)
    from dashgen.preview.chromium import ChromiumError  # noqa: PLC0415  (the same)

    failed = False
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with progress.shown() as bar:
            bar.phase("drawing", len(chosen) * len(pictures.THEMES))
            for picture in pictures.draw(url, chosen, folder):
                bar.advance(1)
                click.echo(str(picture.file))
                for failure in picture.failures:
                    click.echo(f"failed   {picture.file.name}: {failure}", err=True)
                for empty in picture.empty:
                    click.echo(f"no data  {picture.file.name}: {empty}", err=True)
                failed = failed or bool(picture.failures)
    except ChromiumError as error:
        raise _error(f"Chromium fails: {error}", "Does chromium --version run?", EXIT_UNREACHABLE) from None
    except OSError as error:
        hint = "Name another folder with --png."
        raise options.problem(
            str(folder), RULE, f"can't be written: {error.strerror}", hint, EXIT_UNREACHABLE
        ) from None
    return EXIT_FINDINGS if failed else 0


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
