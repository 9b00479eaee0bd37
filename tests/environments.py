"""Virtual environments that tests make, by the uv of the environment they run in."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

from tests.programs import CHECKOUT

UV = Path(sys.executable).with_name("uv")


class CommandError(Exception):
    """A command failed."""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Return what a command prints, run without the caller's Python settings.

    Raises:
        CommandError: it fails; the message holds all that it printed.

    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment.pop("VIRTUAL_ENV", None)
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    check(done)
    return done.stdout


def check(done: subprocess.CompletedProcess[str]) -> None:
    """Accept a command that has ended well.

    Raises:
        CommandError: it failed; the message holds the command and all that it printed.

    """
    if done.returncode:
        command = shlex.join(str(word) for word in done.args)
        raise CommandError(f"{command} failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}".rstrip())


def build_wheel(folder: Path) -> Path:
    """Return the package as it would be published, built from the checkout into a folder."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=CHECKOUT)
    (built,) = folder.glob("*.whl")
    return built


def install(wheel: Path, environment: Path) -> None:
    """Install a package with what it needs into a virtual environment."""
    run(UV, "pip", "install", "--quiet", "--python", environment, wheel)


def installed(environment: Path) -> frozenset[str]:
    """Return the packages in a virtual environment, each with its version."""
    return frozenset(run(UV, "pip", "freeze", "--python", environment).splitlines())
