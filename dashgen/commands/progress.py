"""A progress bar on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dashgen_sweeper.sweep import Progress as Told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress


@contextmanager
def shown() -> Iterator[Told]:
    """Show a bar on a terminal meanwhile, and nothing elsewhere."""
    if sys.stderr is None or not sys.stderr.isatty():  # None: who started this has closed it
        yield Told()
        return
    # A quarter of the time that the command takes to start.
    from rich.console import Console  # noqa: PLC0415  (as above)
    from rich.progress import (  # noqa: PLC0415  (as above)
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Bar(bar)


class _Bar(Told):
    def __init__(self, bar: Progress) -> None:
        self._bar, self._task = bar, bar.add_task("", total=None)

    def phase(self, name: str, total: int | None = None) -> None:
        # Not a reset, which keeps the total where the new one is not known.
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total)

    def advance(self, number: int) -> None:
        self._bar.advance(self._task, number)
