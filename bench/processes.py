"""Timing whole processes, one after the other and in turn, so that all share the same weather."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_KIB_PER_MIB = 1024


class CommandError(Exception):
    """A command that was to be timed failed."""


@dataclass(frozen=True)
class Command:
    """A command line, and what is done before each run of it, which is not timed."""

    words: tuple[str, ...]
    before: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Run:
    """What one process took: wall-clock seconds, and MiB of memory at its peak."""

    seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Timing:
    """What a command takes: the median of its seconds, and the highest of its peaks in MiB."""

    seconds: float
    peak_mib: float


def timed(commands: Mapping[str, Command], rounds: int, folder: Path, tell: Callable[[str], None]) -> dict[str, Timing]:
    """Run every command once in each round, in the folder, and time it.

    A first round, which warms Python's bytecode and the disk's cache, does not count.

    Raises:
        CommandError: a command fails; the message holds all that it printed.

    """
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            tell(f"{name} ({turn} of {rounds})" if turn else f"{name} (warming up)")
            command.before()
            found = _run(command.words, folder)
            if turn:
                runs[name].append(found)
    return {
        name: Timing(
            statistics.median(run.seconds for run in of_command),
            max(run.peak_mib for run in of_command),
        )
        for name, of_command in runs.items()
    }


def _run(words: tuple[str, ...], folder: Path) -> Run:
    # As a user has it, not as a developer's shell or CI sets it: PYTHONDONTWRITEBYTECODE
    # alone would make every import compile anew.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    log = folder / "log"
    with log.open("wb") as sink:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  (our own command lines)
            words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        printed = log.read_text(encoding="utf-8", errors="replace")
        raise CommandError(f"{' '.join(words)}: exit code {process.returncode}\n{printed}")
    return Run(seconds, used.ru_maxrss / _KIB_PER_MIB)
