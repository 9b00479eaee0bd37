"""A process that loads a project anew: modules that Python has imported, it never imports again.

One waits with everything imported that does not change, so that a change is seen at once. Of the
definitions nothing may be imported before it is asked: ``python -m dashgen.preview.rebuild``.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashgen.preview.boards import Shown

# What takes longest to import of what definitions and checks use.
_LIBRARIES = ("attr", "click", "grafanalib.core", "jinja2", "jsonschema", "promql_parser", "yaml")
_OWN = ("dashgen.builtin", "dashgen.preview.boards")
_BUILD_SECONDS = 120.0
_PACKAGE = Path(__file__).resolve().parent.parent
_SHOWN, _FAILED = "shown", "failed"


class FailedError(Exception):
    """The project can't be loaded; the message is the report of its problems."""


class Waiting:
    """A process that waits to load a project once."""

    def __init__(self, *, own: bool) -> None:
        """Start it; with ``own``, dashgen's own definitions do not change either."""
        names = json.dumps([*_LIBRARIES, *(_OWN if own else ())])
        self._process = subprocess.Popen(  # noqa: S603  (this Python, this module)
            (sys.executable, "-m", __name__, names),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )

    def load(self, config: Path | None, out: Path | None, paths: Sequence[Path]) -> Iterator[Shown]:
        """Let it load the project; yield what :func:`dashgen.preview.boards.stages` does.

        Raises:
            FailedError: it can't be loaded.

        """
        from dashgen.preview.boards import parse  # noqa: PLC0415  (not in the process that waits)

        process = self._process
        asked = json.dumps([config and str(config), out and str(out), list(map(str, paths))])
        late = threading.Timer(_BUILD_SECONDS, process.kill)
        late.start()
        told = False
        try:
            for kind, text in _conversation(process, asked):
                told = True
                if kind == _FAILED:
                    raise FailedError(text)
                yield parse(text)
            status = process.wait()
        finally:
            late.cancel()
        if status == -signal.SIGKILL:
            raise FailedError(f"the build does not end within {_BUILD_SECONDS:g} s")
        if status or not told:
            raise FailedError(f"the build ended with status {status}: the terminal shows more")

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


def _conversation(process: subprocess.Popen[bytes], asked: str) -> Iterator[tuple[str, str]]:
    """Ask, and yield what is answered, a line each: its kind and a text."""
    if process.stdin is None or process.stdout is None:
        return
    with suppress(BrokenPipeError):
        process.stdin.write(asked.encode())
        process.stdin.close()
    for line in process.stdout:
        kind, text = json.loads(line)
        yield kind, text


def main() -> None:
    """Import what does not change, wait to be asked, answer, and end."""
    # Who imports what prints must not answer for us.
    answers, sys.stdout = sys.stdout, sys.stderr
    for name in json.loads(sys.argv[1]):
        importlib.import_module(name)
    asked = sys.stdin.read()
    if not asked:
        return
    config, out, paths = json.loads(asked)
    for told in _answers(config and Path(config), out and Path(out), tuple(map(Path, paths))):
        answers.write(f"{json.dumps(told)}\n")
        answers.flush()
    # What was imported need not be taken down in order.
    os._exit(0)


def _answers(config: Path | None, out: Path | None, paths: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    from dashgen import report  # noqa: PLC0415  (after it is asked)
    from dashgen.problems import DashgenError, Place, Problem  # noqa: PLC0415  (the same)

    try:
        from dashgen.preview import boards  # noqa: PLC0415  (the same)

        for shown in boards.stages(config, out, paths):
            yield _SHOWN, shown.dump()
    except DashgenError as error:
        yield _FAILED, report.text(error.problems)
    except Exception as error:  # noqa: BLE001  (the built-in definitions, of who changes them)
        place = Place(*_where(error))
        yield _FAILED, report.text([Problem(place, "module", f"{type(error).__name__}: {error}")])


def _where(error: Exception) -> tuple[str, int]:
    """Return file and line of what was last run of ours, or can't be parsed."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)]
    last = ours[-1] if ours else frames[-1]
    return last.filename, last.lineno or 0


if __name__ == "__main__":
    main()
