"""What the doctor says of Airflow and of the environment variables, and how it prints that."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from dashgen.cli import cli
from dashgen.doctor import installation, variables
from dashgen.doctor.check import Check, Status
from dashgen.doctor.installation import Found
from dashgen_plugin import environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dashgen.doctor.probe import Findings

REGISTERED: Findings = {
    "entry_point": "",
    "listed": ["airflow-dashgen==1.0: EntryPoint(name='dashgen')"],
    "copies": [],
}
# The lowest port, on which nothing listens.
NOBODY = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.DEFAULTS:
        monkeypatch.delenv(name, raising=False)


def said_of(name: str, found: Found | None = None) -> Check:
    """Return the check of one variable."""
    checks = variables.checks(environment.read(), found or Found("", {}))
    return next(check for check in checks if check.name == name)


def doctor(*arguments: str) -> Result:
    """Run the command in this process; anything but its own end is raised."""
    return CliRunner().invoke(cli, ["doctor", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(
    ("findings", "error", "status", "message"),
    [
        (REGISTERED, "", Status.OK, "registered by airflow-dashgen==1.0"),
        ({}, "OSError: no", Status.FAILED, "can't be loaded: OSError: no"),
        ({**REGISTERED, "entry_point": "ImportError: x"}, "", Status.FAILED, "can't be used: ImportError: x"),
        ({**REGISTERED, "listed": []}, "", Status.FAILED, "does not list its listener"),
        ({**REGISTERED, "copies": ["/plugins/dashgen_plugin"]}, "", Status.WARNING, "as well: /plugins/dashgen_plugin"),
        ({**REGISTERED, "listed": ["$PLUGINS_FOLDER/my.py"]}, "", Status.WARNING, "as well: $PLUGINS_FOLDER/my.py"),
    ],
)
def test_plugin(findings: Findings, error: str, status: Status, message: str) -> None:
    """It must load, be listed, and be there once."""
    airflow, plugin = installation.checks(Found("3.3.2", findings, error))
    assert airflow == Check("Airflow", Status.OK, "3.3.2")
    assert (plugin.name, plugin.status, bool(plugin.hint)) == ("plugin", status, status is not Status.OK)
    assert message in plugin.message


@pytest.mark.parametrize(
    ("version", "status"),
    [("2.11.2", Status.OK), ("3.0.0rc1", Status.OK), ("2.10.5", Status.WARNING), ("4.0.0", Status.WARNING)],
)
def test_version(version: str, status: Status) -> None:
    """The plugin is made for 2.11 and 3."""
    assert next(installation.checks(Found(version, REGISTERED))).status is status


def test_without_airflow() -> None:
    """An environment without Airflow is named as such, and what to do."""
    (check,) = installation.checks(installation.find(""))
    assert (check.status, check.message) == (Status.FAILED, "not installed in this environment")
    assert "pip install airflow-dashgen" in check.hint


def test_variables_that_are_not_set() -> None:
    """Each variable is there with its default; only the address must be set."""
    checks = {check.name: check for check in variables.checks(environment.read(), Found("", {}))}
    assert list(checks) == list(environment.DEFAULTS)
    assert [name for name, check in checks.items() if check.status is not Status.OK] == [environment.URL]
    assert checks[environment.URL].exit_code == 2
    assert checks[environment.INSTANCE_NAME].message == "airflow-local (default)"


@pytest.mark.parametrize(
    ("name", "value", "status", "message"),
    [
        (environment.URL, "https://u:secret@gw/prefix/", Status.OK, "https://***@gw/prefix"),
        (environment.URL, "ftp://u:secret@gw", Status.FAILED, "'***@gw' is no http or https address"),
        (environment.ENABLED, "false", Status.WARNING, "false: nothing is pushed"),
        (environment.ENABLED, "maybe", Status.WARNING, "'maybe', neither true nor false: taken as true"),
        (environment.INSTANCE_NAME, "prod", Status.OK, "prod"),
        (environment.INSTANCE_NAME, "a\nb\udc80", Status.OK, "'a\\nb\\udc80'"),
        (environment.INSTANCE_NAME, "http://u:secret@gw", Status.OK, "http://***@gw"),
        (environment.TIMEOUT, "-1", Status.WARNING, "'-1', no number of seconds above 0: taken as 2"),
        (environment.FLEET_ON, "no", Status.WARNING, "no generation is on: nothing is pushed"),
        (environment.PER_RUN_ON, "yes", Status.OK, "yes"),
        (environment.LAB_ON, "1", Status.WARNING, "1: its Counters are wrong by design, and only for showing that"),
        (environment.CA_FILE, "/nowhere.pem", Status.FAILED, "/nowhere.pem can't be used: No such file or directory"),
    ],
)
def test_variable(name: str, value: str, status: Status, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What holds is said without credentials, and what is wrong with it comes with what to do."""
    monkeypatch.setenv(name, value)
    check = said_of(name)
    assert (check.status, check.message) == (status, message)
    assert bool(check.hint) is (status is not Status.OK)
    assert check.exit_code == (2 if status is Status.FAILED else 1)


