"""Small file systems of their own, for tests of what no folder can be made to do."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def memory(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system in memory, of that size, on a new folder."""
    folder.mkdir()
    _as_root("mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _as_root("umount", str(folder))


def make_read_only(folder: Path) -> None:
    """Mount a mounted file system again so that nobody, root included, may write."""
    _as_root("mount", "-o", "remount,ro", str(folder))


def _as_root(name: str, *arguments: str) -> None:
    command = (str(program(name)), *arguments)
    if os.geteuid():
        command = (str(program("sudo")), "--non-interactive", *command)
    subprocess.run(command, check=True)
