"""The project builds, and what is committed is what it builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def dashgen(*arguments: str) -> int:
    """Run dashgen in the project and return its exit code; pytest shows what it printed."""
    return subprocess.run((sys.executable, "-m", "dashgen", *arguments), cwd=PROJECT, check=False).returncode


def test_output_is_what_the_definitions_make() -> None:
    """The output folder was built from the definitions as they are now."""
    assert dashgen("build", "--check") == 0


def test_output_agrees_with_the_catalog() -> None:
    """No dashboard and no rule names a metric, a label or a value that nothing emits."""
    assert dashgen("lint") == 0


def test_tasks_report_what_the_catalog_has() -> None:
    """No DAG file reports a metric that the catalog does not have, or that a task may not set."""
    assert dashgen("lint", "--dags", "dags") == 0
