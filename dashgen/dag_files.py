"""Reading DAG files: where their tasks report metrics of their own.

Nothing of a DAG file is run or imported. It is parsed by the Python that runs dashgen.
"""

from __future__ import annotations

import ast
import os
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dashgen.checks.unreadable import RULE, UnreadableError
from dashgen.problems import EXIT_UNREACHABLE, DashgenError, Place, Problem
from dashgen.python_calls import calls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PACKAGE = "dashgen_plugin"
_FUNCTION = "report"
_PATHS = frozenset({f"{_PACKAGE}.{_FUNCTION}", f"{_PACKAGE}.own_metrics.{_FUNCTION}"})

_MEBIBYTE = 1024**2
_LARGEST = 20 * _MEBIBYTE


@dataclass(frozen=True)
class Argument:
    """An argument of a call: where it is, and its name, empty when it was given without one."""

    place: Place
    name: str = ""


@dataclass(frozen=True)
class DagFile:
    """A Python file, and the arguments of its calls of ``report``, in the order of the file.

    What ``**values`` holds is known only when the task runs, and is not among them.
    """

    path: Path
    reported: tuple[Argument, ...]


def read_all(paths: Iterable[Path]) -> tuple[list[DagFile], list[Problem]]:
    """Read the Python files below folders, or files, in the order of their names.

    Passed over: hidden files and folders, ``__pycache__`` and virtual environments. A file that
    does not parse is a problem.

    Raises:
        DashgenError: folders or files that are not there or may not be read, all of them.

    """
    found: list[DagFile] = []
    problems: list[Problem] = []
    unreachable: list[Problem] = []
    for path in paths:
        files, refused = _files(path)
        unreachable += map(_unreachable, refused)
        for file in files:
            try:
                found.append(_read(file))
            except UnreadableError as error:  # noqa: PERF203  (all problems at once)
                problems.append(Problem(Place(str(file), error.line), RULE, error.message, error.hint))
            except OSError as error:
                unreachable.append(_unreachable(error))
    if unreachable:
        raise DashgenError(unreachable, EXIT_UNREACHABLE)
    return found, problems


def _unreachable(error: OSError) -> Problem:
    return Problem(Place(str(error.filename)), RULE, f"can't be read: {error.strerror}", "Name another folder.")


def _files(path: Path) -> tuple[list[Path], list[OSError]]:
    """Return the Python files below a folder (a file is itself), and what can't be listed."""
    if not path.is_dir():
        return [path], []
    refused: list[OSError] = []
    seen: set[str] = set()
    found: list[Path] = []
    # Airflow follows links too; one that leads back up ends where it was before.
    for folder, folders, names in os.walk(path, followlinks=True, onerror=refused.append):
        real = os.path.realpath(folder)
        if real in seen or (Path(folder) / "pyvenv.cfg").exists():
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        files = [Path(folder) / name for name in names if name.endswith(".py") and not name.startswith(".")]
        found += (file for file in files if file.is_file())
    return sorted(found), refused


def _read(path: Path) -> DagFile:
    """Read and parse one file.

    Raises:
        OSError: it can't be read.
        UnreadableError: it is too large, or no Python.

    """
    with path.open("rb") as file:
        # One more than the limit, so that a pipe without end is noticed too.
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UnreadableError(f"larger than {_LARGEST // _MEBIBYTE} MiB, which no DAG file is", "Leave it out.")
    tree = _parsed(content)
    # Most DAG files report nothing: they need no more than to parse.
    reported = _reported(tree, str(path)) if _PACKAGE.encode() in content else ()
    return DagFile(path, tuple(reported))


def _parsed(content: bytes) -> ast.Module:
    hint = f"Mend it; or, if Airflow's Python reads it, run dashgen with that one: this is {sys.version.split()[0]}."
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # how the user escapes strings is another linter's matter
            return ast.parse(content)
    except SyntaxError as error:
        raise UnreadableError(f"no valid Python: {error.msg}", hint, error.lineno or 0) from None
    except (RecursionError, MemoryError):  # how the parser of Python 3.10 and later says so
        raise UnreadableError("nested deeper than Python reads", "Leave it out.") from None
    except ValueError as error:  # null bytes, before Python 3.12; a number of too many digits
        raise UnreadableError(f"no valid Python: {error}", hint) from None


def _reported(tree: ast.Module, file: str) -> Iterator[Argument]:
    found = calls(tree, _PACKAGE, star=(_FUNCTION,), paths=_PATHS)
    for call in sorted(found, key=lambda call: (call.lineno, call.col_offset)):
        for given in call.args:
            yield Argument(Place(file, given.lineno))
        for keyword in call.keywords:
            if keyword.arg is not None:
                yield Argument(Place(file, keyword.lineno), keyword.arg)
