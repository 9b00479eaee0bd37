"""The demo, as ``make`` runs it: it says where everything is, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.airflow import DAGS, NAMES, SWEEPER
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 120.0
STOP_SECONDS = 60.0


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run the demo in a session of its own, with its temporary folder below ``folder``; yield it and what it prints."""
    log, temporary = folder / "log", folder / "temporary"
    temporary.mkdir()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            (sys.executable, "-m", "demo", *arguments),
            cwd=CHECKOUT,
            env={**os.environ, "TMPDIR": str(temporary)},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process, log
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def of_folder(folder: Path) -> list[str]:
    """Return the command lines of all processes that name a folder in them or in their environment."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                words, environment = ((process / name).read_bytes() for name in ("cmdline", "environ"))
            except OSError:  # it has ended
                continue
            if str(folder).encode() in words + environment:
                found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=lambda end: end.name)
def test_without_airflow(tmp_path: Path, end: signal.Signals) -> None:
    """Each address that it prints answers, the fleet is there, and when it is ended no process and no file is left."""
    with demo(tmp_path, "--emit") as (process, log):
        eventually(lambda: "the fleet goes on" in log.read_text(encoding="utf-8") or process.poll() is not None)
        said = log.read_text(encoding="utf-8")
        urls = re.findall(r"^(?:Prometheus|Alertmanager|Pushgateway) +(http://127\.0\.0\.1:\d+)", said, re.MULTILINE)
        assert len(urls) == 3, said
        for url in urls:
            with urllib.request.urlopen(f"{url}/-/ready") as answer:  # noqa: S310  (on loopback)
                assert answer.status == 200
        with urllib.request.urlopen(f"{urls[2]}/metrics") as answer:  # noqa: S310  (as above)
            assert b"task_status{" in answer.read()
        process.send_signal(end)
        assert process.wait(STOP_SECONDS) == 0, log.read_text(encoding="utf-8")
    assert log.read_text(encoding="utf-8").splitlines()[-1] == "stopped; nothing is left"
    assert of_folder(tmp_path / "temporary") == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_server_that_ends(tmp_path: Path) -> None:
    """When a server ends by itself it says which, ends the others, and removes what it made."""
    with demo(tmp_path, "--emit") as (process, log):
        eventually(lambda: "the fleet goes on" in log.read_text(encoding="utf-8") or process.poll() is not None)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
        (gateway,) = (pid for pid in children if b"pushgateway" in Path(f"/proc/{pid}/cmdline").read_bytes()[:60])
        os.kill(int(gateway), signal.SIGKILL)
        assert process.wait(STOP_SECONDS) == 3
    # Whichever is seen first: the gateway, or what can no longer push to it.
    assert re.search(r"^demo: .* has ended by itself", log.read_text(encoding="utf-8"), re.MULTILINE)
    assert of_folder(tmp_path / "temporary") == []
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_pages_dags() -> None:
    """The page tells each example DAG and no other, and the demo waits for those that the files make."""
    page = (CHECKOUT / "docs" / "live.md").read_text(encoding="utf-8")
    table = page.partition("| DAG | shows |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == NAMES
    sources = "".join(file.read_text(encoding="utf-8") for file in DAGS.glob("*.py"))
    assert {*re.findall(r'^@dag\("(\w+)"', sources, re.MULTILINE), SWEEPER} == NAMES
