"""Pictures of dashboards: each whole, light and dark, drawn by the page itself."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dashgen.preview import chromium

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from dashgen.preview.boards import Board
    from dashgen.preview.chromium import Page

THEMES = ("light", "dark")
WIDTH = 1400
_FIRST_HEIGHT, _MOST_HEIGHT = 1000, 16_000
DRAWN_SECONDS = 90.0
_READY = "window.dashgenPreview && window.dashgenPreview.ready()"
_REPORT = "({panels: window.dashgenPreview.panels(), problems: [...window.dashgenPreview.problems]})"
# The page's word for a panel that has no data but must.
_NO_DATA = "nodata"
# Two frames, so that what is ready is on the picture.
_PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
_HEIGHT = "Math.ceil(Math.max(document.documentElement.scrollHeight, document.body.scrollHeight))"


@dataclass(frozen=True)
class Picture:
    """A picture that was written; what failed in it, and which panels have no data but should: a line for each."""

    file: Path
    failures: tuple[str, ...]
    empty: tuple[str, ...]


def draw(url: str, boards: Iterable[Board], folder: Path) -> Iterator[Picture]:
    """Draw dashboards from the preview at an address, and yield each picture once it is written.

    Raises:
        DashgenError: there is no Chromium.
        ChromiumError: it does not do what it should.
        OSError: a picture can't be written.

    """
    with chromium.running() as page:
        for board in boards:
            for theme in THEMES:
                file = folder / f"{board.uid}.{theme}.png"
                found = _load(page, f"{url}/d/{board.uid}?expand&kiosk&theme={theme}")
                shot = page.tell("Page.captureScreenshot", format="png", captureBeyondViewport=False)
                file.write_bytes(base64.b64decode(shot["data"]))
                yield Picture(
                    file,
                    tuple(text for failed, text in found if failed),
                    tuple(text for failed, text in found if not failed),
                )


def _load(page: Page, address: str) -> list[tuple[bool, str]]:
    """Let the page draw a dashboard in a window as high as it is; return what is wrong."""
    _resize(page, _FIRST_HEIGHT)
    page.tell("Page.navigate", url=address)
    if not page.wait_for("document.readyState === 'complete' && window.dashgenPreview", DRAWN_SECONDS):
        return [(True, f"the page shows no dashboard after {DRAWN_SECONDS:g} s")]
    # Drawing can make it higher: a text that wraps, a row whose panels come late.
    drawn, height = False, _FIRST_HEIGHT
    for _ in range(3):
        drawn = page.wait_for(_READY, DRAWN_SECONDS)
        needed = min(int(page.value(_HEIGHT)), _MOST_HEIGHT)
        if needed == height:
            break
        height = needed
        _resize(page, height)
        page.value(_PAINTED)
    page.value(_PAINTED)
    return list(_findings(page.value(_REPORT), drawn=drawn))


def _resize(page: Page, height: int) -> None:
    page.tell("Emulation.setDeviceMetricsOverride", width=WIDTH, height=height, deviceScaleFactor=1, mobile=False)


def _findings(report: dict[str, Any], *, drawn: bool) -> Iterator[tuple[bool, str]]:
    """Yield what is wrong, and whether that is a failure: a panel without data is none."""
    for problem in report["problems"]:
        yield problem["kind"] != _NO_DATA, ": ".join(filter(None, (problem["where"], problem["reason"])))
    for panel in report["panels"]:
        if not drawn and not panel["finished"]:
            yield True, f"{panel['title']}: not drawn within {DRAWN_SECONDS:g} s"
