"""The demo, as ``make`` runs it: it says where everything is, or what is wrong, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.airflow import DAGS, NAMES, SWEEPER
from tests import demos
from tests.demos import Demo
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

GOES_ON = "the fleet goes on"


@pytest.mark.parametrize("end", [Demo.interrupt, Demo.terminate], ids=["Ctrl-C", "SIGTERM"])
def test_without_airflow(tmp_path: Path, end: Callable[[Demo], int]) -> None:
    """Each address that it prints answers, the fleet is there, and when it is ended no process and no file is left."""
    with demos.running(tmp_path, "--emit") as demo:
        demo.wait(GOES_ON)
        addresses = demo.addresses()
        assert sorted(addresses) == ["Alertmanager", "Prometheus", "Pushgateway"]
        for name, url in addresses.items():
            demos.answer(url + demos.HEALTH[name])
        assert b"task_status{" in demos.answer(f"{addresses['Pushgateway']}/metrics")
        assert end(demo) == 0, demo.said()
    # Each of the two says its last word once: what is emitted is not interrupted while it counts.
    assert re.search(r"^stopping\n\d+ groups? pushed since\nstopped; nothing is left\n\Z", demo.said(), re.MULTILINE)
    assert demo.left() == []


def test_a_server_that_ends(tmp_path: Path) -> None:
    """When a server ends by itself it says which, ends the others, and removes what it made."""
    with demos.running(tmp_path, "--emit") as demo:
        demo.wait(GOES_ON)
        own = demo.process.pid
        children = Path(f"/proc/{own}/task/{own}/children").read_text(encoding="utf-8").split()
        (gateway,) = (pid for pid in children if b"pushgateway" in Path(f"/proc/{pid}/cmdline").read_bytes()[:60])
        os.kill(int(gateway), signal.SIGKILL)
        assert demo.process.wait(demos.STOP_SECONDS) == 3
    # Whichever is seen first: the gateway, or what can no longer push to it.
    assert re.search(r"^demo: .* has ended by itself", demo.said(), re.MULTILINE)
    assert demo.left() == []


def test_without_programs(tmp_path: Path) -> None:
    """It says what is not installed and what installs it, and leaves nothing behind."""
    with demos.running(tmp_path, PATH="") as demo:
        assert demo.process.wait(demos.PATIENCE_SECONDS) == 3
    assert re.fullmatch(
        r"demo: [\w-]+ is not installed: `make servers` installs what tests and demo run\n", demo.said()
    )
    assert demo.left() == []


def test_a_step_that_fails(tmp_path: Path) -> None:
    """It says which command failed and what that said, and leaves nothing behind."""
    # No file may have more than 4 KiB, as on a full disk.
    with demos.running(tmp_path, "--emit", limits=("prlimit", "--fsize=4096", "--")) as demo:
        assert demo.process.wait(demos.PATIENCE_SECONDS) == 3
    first, *others = demo.said().splitlines()
    assert re.fullmatch(r"demo: \S+/dashgen build --config \S+ --out \S+ failed with exit code 3:", first)
    assert any("File too large" in line for line in others)
    assert "Traceback" not in demo.said()
    assert demo.left() == []


def test_the_pages_dags() -> None:
    """The page tells each example DAG and no other, and the demo waits for those that the files make."""
    page = (CHECKOUT / "docs" / "live.md").read_text(encoding="utf-8")
    table = page.partition("| DAG | shows |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == NAMES
    sources = "".join(file.read_text(encoding="utf-8") for file in DAGS.glob("*.py"))
    assert {*re.findall(r'^@dag\("(\w+)"', sources, re.MULTILINE), SWEEPER} == NAMES
