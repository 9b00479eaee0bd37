"""Running a module of the checkout where Airflow is, without installing anything there."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import prometheus_client

from tests.programs import CHECKOUT, TOOLS, MissingProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_SECONDS = 300


class ScriptError(Exception):
    """A script failed."""


def printed(version: str, folder: Path, module: str, *arguments: str, settings: Mapping[str, str]) -> str:
    """Return the last line that ``python -m module`` prints; a new folder below ``folder`` is its AIRFLOW_HOME.

    Raises:
        MissingProgramError: there is no such Airflow.
        ScriptError: it fails; the message holds all that it printed.

    """
    python = TOOLS / f"airflow-{version}" / "bin" / "python"
    if not python.exists():
        raise MissingProgramError(f"there is no Airflow {version} in {python}: `make test` installs it")
    home = Path(mkdtemp(dir=folder))
    # Of our own environment only this: the rest would stand in the way of Airflow's.
    (home / "lib").mkdir()
    (home / "lib" / "prometheus_client").symlink_to(Path(prometheus_client.__file__).parent)
    done = subprocess.run(
        (python, "-m", module, *arguments),
        cwd=home,
        env=_environment(home) | dict(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )
    if done.returncode:
        raise ScriptError(f"{module}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.splitlines()[-1]


def _environment(home: Path) -> dict[str, str]:
    """Return an environment without the caller's Python, Airflow and proxies."""
    own = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "AIRFLOW")) and not key.lower().endswith("_proxy")
    }
    path = (CHECKOUT, CHECKOUT / "plugin", home / "lib")
    return own | {"AIRFLOW_HOME": str(home), "PYTHONPATH": os.pathsep.join(map(str, path))}
