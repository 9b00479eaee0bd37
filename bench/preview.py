"""How long the preview takes to draw dashboards, and to draw them anew, beside an empty page in the same browser."""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING

from bench.figures import Figure
from dashgen.preview import chromium
from tests import faulty
from tests import previewed as preview_of
from tests.command import dashgen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from dashgen.preview.chromium import Page

ROUNDS = 5
SECONDS, TIMES = "s", "times"
EMPTY = "an empty page"
OWN = "billing"

_LONGEST_SECONDS = 120.0
_LOADED = "document.readyState === 'complete'"
_READY = f"{_LOADED} && window.dashgenPreview && window.dashgenPreview.ready()"


class PageError(Exception):
    """A page that is not drawn in a time that anyone would wait."""


def preview(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Draw each dashboard of a project from a sample, and one anew as its definition changes."""
    tell("preview: a sample")
    if dashgen("init", "project", cwd=folder).code:
        raise PageError("there is no project to preview")
    project = folder / "project"
    with (
        faulty.answering(200, text="<!doctype html>", headers={"Content-Type": "text/html"}) as nothing,
        preview_of.command("--sample", "--watch", cwd=project) as running,
        chromium.running() as page,
    ):
        boards = {board["uid"]: board["title"] for board in preview_of.get(running.port, "/api/dashboards").json}
        pages = {EMPTY: (nothing.url, _LOADED)}
        pages |= {title: (f"http://localhost:{running.port}/d/{uid}", _READY) for uid, title in boards.items()}
        took: dict[str, list[float]] = {name: [] for name in pages}
        for turn in range(1, ROUNDS + 1):
            for name, (address, drawn) in pages.items():
                tell(f"preview: {name} ({turn} of {ROUNDS})")
                took[name].append(_opened(page, address, drawn))
        tell("preview: changes")
        page.tell("Page.navigate", url=f"http://localhost:{running.port}/d/{OWN}")
        redrawn = [_redrawn(page, project / "billing.py", turn) for turn in range(ROUNDS)]
    seconds = {name: statistics.median(found) for name, found in took.items()}
    yield Figure(f"preview, {EMPTY}", seconds[EMPTY], SECONDS)
    for title in boards.values():
        yield Figure(f"preview, {title}, drawn", seconds[title], SECONDS)
        yield Figure(f"preview, {title} / {EMPTY}", seconds[title] / seconds[EMPTY], TIMES)
    change = statistics.median(redrawn)
    yield Figure("preview, from a change to redrawn", change, SECONDS, 1)
    yield Figure(f"preview, from a change to redrawn / {EMPTY}", change / seconds[EMPTY], TIMES)


def _opened(page: Page, address: str, drawn: str) -> float:
    began = time.monotonic()
    page.tell("Page.navigate", url=address)
    _wait(page, drawn)
    return time.monotonic() - began


def _redrawn(page: Page, module: Path, turn: int) -> float:
    """Change a panel's title, and wait until the page has it and is ready."""
    before, after = (f'"Open now{number}"' for number in ((turn or ""), turn + 1))
    _wait(page, _READY)
    text = module.read_text(encoding="utf-8")
    # The process that builds next must have imported what it needs.
    time.sleep(3)
    began = time.monotonic()
    module.write_text(text.replace(before, after), encoding="utf-8")
    title = json.dumps(json.loads(after))
    _wait(page, f"document.body.innerText.includes({title}) && {_READY}")
    return time.monotonic() - began


def _wait(page: Page, expression: str) -> None:
    if not page.wait_for(expression, _LONGEST_SECONDS):
        raise PageError(f"not after {_LONGEST_SECONDS:g} s: {expression}")
