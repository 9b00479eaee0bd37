"""Seeing that definitions have changed, and showing what they make now."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import dashgen
from dashgen import settings_file
from dashgen.preview.rebuild import FailedError, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dashgen.preview.state import State

_PACKAGE = Path(dashgen.__file__).resolve().parent
# In a checkout the built-in definitions change too; an installed package does not.
_OWN_CHANGES = not _PACKAGE.is_relative_to(Path(sys.prefix).resolve())
_SUFFIXES = (".py", ".j2")
_PASSED_OVER = ("__pycache__", "node_modules", "bundle")
_PYTHON_ENVIRONMENT = "pyvenv.cfg"
_POLL_SECONDS = 0.1
# Looking must not keep the machine busy, however many files there are.
_SHARE = 10

Seen = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Watched:
    """What is loaded: the settings' file, the output folder and the dashboard files, as the command was given them."""

    config: Path | None
    out: Path | None
    paths: tuple[Path, ...]

    def seen(self) -> Seen:
        """Return when each file that can change was last changed, and its size."""
        base = self.config.parent if self.config else Path()
        settings = settings_file.find(self.config, base)
        folders = [base] if settings else []
        if _OWN_CHANGES:
            folders.append(_PACKAGE)
        found: Seen = {}
        for folder in folders:
            found |= _below(str(folder.resolve()))
        for file in (settings, *self.paths):
            if file is not None:
                with suppress(OSError):
                    # Of a folder: that something came or went.
                    status = file.stat()
                    found[str(file)] = (status.st_mtime_ns, status.st_size)
        for folder in self.paths:
            if folder.is_dir():
                found |= _below(str(folder), (".json", ".yaml", ".yml"))
        return found


def follow(state: State, watched: Watched, before: Seen, tell: Callable[[str], None]) -> None:
    """Show what is watched anew whenever it is other than ``before``, without an end; ``tell`` gets what was done."""
    while True:
        with closing(Waiting(own=not _OWN_CHANGES)) as waiting:
            before = _changed(before, watched)
            began = time.monotonic()
            try:
                stages = waiting.load(watched.config, watched.out, watched.paths)
                # What was wrong stays until it is known whether it still is.
                state.show(replace(next(stages), problems=state.problems))
                for whole in stages:
                    if whole.problems != state.problems:
                        state.show(whole)
            except FailedError as error:
                state.fail(str(error))
                tell(str(error))
            else:
                tell(state.problems or f"built anew in {time.monotonic() - began:.1f} s")


def _changed(before: Seen, watched: Watched) -> Seen:
    """Wait until something is other than it was, and return what is there then."""
    while True:
        began = time.monotonic()
        now = watched.seen()
        if now != before:
            return now
        time.sleep(max(_POLL_SECONDS, _SHARE * (time.monotonic() - began)))


def _below(folder: str, suffixes: tuple[str, ...] = _SUFFIXES) -> Mapping[str, tuple[int, int]]:
    return dict(_files(folder, suffixes))


def _files(folder: str, suffixes: tuple[str, ...]) -> Iterator[tuple[str, tuple[int, int]]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    if any(entry.name == _PYTHON_ENVIRONMENT for entry in entries):
        return
    for entry in entries:
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                if not entry.name.startswith(".") and entry.name not in _PASSED_OVER:
                    yield from _files(entry.path, suffixes)
            elif entry.name.endswith(suffixes):
                status = entry.stat()
                yield entry.path, (status.st_mtime_ns, status.st_size)
