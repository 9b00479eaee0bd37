"""The project that ``dashgen init`` writes: it builds, and its own tests pass."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from dashgen import scaffold
from tests.command import content, dashgen
from tests.programs import promtool

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new project, built."""
    folder = tmp_path_factory.mktemp("init") / "project"
    assert dashgen("init", folder, cwd=folder.parent).code == 0
    assert dashgen("build", cwd=folder).code == 0
    return folder


def own_tests(project: Path) -> subprocess.CompletedProcess[str]:
    """Run the project's own tests."""
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


def test_its_definitions_are_in_the_output(project: Path) -> None:
    """The metric, the dashboard and the alert stand beside the built-in ones."""
    boards = {file.name for file in (project / "out/grafana/dashboards").iterdir()}
    assert {"billing.json", "airflow_v3_low_cardinality.json", "airflow_v2_per_run.json"} <= boards
    assert "BillingTooManyOpenInvoices" in (project / "out/prometheus/rules/alerts.yml").read_text()
    assert "## `billing_open_invoices`" in (project / "out/docs/metrics.md").read_text()


def test_its_tests_pass(project: Path) -> None:
    """What a person runs first after the build is green."""
    done = own_tests(project)
    assert (done.returncode, done.stdout.splitlines()[-1].split(" in ")[0]) == (0, "3 passed"), done.stdout


def test_its_tests_can_fail(project: Path) -> None:
    """A hand edit of the output turns the project's tests red."""
    runbook = project / "out/docs/runbooks/billing-too-many-open-invoices.md"
    text = runbook.read_text()
    runbook.write_text("by hand")
    try:
        assert own_tests(project).returncode == 1
    finally:
        runbook.write_text(text)


def test_its_alert_fires_as_its_cases_say(project: Path) -> None:
    """Promtool agrees with the cases of the alert."""
    tests = sorted((project / "out/prometheus/tests").glob("Billing*.yml"))
    assert tests
    done = subprocess.run((promtool(), "test", "rules", *tests), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_overwritten(project: Path) -> None:
    """A second start in the same folder names what is there, and leaves it."""
    (project / "billing.py").unlink()
    before = content(project)

    done = dashgen("init", project, cwd=project.parent)

    assert done.code == 2
    assert "project/dashgen.toml: is there already [init]" in done.stderr
    assert content(project) == before
    (project / "billing.py").write_text(scaffold.files()["billing.py"])


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file in the place of the folder is named."""
    (tmp_path / "file").touch()
    done = dashgen("init", "file", cwd=tmp_path)
    assert (done.code, done.stderr.splitlines()[0]) == (3, "file: can't be written: File exists [init]")
