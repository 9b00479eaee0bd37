"""``dashgen verify``: ask a running server every query of dashboards and rule files."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from dashgen import report
from dashgen.checks.document import Kind
from dashgen.checks.read import read_all
from dashgen.commands import access as options
from dashgen.commands import workspace
from dashgen.problems import EXIT_FINDINGS, EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Problem
from dashgen.pushgateway.address import Address, AddressError
from dashgen.verify import printed
from dashgen.verify.client import Client, UnreachableError
from dashgen.verify.examine import Examination, Wish
from dashgen.verify.time_range import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dashgen.checks.document import Document
    from dashgen.commands.workspace import Workspace
    from dashgen.verify.client import Access
    from dashgen.verify.outcome import Outcome

RULE = "verify"
_HELP = "See dashgen verify --help."
_NO_RULES = "has no answer to /api/v1/rules"


@dataclass(frozen=True)
class Asked:
    """The command line's options, as they were written."""

    paths: tuple[Path, ...]
    config: Path | None
    url: str
    rules_url: str
    choices: tuple[str, ...]
    scrape_interval: str
    timeout: str
    headers: tuple[str, ...]
    ca_file: str
    cert: str
    key: str
    bearer_token_file: str
    quiet: bool

    @property
    def reach(self) -> options.Access:
        """The options by which the server is reached."""
        return options.Access(
            self.url, self.timeout, self.ca_file, self.cert, self.key, self.bearer_token_file, self.headers
        )


def run(asked: Asked, style: str) -> int:
    """Print what came of each query, and return the exit code.

    Raises:
        DashgenError: an option or the project is wrong, a file can't be read, or the server can't be reached.

    """
    work = workspace.load(asked.config)
    url = asked.url or work.project.settings.prometheus_url
    ruler_tls = asked.rules_url.startswith("https:")
    access = options.prometheus(replace(asked.reach, url=url), RULE, tls=ruler_tls)
    ruler = replace(access, address=_address(asked.rules_url, access)) if asked.rules_url else access
    timeout = _duration("--timeout", asked.timeout)
    wish = Wish(_duration("--scrape-interval", asked.scrape_interval), _choices(asked.choices))
    documents, problems = _documents(asked.paths, work)
    _known(wish.by_hand, documents)
    began = time.perf_counter()
    outcomes = _outcomes(documents, work, (access, ruler), timeout, wish)
    taken = time.perf_counter() - began
    if style == "json":
        click.echo(printed.as_json(outcomes, problems, taken))
    else:
        if problems:
            click.echo(report.text(problems), err=True)
        click.echo(printed.text(outcomes, taken, quiet=asked.quiet))
    return EXIT_FINDINGS if problems or any(each.status.finding for each in outcomes) else 0


def _outcomes(
    documents: Sequence[Document], work: Workspace, servers: tuple[Access, Access], timeout: float, wish: Wish
) -> list[Outcome]:
    access, ruler = servers
    where = access
    try:
        with ExitStack() as stack:
            client = stack.enter_context(closing(Client(access, timeout)))
            where = ruler
            other = client if ruler is access else stack.enter_context(closing(Client(ruler, timeout)))
            where = access
            examination = Examination(client, other, work.project.catalog, wish)
            if other is not client and examination.loaded is None:
                hint = "Is --rules-url the address of what evaluates the rules, with its path prefix?"
                raise _error(str(ruler.address), _NO_RULES, hint, EXIT_UNREACHABLE)
            with _progress() as progress:
                outcomes = examination.run(documents, progress)
    except AddressError as error:
        raise _error(str(where.address), str(error), _HELP, EXIT_USAGE) from None
    except UnreachableError as error:
        raise _error(str(error.address), str(error), error.hint, EXIT_UNREACHABLE) from None
    if examination.loaded is None and any(document.kind is Kind.RULES for document in documents):
        untold = f"{access.address} {_NO_RULES}: whether these rules are loaded anywhere is not known."
        click.echo(f"{untold} --rules-url names the server that evaluates them, such as a ruler or vmalert.", err=True)
    return outcomes


def _documents(paths: Sequence[Path], work: Workspace) -> tuple[list[Document], list[Problem]]:
    """Read what is named, or the project's own output."""
    if not paths and not work.out.is_dir():
        hint = "Run dashgen build first, or name the files to verify."
        raise _error(str(work.out), "there is no output folder", hint, EXIT_UNREACHABLE)
    chosen = paths or (work.out,)
    documents, problems = read_all(chosen)
    problems += [
        Problem(found.element.place, RULE, found.message, found.hint)
        for document in documents
        for found in document.malformed
    ]
    if not documents and not problems:
        hint = "Name a folder that holds some, or a file itself."
        raise _error(", ".join(map(str, chosen)), "no dashboard and no rule file there", hint, EXIT_USAGE)
    plain = [_content(document) for document in documents if not document.resource]
    # One deployment has one of the two; what both ask is asked once.
    documents = [document for document in documents if not (document.resource and _content(document) in plain)]
    return documents, problems


def _content(document: Document) -> dict[str, Any]:
    """Return what a document says; a resource leaves out what a plain file has as null."""
    return {key: value for key, value in document.root.data.items() if value is not None}


def _address(url: str, like: Access) -> Address:
    """Read the ruler's address; user and password of the server's stay with that server, a token is for both."""
    try:
        address = Address.parse(url)
    except AddressError as error:
        raise _error("dashgen verify", str(error), _HELP, EXIT_USAGE) from None
    token = like.address.authorization.startswith(options.BEARER) and not address.authorization
    return replace(address, authorization=like.address.authorization) if token else address


def _choices(written: Sequence[str]) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise _error("dashgen verify", f"--var {each!r} is not NAME=VALUE", _HELP, EXIT_USAGE)
        chosen[name] = (*chosen.get(name, ()), value)
    return chosen


def _known(chosen: Mapping[str, tuple[str, ...]], documents: Sequence[Document]) -> None:
    names = {variable.name for document in documents for variable in document.variables}
    for name in chosen:
        if name not in names:
            hint = f"There are {', '.join(sorted(names))}." if names else ""
            raise _error("dashgen verify", f"--var {name}: no dashboard here has that variable", hint, EXIT_USAGE)


def _duration(option: str, written: str) -> float:
    try:
        return parse_duration(written)
    except ValueError:
        raise _error(
            "dashgen verify", f"{option} {written!r} is no duration such as 15s or 1m", _HELP, EXIT_USAGE
        ) from None


def _error(where: str, message: str, hint: str, code: int) -> DashgenError:
    return options.problem(where, RULE, message, hint, code)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, and nothing elsewhere."""
    if sys.stderr is None or not sys.stderr.isatty():  # None: who started this has closed it
        yield lambda _done, _total: None
        return
    # A quarter of the time that the command takes to start.
    from rich.console import Console  # noqa: PLC0415  (as above)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("queries", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
