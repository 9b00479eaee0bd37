"""A throw-away Prometheus: its blocks, its process, and what happens when a program is not there."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from dashgen.problems import EXIT_UNREACHABLE, DashgenError, Place, Problem
from dashgen.pushgateway.address import Address
from dashgen.verify.client import Access, Client, QueryError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

RULE = "preview"
HOST = "127.0.0.1"
READY_SECONDS, STOP_SECONDS = 60.0, 10.0
QUERY_SECONDS = 60.0
_POLL_SECONDS = 0.02
_PORTS_TRIED = 5
_LOG_SHOWN = 2000
_INSTALL = (
    "Install Prometheus, which brings both: apt-get install prometheus, brew install prometheus, or the archive "
    "of prometheus.io/download on the PATH. Or name a running one: --prometheus-url URL."
)


def program(name: str) -> str:
    """Return the path of a program of Prometheus'.

    Raises:
        DashgenError: it is not there.

    """
    found = shutil.which(name)
    if found is None:
        raise _failed(f"--sample needs {name}, which is not on the PATH", _INSTALL)
    return found


class Blocks:
    """Blocks that are made from text in the OpenMetrics format, several at a time, in a Prometheus' folder."""

    def __init__(self, data: Path) -> None:
        """Take the folder of the blocks; it need not be there yet."""
        self._data = data
        self._under_way: list[tuple[subprocess.Popen[bytes], Path]] = []

    def add(self, name: str, lines: Iterable[str]) -> None:
        """Write lines to a file beside the folder, and begin to make a block of them."""
        file = self._data.with_name(f"{name}.om")
        with file.open("w", encoding="utf-8") as text:
            text.writelines(lines)
            text.write("# EOF\n")
        # One block for all: it reads the whole file once for each that it makes.
        command = ("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=10000h", "--quiet")
        self._under_way.append((_start((program("promtool"), *command, str(file), str(self._data)), file), file))

    def wait(self) -> None:
        """Wait until all blocks are there.

        Raises:
            DashgenError: promtool can't make one.

        """
        while self._under_way:
            process, file = self._under_way[0]
            if process.wait() != 0:
                raise _failed(
                    f"promtool fails: {_log(file)}", "Is it of the same release as Prometheus, 2.42 or newer?"
                )
            file.unlink()
            self._under_way.pop(0)

    def close(self) -> None:
        """Stop what is under way."""
        for process, _ in self._under_way:
            _stop(process)


@contextmanager
def running(folder: Path, config: str) -> Iterator[str]:
    """Run Prometheus on a configuration, its data in ``folder/data``; yield its address, ready to answer.

    Raises:
        DashgenError: there is none, or it does not start.

    """
    file = folder / "prometheus.yml"
    file.write_text(config, encoding="utf-8")
    arguments = (f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=1y")
    for _ in range(_PORTS_TRIED):
        address = f"{HOST}:{_free_port()}"
        command = (program("prometheus"), *arguments, f"--web.listen-address={address}", "--log.level=warn")
        process = _start(command, file)
        try:
            if _becomes_ready(process, address):
                yield f"http://{address}"
                return
        finally:
            _stop(process)
        if "address already in use" not in _log(file):
            break
    raise _failed(f"Prometheus does not start: {_log(file)}", "Does prometheus --version run?")


def client(url: str) -> Client:
    """Make a client for the Prometheus at an address, not yet connected."""
    return Client(Access(Address.parse(url)), QUERY_SECONDS)


def _start(command: tuple[str, ...], file: Path) -> subprocess.Popen[bytes]:
    with file.with_suffix(".log").open("wb") as log:
        # A session of its own: Ctrl-C is for us, and we end it.
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # noqa: S603  (a program on the PATH)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _becomes_ready(process: subprocess.Popen[bytes], address: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        asked = Client(Access(Address.parse(address)), 1.0)
        try:
            asked.clock()
        except (QueryError, UnreachableError):
            time.sleep(_POLL_SECONDS)
        else:
            # Whoever holds the port answers too; ours fails on it at once.
            return process.poll() is None
        finally:
            asked.close()
    return False


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _log(file: Path) -> str:
    return " ".join(file.with_suffix(".log").read_text(errors="replace")[-_LOG_SHOWN:].split())


def _failed(message: str, hint: str) -> DashgenError:
    return DashgenError([Problem(Place("dashgen preview"), RULE, message, hint)], EXIT_UNREACHABLE)