def test_per_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the fleet values arrive, but not where most panels and alerts look."""
    monkeypatch.setenv(environment.FLEET_ON, "false")
    monkeypatch.setenv(environment.PER_RUN_ON, "true")
    check = said_of(environment.FLEET_ON)
    assert (check.status, check.message) == (
        Status.WARNING,
        "false: no dashboard, alert or rule on the fleet has data",
    )


def test_no_address_while_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pushes nothing on purpose needs no address."""
    monkeypatch.setenv(environment.ENABLED, "false")
    assert said_of(environment.URL).status is Status.WARNING


def test_file_that_is_no_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CA file must hold authorities."""
    (tmp_path / "ca.pem").write_text("nothing")
    monkeypatch.setenv(environment.CA_FILE, str(tmp_path / "ca.pem"))
    assert said_of(environment.CA_FILE).status is Status.FAILED


MODULE = """
from dashgen.catalog import Cardinality, Gauge, Label, Source
from dashgen.catalog.labels import AIRFLOW_DAGS, TASK_JOBS

print("printed at import")
OWN = {"help": "x", "read": "x", "source": Source.CUSTOM, "owner": "x"}
METRICS = [Gauge("rows_loaded", jobs=TASK_JOBS, **OWN), Gauge("of_dags", jobs=(AIRFLOW_DAGS,), **OWN)]
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Check]:
    """Return a function from a catalog's name, and the text of the module mine, to what is said of it."""

    def check(catalog: str, module: str) -> Check:
        (tmp_path / "mine.py").write_text(module)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv(environment.CATALOG, catalog)
        return said_of(environment.CATALOG, installation.find(catalog))

    return check


@pytest.mark.parametrize(
    ("catalog", "module", "status", "message"),
    [
        ("mine:METRICS", MODULE, Status.OK, "mine:METRICS: 1 metric that a task can report"),
        ("mine:NOTHING", MODULE, Status.FAILED, "no attribute 'NOTHING'"),
        ("mine", MODULE, Status.FAILED, "ValueError: write module:object"),
        ("mine:METRICS", "import sys; sys.exit('enough')", Status.FAILED, "SystemExit: enough"),
        ("mine:METRICS", "import os; os._exit(7)", Status.FAILED, "can't be loaded: exit code 7"),
    ],
)
def test_catalog(load: Callable[[str, str], Check], catalog: str, module: str, status: Status, message: str) -> None:
    """The user's catalog is loaded as a task would, whatever its module does."""
    check = load(catalog, module)
    assert (check.status, message in check.message) == (status, True), check.message


def test_catalog_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies where the command runs is not there for Airflow."""
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    assert "No module named 'mine'" in installation.find("mine:METRICS").findings["catalog"]


def test_catalog_that_never_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that hangs does not hold the doctor."""
    (tmp_path / "mine.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(installation, "_PROBE_SECONDS", 1.0)
    assert installation.find("mine:METRICS").error == "still loading after 1 s"


def test_text_and_json_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each check is a line, its hint below it; JSON holds the same, and the exit code is that of the worst."""
    monkeypatch.setenv(environment.URL, NOBODY.replace("//", "//user:secret@"))
    monkeypatch.setenv(environment.LAB_ON, "true")
    text, document = doctor(), doctor("--format", "json")
    checks = json.loads(document.stdout)["checks"]
    lines = [f"{each['status']:<7} {each['name']}: {each['message']}" for each in checks]
    hints = [each["hint"] for each in checks if each["hint"]]

    printed = text.stdout.splitlines()
    assert [line for line in printed[:-1] if not line.startswith("    ")] == lines
    assert [line.strip() for line in printed if line.startswith("    ")] == hints
    assert printed[-1] == "11 checks: 2 failed, 1 warning"
    assert {tuple(each) for each in checks} == {("name", "status", "message", "hint")}
    assert (text.exit_code, document.exit_code) == (3, 3)
    assert "secret" not in text.output + document.output
    assert text.stderr + document.stderr == ""


def test_address_that_is_none() -> None:
    """A wrong setting has its own exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(environment.URL, "http://")
        assert doctor().exit_code == 2


def test_only_our_variables_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else of the environment is printed."""
    monkeypatch.setenv("AIRFLOW_VAR_PASSWORD", "secret")
    shown = doctor().output
    assert "secret" not in shown
    assert set(re.findall(r"AIRFLOW_VAR_\w+", shown)) <= set(environment.DEFAULTS)
    assert os.environ["AIRFLOW_VAR_PASSWORD"]
