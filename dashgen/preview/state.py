"""What is shown while it changes, and who waits for the next change."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashgen.preview.boards import Board, Shown


@dataclass(frozen=True)
class Source:
    """Where the series come from: the address without credentials, and whether they are made up."""

    prometheus: str
    sample: bool
    scrape_interval: str


class State:
    """What is shown; each change has a number of its own. Any thread may use it."""

    def __init__(self, shown: Shown, source: Source) -> None:
        """Start at the first version."""
        self._shown = shown
        self._source = source
        self._version = 1
        self._closed = False
        self._changed = threading.Condition()

    @property
    def version(self) -> int:
        """The number of the last change."""
        return self._version

    @property
    def boards(self) -> tuple[Board, ...]:
        """The dashboards."""
        return self._shown.boards

    def told(self) -> dict[str, Any]:
        """Return what the page is told of it."""
        with self._changed:
            return {
                "version": self._version,
                "prometheus": self._source.prometheus,
                "sample": self._source.sample,
                "scrapeInterval": self._source.scrape_interval,
                "datasources": [{"uid": self._shown.datasource, "name": "Prometheus"}],
                "problems": self._shown.problems,
            }

    @property
    def problems(self) -> str:
        """What is wrong with the definitions."""
        return self._shown.problems

    def show(self, shown: Shown) -> None:
        """Show this from now on."""
        with self._changed:
            self._shown = shown
            self._version += 1
            self._changed.notify_all()

    def fail(self, problems: str) -> None:
        """Go on with the dashboards, and tell why there are no newer ones."""
        self.show(replace(self._shown, problems=problems))

    def wait(self, seen: int, seconds: float) -> bool:
        """Wait so long for a version other than ``seen``; whether it is worth to go on waiting."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._version != seen, seconds)
            return not self._closed

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
