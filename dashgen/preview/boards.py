"""What the preview shows: the dashboards of the project as build makes them, and dashboard files."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgen import report
from dashgen.build import build, dashboards
from dashgen.checks.document import Kind
from dashgen.checks.read import read_all
from dashgen.commands import workspace
from dashgen.problems import EXIT_USAGE, DashgenError, Place, Problem
from dashgen.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashgen.checks.document import Document

RULE = "preview"

_LONGEST_UID = 40


@dataclass(frozen=True)
class Board:
    """A dashboard: ``uid`` is its address in the preview, ``file`` where it is, ``data`` Grafana's JSON."""

    uid: str
    title: str
    description: str
    file: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """All that is shown: dashboards in their order, and what is wrong with their definitions.

    ``datasource`` is the uid of the data source that they ask, ``prometheus_url`` the settings' address of it.
    """

    boards: tuple[Board, ...] = ()
    problems: str = ""
    datasource: str = Settings.datasource_uid
    prometheus_url: str = Settings.prometheus_url

    def dump(self) -> str:
        """Write it as JSON; :func:`parse` reads it."""
        return json.dumps(asdict(self))


def parse(text: str) -> Shown:
    """Read what :meth:`Shown.dump` wrote.

    Raises:
        ValueError, LookupError, TypeError: it is something else.

    """
    data = json.loads(text)
    return Shown(**{**data, "boards": tuple(Board(**each) for each in data["boards"])})


def load(config: Path | None, out: Path | None, paths: Sequence[Path]) -> Shown:
    """Build the project in memory, and read the files; one that has the uid of another goes before it.

    The project's problems are part of what is shown.

    Raises:
        DashgenError: the project can't be loaded, or a file can't be shown.

    """
    *_, whole = stages(config, out, paths)
    return whole


def stages(config: Path | None, out: Path | None, paths: Sequence[Path]) -> Iterator[Shown]:
    """Yield what :func:`load` returns twice: as soon as there are dashboards, and when the problems are known.

    Raises:
        DashgenError: as :func:`load`.

    """
    work = workspace.load(config, out)
    boards = {board.uid: board for board in _built(dashboards(work.project), work.out)}
    boards |= {board.uid: board for board in read(paths)}
    settings = work.project.settings
    shown = Shown(tuple(boards.values()), "", settings.datasource_uid, settings.prometheus_url)
    yield shown
    yield replace(shown, problems=report.text(build(work.project).problems))


def read(paths: Sequence[Path]) -> list[Board]:
    """Read dashboards from files and folders.

    Raises:
        DashgenError: a file is no dashboard or can't be read, or two have the same uid.

    """
    documents, problems = read_all(paths)
    boards: dict[str, Board] = {}
    for document in documents:
        place = Place(document.root.place.file)
        if document.kind is not Kind.DASHBOARD:
            # In a folder, rule files lie beside dashboards.
            if Path(place.file) in paths:
                problems.append(Problem(place, RULE, "a rule file, not a dashboard", "Name a dashboard."))
            continue
        board = _read(document)
        if (other := boards.get(board.uid)) is not None and _said(other) != _said(board):
            message = f"has the uid {board.uid} of {other.file}"
            problems.append(Problem(place, RULE, message, "Name one of them, or change its uid."))
        boards.setdefault(board.uid, board)
    if paths and not boards and not problems:
        problems.append(Problem(Place(str(paths[0])), RULE, "no dashboard there", "Name a dashboard's file."))
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    return list(boards.values())


def _built(made: Mapping[str, Mapping[str, Any]], out: Path) -> Iterator[Board]:
    for path, data in made.items():
        yield _board(data, str(out / path))


def _read(document: Document) -> Board:
    return _board(document.root.data, document.root.place.file)


def _said(board: Board) -> dict[str, Any]:
    """Return what a dashboard says: a resource leaves out what a plain file has as null."""
    return {key: value for key, value in board.data.items() if value is not None}


def _board(data: Mapping[str, Any], file: str) -> Board:
    stem = Path(file).stem
    title, description = data.get("title"), data.get("description")
    # What a path can hold without being escaped, as Grafana's own uids are.
    uid = re.sub(r"[^A-Za-z0-9_-]", "-", str(data.get("uid") or stem))[:_LONGEST_UID]
    return Board(uid, str(title or stem), str(description or ""), Place(file).shown_file, data)
