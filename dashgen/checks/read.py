"""Reading a dashboard or a rule file that someone else may have written.

A file can be broken in many ways, and a hostile one can be small and grow without end when it
is read. Each way is one problem that says what to do; none is an exception.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dashgen.checks.document import Document, text_of
from dashgen.checks.unreadable import RULE, UnknownKindError, UnreadableError
from dashgen.checks.yaml_file import load_yaml
from dashgen.problems import EXIT_UNREACHABLE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

READABLE_SUFFIXES = frozenset({".json", ".yaml", ".yml"})

_MEBIBYTE = 1024**2
_LARGEST = 20 * _MEBIBYTE
_DASHBOARD_KEYS = frozenset({"panels", "rows", "templating", "schemaVersion"})


def read_all(paths: Iterable[Path]) -> tuple[list[Document], list[Problem]]:
    """Read files, and the dashboards and rule files in folders, in the order of their names.

    In a folder, files of another kind are passed over; a file that is named itself must be one
    of the two.

    Raises:
        DashgenError: files or folders that are not there or may not be read, all of them.

    """
    documents: list[Document] = []
    problems: list[Problem] = []
    unreachable: list[Problem] = []
    for path, named in _files(paths):
        try:
            documents.append(_document(path))
        except UnknownKindError as error:  # noqa: PERF203  (all problems at once)
            if named:
                problems.append(_problem(path, error))
        except UnreadableError as error:
            problems.append(_problem(path, error))
        except OSError as error:
            message = f"can't be read: {error.strerror or error}"
            unreachable.append(Problem(Place(str(path)), RULE, message, "Name another file."))
    if unreachable:
        raise DashgenError(unreachable, EXIT_UNREACHABLE)
    return documents, problems


def read(path: Path) -> Document | Problem:
    """Read one file: a document, or the problem that it can't be one.

    Raises:
        DashgenError: the file is not there, or may not be read.

    """
    documents, problems = read_all([path])
    return documents[0] if documents else problems[0]


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Give each file, and whether it was named itself rather than found in a folder."""
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.suffix in READABLE_SUFFIXES)
            yield from ((each, False) for each in inside if each.is_file())
        else:
            yield path, True


def _problem(path: Path, error: UnreadableError) -> Problem:
    return Problem(Place(str(path), error.line), RULE, error.message, error.hint)


def _document(path: Path) -> Document:
    with path.open("rb") as file:
        # One more than the limit, so that a pipe without end is noticed too.
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UnreadableError(
            f"larger than {_LARGEST // _MEBIBYTE} MiB, which no dashboard is",
            "Leave the file out, or split it.",
        )
    return parse(content, str(path))


def parse(content: bytes, file: str) -> Document:
    """Make the document of a file's content; the file's name tells JSON from YAML.

    Raises:
        UnreadableError: it is no dashboard or rule file.

    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"not UTF-8: byte {content[error.start]:#04x} at offset {error.start}",
            "Save the file as UTF-8.",
            content.count(b"\n", 0, error.start) + 1,
        ) from None
    return _as_document(_json(text) if file.endswith(".json") else load_yaml(text), file)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        ended = not text[error.pos :].strip()
        message = "it ends in the middle" if ended else error.msg
        raise UnreadableError(
            f"no valid JSON: {message} (column {error.colno})",
            "Export the dashboard anew.",
            error.lineno,
        ) from None
    except RecursionError:
        raise UnreadableError("nested deeper than a dashboard can be", "Export the dashboard anew.") from None
    except ValueError as error:  # a number of more digits than Python converts
        raise UnreadableError(f"no valid JSON: {error}", "Export the dashboard anew.") from None


def _as_document(data: object, file: str) -> Document:
    """Tell what the data is by its keys, and unwrap it."""
    if not isinstance(data, Mapping):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise UnreadableError(f"holds {kind}, not an object", "Lint one dashboard per file.")
    kind, spec = text_of(data, "kind"), data.get("spec")
    if kind == "PrometheusRule" and isinstance(spec, Mapping):
        return replace(Document.rules_file(spec, file), resource=kind)
    if kind == "Dashboard" and isinstance(spec, Mapping):
        return replace(Document.dashboard(_classic(spec), file), resource=kind)
    if isinstance(inner := data.get("dashboard"), Mapping):
        return Document.dashboard(_classic(inner), file)
    if "groups" in data:
        return Document.rules_file(data, file)
    if "elements" in data or not _DASHBOARD_KEYS.isdisjoint(data):
        return Document.dashboard(_classic(data), file)
    raise UnknownKindError(
        "neither a dashboard nor a rule file",
        "A dashboard has `panels`, a rule file has `groups`.",
    )


def _classic(data: Mapping[str, Any]) -> Mapping[str, Any]:
    if "elements" in data and "panels" not in data:
        raise UnreadableError(
            "a dashboard in Grafana's schema version 2, which is not read here",
            "Export it as Classic, or as version 1 of the resource.",
        )
    return data
