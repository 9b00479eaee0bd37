"""Airflow and the plugin: whether both are there, and the plugin once."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING, NamedTuple

from dashgen.doctor.check import failed, ok, shown, warning
from dashgen.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.doctor.check import Check
    from dashgen.doctor.probe import Findings

AIRFLOW = "Airflow"
PLUGIN = "plugin"

# Airflow 3 can be installed without its umbrella package.
_DISTRIBUTIONS = ("apache-airflow", "apache-airflow-core")
_OLDEST = (2, 11)
_NEWEST_MAJOR = 3
# Loading Airflow takes 3 s on an idle machine, and on a busy one much longer.
_PROBE_SECONDS = 60.0
# -c puts the working directory on the path, where Airflow's own commands do not have it.
_PROBE = "import sys; sys.path = [entry for entry in sys.path if entry]; from dashgen.doctor.probe import main; main()"


class Found(NamedTuple):
    """Airflow's version, empty where there is none; what the probe found, and what ended it early."""

    version: str
    findings: Findings
    error: str = ""


def find(catalog: str) -> Found:
    """Load Airflow's plugins and the user's catalog in a process of their own."""
    version = _version()
    if not (version or catalog):
        return Found(version, {})
    command = (sys.executable, "-c", _PROBE, "airflow" if version else "", catalog)
    try:
        done = subprocess.run(  # noqa: S603  (our own code; the catalog's name is an argument to it)
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as late:
        return Found(version, _answers(late.stdout), f"still loading after {_PROBE_SECONDS:g} s")
    except (OSError, ValueError) as problem:
        return Found(version, {}, str(problem))
    error = f"exit code {done.returncode}" if done.returncode else ""
    if done.returncode == 1:
        # Python's code for an exception that nobody caught: its message is the last that was printed.
        error = (done.stderr.decode(errors="replace").splitlines() or [error])[-1]
    return Found(version, _answers(done.stdout), error)


def _answers(stdout: bytes | None) -> Findings:
    """Read the probe's answers; what Python itself runs at its start may have printed before them."""
    findings: Findings = {}
    for line in (stdout or b"").splitlines():
        if line.startswith(b"{"):
            findings.update(json.loads(line))
    return findings


def checks(found: Found) -> Iterator[Check]:
    """Say whether Airflow can load the plugin, and does so once."""
    if not found.version:
        hint = (
            "Run this where Airflow runs: pip install airflow-dashgen into its environment, then dashgen doctor there."
        )
        yield failed(AIRFLOW, "not installed in this environment", hint)
        return
    yield _supported(found.version)
    yield _registered(found)


def _version() -> str:
    """Return Airflow's version, empty where it is not installed."""
    found = (each.version for name in _DISTRIBUTIONS for each in metadata.distributions(name=name))
    return next(found, "")


def _supported(version: str) -> Check:
    numbers = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if numbers < _OLDEST or numbers[0] > _NEWEST_MAJOR:
        return warning(AIRFLOW, f"{version}: the plugin is made for 2.11 and 3", "Upgrade one of the two.")
    return ok(AIRFLOW, version)


def _registered(found: Found) -> Check:
    findings = found.findings
    if "entry_point" not in findings:
        why = shown(redacted(found.error))
        return failed(PLUGIN, f"Airflow's plugins can't be loaded: {why}", "The whole error: airflow plugins")
    if findings["entry_point"]:
        hint = "pip install --force-reinstall --no-deps airflow-dashgen"
        why = shown(redacted(findings["entry_point"]))
        return failed(PLUGIN, f"its entry point can't be used: {why}", hint)
    if not findings["listed"]:
        hint = "Does another plugin have its name, dashgen? What Airflow lists: airflow plugins"
        return failed(PLUGIN, "Airflow's plugin manager does not list its listener", hint)
    extra = [*findings["copies"], *(source for source in findings["listed"] if source.startswith("$PLUGINS_FOLDER"))]
    if extra:
        hint = "Remove what is there: Airflow finds the installed package without it."
        return warning(PLUGIN, f"loaded from the plugins folder as well: {', '.join(map(shown, extra))}", hint)
    return ok(PLUGIN, f"registered by {findings['listed'][0]}")
