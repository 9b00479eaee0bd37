"""The lint of ids that Grafana looks up, and ignores when it does not know them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.preview.browser.driver import PROGRAMS
from tests.preview.browser.planted import FAULTY, HOSTILE_VALUES, MISTYPED, OTHERS
from tests.programs import CHECKOUT, program

if TYPE_CHECKING:
    from pathlib import Path


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Run the lint on dashboards."""
    command = (program("node"), PROGRAMS / "lint.cjs", *paths)
    return subprocess.run(command, capture_output=True, text=True, check=False)


def written(folder: Path, dashboard: dict[str, object]) -> Path:
    """Write a dashboard into a folder."""
    file = folder / f"{dashboard['uid']}.json"
    file.write_text(json.dumps(dashboard), encoding="utf-8")
    return file


def test_generated_dashboards() -> None:
    """What is generated names nothing that Grafana does not know."""
    done = lint(CHECKOUT / "out" / "grafana" / "dashboards")
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 findings in 4 dashboards" in done.stderr


@pytest.mark.parametrize("title", MISTYPED)
def test_planted_fault(title: str, tmp_path: Path) -> None:
    """It is found, and file, dashboard, panel and reason are named."""
    file = written(tmp_path, FAULTY)
    done = lint(file)
    assert done.returncode == 1
    assert f"{file}: {FAULTY['title']}: {title}: {MISTYPED[title][1]}" in done.stdout.splitlines()


def test_nothing_else_is_found(tmp_path: Path) -> None:
    """Each planted fault is one finding; what is right, is none."""
    for dashboard in (FAULTY, HOSTILE_VALUES, OTHERS):
        written(tmp_path, dashboard)
    assert len(lint(tmp_path).stdout.splitlines()) == len(MISTYPED)


def test_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named, with an exit code of its own."""
    done = lint(tmp_path / "none.json")
    assert done.returncode == 3
    assert "none.json" in done.stderr
    assert "    at " not in done.stderr


def test_no_file() -> None:
    """The usage is shown."""
    done = lint()
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")
