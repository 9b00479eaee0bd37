"""The installed command, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it printed."""

    code: int
    stdout: str
    stderr: str


def dashgen(*arguments: str | Path, cwd: Path) -> Done:
    """Run ``dashgen`` in a folder."""
    command = (str(BIN / "dashgen"), *map(str, arguments))
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def shell(line: str, *, cwd: Path) -> Done:
    """Run a line of bash in a folder, with the command on the path; all output is in ``stdout``."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ("/bin/bash", "-c", line),
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, "")


def content(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return the bytes and the time (ns) of every file below a folder, by relative path."""
    return {
        file.relative_to(folder).as_posix(): (file.read_bytes(), file.stat().st_mtime_ns)
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
