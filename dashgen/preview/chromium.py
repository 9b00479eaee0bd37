"""A Chromium without a window, asked over a pair of pipes: the DevTools protocol, without a port.

The protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import time
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dashgen.problems import EXIT_UNREACHABLE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
# It reads commands from 3, and writes answers to 4.
_READS, _WRITES = 3, 4
# What is given to it must not be moved over another of them.
_ABOVE = 10
_PIECE = 1 << 20
_ANSWER_SECONDS = 60.0
_END_SECONDS = 5.0
_POLL_SECONDS = 0.05
_RULE = "preview"


class ChromiumError(Exception):
    """It does not do what it is told, or has ended."""


class Page:
    """A page that is open in it. Every method raises ChromiumError."""

    def __init__(self, pipe: _Pipe, session: str) -> None:
        """Take the session of a page."""
        self._pipe, self._session = pipe, session

    def tell(self, method: str, **parameters: object) -> dict[str, Any]:
        """Give a command, and return its result."""
        return self._pipe.ask(method, parameters, self._session)

    def value(self, expression: str) -> Any:  # noqa: ANN401  (JSON is anything)
        """Return what a JavaScript expression gives; it may be a promise."""
        told = self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise ChromiumError(str(details.get("exception", {}).get("description") or details.get("text")))
        return told["result"].get("value")

    def wait_for(self, expression: str, seconds: float) -> bool:
        """Wait so long until an expression is true; whether it became so."""
        deadline = time.monotonic() + seconds
        while not self.value(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


@contextmanager
def running() -> Iterator[Page]:
    """Run Chromium with a new profile, and yield an empty page of it.

    Raises:
        DashgenError: there is none.
        ChromiumError: it does not start.

    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        hint = "Install it: apt-get install chromium. Or look at the page in any browser, without --png."
        message = f"--png needs one of {', '.join(NAMES)}, none of which is on the PATH"
        raise DashgenError([Problem(Place("dashgen preview"), _RULE, message, hint)], EXIT_UNREACHABLE)
    with TemporaryDirectory(prefix="dashgen-chromium-", ignore_cleanup_errors=True) as profile:
        # As root it can't lock itself in.
        unlocked = ("--no-sandbox",) if os.geteuid() == 0 else ()
        process, pipe = _start(program, (*_FLAGS, *unlocked, f"--user-data-dir={profile}", "about:blank"))
        try:
            targets = pipe.ask("Target.getTargets", {})["targetInfos"]
            target = next((each["targetId"] for each in targets if each["type"] == "page"), None)
            target = target or pipe.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
            session = pipe.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
            yield Page(pipe, session)
        finally:
            _end(process, pipe)


class _Pipe:
    """Messages that end with a zero byte, to and from Chromium."""

    def __init__(self, reads: int, writes: int) -> None:
        self._reads, self._writes = reads, writes
        self._number = 0
        self._rest = b""

    def ask(self, method: str, parameters: dict[str, object], session: str = "") -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        text = json.dumps({**message, "sessionId": session} if session else message).encode() + b"\0"
        deadline = time.monotonic() + _ANSWER_SECONDS
        try:
            while text:
                text = text[os.write(self._writes, text) :]
        except OSError:
            raise ChromiumError("Chromium has ended") from None
        while True:
            told = json.loads(self._message(deadline, method))
            # What else it tells are events, which nobody asked for.
            if told.get("id") == self._number:
                break
        if "error" in told:
            raise ChromiumError(f"{method}: {told['error'].get('message')}")
        found: dict[str, Any] = told["result"]
        return found

    def close(self) -> None:
        os.close(self._reads)
        os.close(self._writes)

    def _message(self, deadline: float, method: str) -> bytes:
        pieces = [self._rest]
        while b"\0" not in pieces[-1]:
            if not select.select([self._reads], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise ChromiumError(f"{method}: no answer within {_ANSWER_SECONDS:g} s")
            pieces.append(os.read(self._reads, _PIECE))
            if not pieces[-1]:
                raise ChromiumError("Chromium has ended")
        message, _, self._rest = b"".join(pieces).partition(b"\0")
        return message


def _start(program: str, flags: tuple[str, ...]) -> tuple[int, _Pipe]:
    """Start it with the two pipes at the places where it looks for them, in a process group of its own."""
    commands, told = os.pipe(), os.pipe()
    given = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, _ABOVE) for each in (commands[0], told[1])]
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        process = os.posix_spawn(
            program,
            (program, *flags),
            os.environ,
            file_actions=[
                *((os.POSIX_SPAWN_DUP2, nowhere, standard) for standard in range(_READS)),
                (os.POSIX_SPAWN_DUP2, given[0], _READS),
                (os.POSIX_SPAWN_DUP2, given[1], _WRITES),
            ],
            setpgroup=0,
        )
    finally:
        for each in (commands[0], told[1], *given, nowhere):
            os.close(each)
    return process, _Pipe(told[0], commands[1])


def _end(process: int, pipe: _Pipe) -> None:
    """Close it; kill what is left of it, its children too, by their process group."""
    with suppress(ChromiumError):
        pipe.ask("Browser.close", {})
    pipe.close()
    deadline = time.monotonic() + _END_SECONDS
    while time.monotonic() < deadline:
        if os.waitpid(process, os.WNOHANG)[0]:
            break
        time.sleep(_POLL_SECONDS)
    else:
        with suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)
