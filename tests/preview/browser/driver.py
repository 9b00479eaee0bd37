"""One Chromium, driven by a program of node's: requests and answers are lines of JSON."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from tests.programs import CHECKOUT, program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

PROGRAMS = CHECKOUT / "dashgen" / "preview" / "web" / "build"
STOP_SECONDS = 20.0


class BrowserError(Exception):
    """The browser could not do what it was asked to."""


@dataclass(frozen=True)
class Shown:
    """What a page shows: its panels and problems as `window.dashgenPreview` has them."""

    url: str
    ready: bool
    panels: tuple[Mapping[str, Any], ...]
    problems: tuple[Mapping[str, str], ...]
    errors: tuple[str, ...]

    def panel(self, title: str) -> Mapping[str, Any]:
        """Return the panel with a title.

        Raises:
            LookupError: there is none, or several.

        """
        found = [panel for panel in self.panels if panel["title"] == title]
        if len(found) != 1:
            raise LookupError(f"{len(found)} panels with the title {title}")
        return found[0]

    def of(self, where: str) -> str:
        """Return what is wrong there, in one text."""
        return "\n".join(problem["reason"] for problem in self.problems if problem["where"] == where)


class Browser:
    """A window on the preview."""

    def __init__(self, url: str, requests: IO[str], answers: IO[str]) -> None:
        """Show nothing yet."""
        self.url, self._requests, self._answers = url, requests, answers

    def open(self, path: str) -> Shown:
        """Open a path in a new window."""
        return _shown(self._ask(do="open", url=self.url + path))

    def click(self, selector: str) -> Shown:
        """Click on the first element that matches."""
        return _shown(self._ask(do="click", selector=selector))

    def choose(self, variable: str, option: str) -> Shown:
        """Choose an option of the variable with this label."""
        return _shown(self._ask(do="choose", variable=variable, option=option))

    def follow(self, selector: str) -> Shown:
        """Follow a link, in whatever window it opens."""
        return _shown(self._ask(do="follow", selector=selector))

    def find(self, selector: str) -> list[Mapping[str, str]]:
        """Return text and href of the elements that match."""
        return cast("list[Mapping[str, str]]", self._ask(do="find", selector=selector))

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401  (JSON is anything)
        """Return what an expression of JavaScript gives on the page."""
        return self._ask(do="evaluate", expression=expression)

    def repeat(self, path: str, times: int) -> list[str]:
        """Open a path so many times; return in which not all was finished, and what."""
        return cast("list[str]", self._ask(do="repeat", url=self.url + path, times=times))

    def _ask(self, **request: Any) -> Any:  # noqa: ANN401  (JSON is anything)
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        line = self._answers.readline()
        if not line:
            raise BrowserError("the browser's driver has ended; see what it printed")
        reply = json.loads(line)
        if "error" in reply:
            raise BrowserError(reply["error"])
        return reply["answer"]


def _shown(answer: Mapping[str, Any]) -> Shown:
    return Shown(
        answer["url"], answer["ready"], tuple(answer["panels"]), tuple(answer["problems"]), tuple(answer["errors"])
    )


@contextmanager
def browser(url: str, profile: Path) -> Iterator[Browser]:
    """Run a Chromium with a profile of its own."""
    command = (program("node"), PROGRAMS / "check.mjs", program("chromium"), profile)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        requests, answers = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        try:
            yield Browser(url, requests, answers)
        finally:
            requests.close()  # it ends with its input
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
