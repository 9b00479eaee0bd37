"""One Prometheus with a day of data, one preview of it and one Chromium, for all tests of the page."""

from __future__ import annotations

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from tests.command import BIN
from tests.preview.browser.driver import Browser, browser
from tests.preview.browser.planted import PLANTED
from tests.programs import CHECKOUT
from tests.servers import Prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
START_SECONDS = 180
STOP_SECONDS = 20


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)


@dataclass(frozen=True)
class Preview:
    """A running `dashgen preview`, and the Prometheus that it asks."""

    url: str
    prometheus: Prometheus


@pytest.fixture(scope="session")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preview]:
    """Return a preview of the built-in dashboards and the planted ones, on a day that is made up."""
    folder = tmp_path_factory.mktemp("planted")
    for dashboard in PLANTED:
        (folder / f"{dashboard['uid']}.json").write_text(json.dumps(dashboard), encoding="utf-8")
    log = tmp_path_factory.mktemp("preview") / "log"
    command = (BIN / "dashgen", "preview", "--sample", "--port", "0", folder)
    with log.open("w") as output, subprocess.Popen(command, cwd=CHECKOUT, stdout=output, stderr=output) as process:
        try:
            url = _address(log, process)
            with urlopen(f"{url}/api/state") as response:  # noqa: S310  (loopback)
                prometheus = json.load(response)["prometheus"]
            yield Preview(url, Prometheus(int(prometheus.rpartition(":")[2]), process, log))
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until the preview says where it is."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"dashboards: (http://\S+)", log.read_text(encoding="utf-8")):
            return found[1]
        time.sleep(0.1)
    raise TimeoutError(f"dashgen preview has not started: {log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="session")
def page(preview: Preview, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Return a browser for the preview."""
    with browser(preview.url, tmp_path_factory.mktemp("profile")) as opened:
        yield opened
