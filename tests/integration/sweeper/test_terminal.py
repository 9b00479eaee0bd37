"""``dashgen sweep`` on a terminal: the bar, Ctrl-C, and what others would have it print."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from tests import wire
from tests.command import BIN, shell
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, EXPIRED, Group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import Pushgateway
    from tests.wire import Request


def test_labels_that_a_terminal_would_obey(gateway: Pushgateway, tmp_path: Path) -> None:
    """Others may have written a terminal's commands into a label: they are printed as text."""
    gateways.filled(gateway, [Group({"job": "airflow_task_runs", "dag_id": "é\x1b[2J\u202e"})])
    with gateways.front(gateway.port, shift=2 * DAY) as server:
        done = gateways.command(server.url, "--yes", "--dry-run", "--match", "task_id=", cwd=tmp_path)
    assert '{dag_id="é\\x1b[2J\\u202e",instance="",job="airflow_task_runs"}' in done.stdout
    assert done.stdout.replace("\n", "").isprintable()


def test_answers_that_a_terminal_would_obey(gateway: Pushgateway, tmp_path: Path) -> None:
    """So may whoever answers."""
    with gateways.front(gateway.port, lambda _: wire.response(418, b"\x1b[2Jteapot", {})) as server:
        done = gateways.command(server.url, cwd=tmp_path)
    assert done.code == 3
    assert "418 \\x1b[2Jteapot" in done.stderr
    with gateways.front(gateway.port, gateways.refusing(status=418, text=b"\x1b[2Jteapot")) as server:
        done = gateways.command(server.url, cwd=tmp_path)
    assert done.code == 1
    assert "418 \\x1b[2Jteapot" in done.stderr


def test_nowhere_to_complain(gateway: Pushgateway, assert_swept: Callable[[], None], tmp_path: Path) -> None:
    """A sweep whose stderr was closed by who started it sweeps."""
    done = shell(f"dashgen sweep --url {gateway.url} 2>&-", cwd=tmp_path)
    assert done.code == 0, done
    assert f"{len(EXPIRED)} deleted" in done.stdout
    assert_swept()


@pytest.mark.parametrize(
    ("method", "code", "said"),
    [
        ("GET", 1, "interrupted: 0 deletions were sent; run it again for the rest\n"),
        ("POST", 0, "the sweeper's own metrics did not arrive: interrupted\n"),
    ],
)
def test_interrupted(gateway: Pushgateway, method: str, code: int, said: str) -> None:
    """Ctrl-C while it lists, or while it tells its own metrics, ends it, and what was done is said."""
    reached, over = threading.Event(), threading.Event()

    def then(request: Request) -> None:
        if request.method == method:
            reached.set()
            assert over.wait(30)

    with gateways.front(gateway.port, then) as server:
        command = (BIN / "dashgen", "sweep", "--url", server.url)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert reached.wait(20)
            process.send_signal(signal.SIGINT)
            if method == "GET":  # it still tells its own metrics
                over.set()
            stdout, stderr = process.communicate(timeout=20)
        over.set()
    assert (process.returncode, stderr) == (code, said)
    assert (f"{len(EXPIRED)} deleted" in stdout) == (method == "POST")


def test_progress(gateway: Pushgateway, assert_swept: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a bar shows how many groups of how many are deleted; stdout stays as it is."""
    monkeypatch.setenv("TERM", "xterm")
    shown, terminal = pty.openpty()
    command = (BIN / "dashgen", "sweep", "--url", gateway.url)
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=terminal, text=True, check=False)
    os.close(terminal)
    bar = os.read(shown, 1 << 16).decode()
    os.close(shown)
    assert done.returncode == 0, bar
    assert "deleting" in bar
    assert f"0/{len(EXPIRED)}" in bar
    # How many groups the last listing will find, nobody knows.
    assert "0/?" in bar[bar.rindex("listing") :]
    assert len(done.stdout.splitlines()) == 1
    assert_swept()
