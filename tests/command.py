"""The installed command, as a person runs it."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dashgen.cli import main

BIN = Path(sys.executable).parent

# Each process of the command is forked from one that has imported it, which a start of Python takes a second
# for: hundreds of tests run it. `shell` and others start the installed program itself.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["pytest", "tests.warmed"])


@dataclass(frozen=True)
class Done:
    """What a command left: its exit code and what it printed."""

    code: int
    stdout: str
    stderr: str


def dashgen(*arguments: str | Path, cwd: Path) -> Done:
    """Run ``dashgen`` in a folder, in a process of its own."""
    with TemporaryDirectory() as name:
        files = [Path(name, each) for each in ("stdout", "stderr")]
        process = _FORKS.Process(target=_become, args=([str(each) for each in arguments], cwd, dict(os.environ), files))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        assert code is not None
        return Done(code, *(file.read_text(encoding="utf-8") for file in files))


def _become(arguments: list[str], cwd: Path, environment: dict[str, str], files: list[Path]) -> None:
    """Turn this process into one of the command, whose output goes to two files."""
    for number, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    sys.argv = ["dashgen", *arguments]
    main()


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
