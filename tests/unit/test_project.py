"""Loading a project: the user's modules, and what can be wrong with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dashgen import project
from dashgen.builtin import define
from dashgen.problems import DashgenError, Place
from dashgen.settings import Settings
from dashgen.settings_file import load

DEFINE = "Write a function define(settings) that returns dashgen.definitions.Definitions(…)."
METRIC = """
from dashgen.catalog.labels import AIRFLOW_TASKS
from dashgen.catalog import Gauge, Source
from dashgen.definitions import Definitions

ROWS = Gauge(
    "table_rows",
    help="Rows",
    read="As it is.",
    source=Source.CUSTOM,
    owner="team",
    jobs=(AIRFLOW_TASKS,),
)

def define(settings):
    return Definitions(metrics=(ROWS,))
"""


def settings_of(folder: Path, text: str, **modules: str) -> Settings:
    """Write modules and the settings that name them; return the settings as read."""
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    (folder / "dashgen.toml").write_text(text, encoding="utf-8")
    return load(None, folder)


def refused(folder: Path, text: str, **modules: str) -> list[str]:
    """Return file, line, message and hint of each problem with a project."""
    settings = settings_of(folder, text, **modules)
    with pytest.raises(DashgenError) as caught:
        project.load(settings, folder)
    assert caught.value.exit_code == 2
    return [
        f"{Path(p.place.file).name}:{p.place.line}: {p.message}" + (f" {p.hint}" if p.hint else "")
        for p in caught.value.problems
    ]


def test_modules_add_to_the_built_in_definitions(tmp_path: Path) -> None:
    """A user's metric stands in the catalog beside all built-in ones."""
    settings = settings_of(tmp_path, 'modules = ["mine"]', mine=METRIC)

    loaded = project.load(settings, tmp_path)

    assert [metric.name for metric in loaded.catalog.metrics] == [
        *(metric.name for metric in define(settings).metrics),
        "table_rows",
    ]
    assert loaded.catalog.by_name["table_rows"].place.file == str(tmp_path / "mine.py")


def test_modules_may_be_in_packages_and_import_each_other(tmp_path: Path) -> None:
    """A dotted name is found below the settings' folder, as is what it imports."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team/metrics.py").write_text(METRIC)
    (tmp_path / "team/all.py").write_text("from team.metrics import define\n")
    settings = settings_of(tmp_path, 'modules = ["team.all"]')

    assert "table_rows" in project.load(settings, tmp_path).catalog.by_name


def test_loading_leaves_the_interpreter_as_it_was(tmp_path: Path) -> None:
    """Two projects with modules of the same name don't see each other's."""
    (tmp_path / "other").mkdir()
    settings = settings_of(tmp_path, 'modules = ["mine"]', mine=METRIC)
    path = list(sys.path)

    first = project.load(settings, tmp_path)
    (tmp_path / "other/mine.py").write_text(METRIC.replace("table_rows", "other_rows"))
    second = project.load(settings, tmp_path / "other")

    assert "table_rows" in first.catalog.by_name
    assert "table_rows" not in second.catalog.by_name
    assert sys.path == path
    assert "mine" not in sys.modules


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "import sys\n\nsys.exit('done')\n",
            "mine.py:3: module mine does not import: SystemExit: done",
        ),
        ("x = 1\nx = = 2\n", "mine.py:2: module mine does not import: SyntaxError: invalid syntax"),
        (
            "import json\n\njson.loads('')\n",
            "mine.py:3: module mine does not import: JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
        ),
        (
            "import nowhere_to_be_found\n",
            "mine.py:1: module mine does not import: ModuleNotFoundError: No module named 'nowhere_to_be_found'",
        ),
        (
            "x = 1\n",
            f"mine.py:0: module mine has no define {DEFINE}",
        ),
        (
            "def helper():\n    raise LookupError('no')\n\ndef define(settings):\n    helper()\n",
            "mine.py:2: define of module mine fails: LookupError: no",
        ),
        (
            "\ndef define():\n    pass\n",
            "mine.py:2: define of module mine fails: TypeError: define() takes 0 positional arguments but 1 was given",
        ),
        (
            "\ndef define(settings):\n    return []\n",
            f"mine.py:2: define of module mine returns a list, not Definitions {DEFINE}",
        ),
        (
            METRIC.replace("(ROWS,)", "ROWS"),
            "mine.py:15: Definitions: metrics is a Metric, not a tuple Write metrics=(…,).",
        ),
        (
            METRIC.replace("(ROWS,)", "('table_rows',)"),
            "mine.py:15: Definitions: metrics holds a str, not Metric",
        ),
        (
            METRIC.replace("(AIRFLOW_TASKS,)", "AIRFLOW_TASKS"),
            "mine.py:6: Metric table_rows: jobs is a Job, not a tuple Write jobs=(…,).",
        ),
        (
            METRIC.replace('"team"', "None"),
            "mine.py:6: Metric table_rows: owner is None, not str",
        ),
        (
            METRIC.replace("Source.CUSTOM", '"custom"'),
            "mine.py:6: Metric table_rows: source is a str, not Source",
        ),
    ],
)
def test_modules_that_cannot_be_used(source: str, expected: str, tmp_path: Path) -> None:
    """Whatever is wrong with a module is one problem at a line of the user's file."""
    assert refused(tmp_path, 'modules = ["mine"]', mine=source) == [expected]


@pytest.mark.parametrize("name", ["mine", "mine.alerts"])
def test_module_that_is_not_there(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that does not exist is reported at the setting that names it, wherever the command runs."""
    expected = (
        f"dashgen.toml:2: module {name} does not import: ModuleNotFoundError: No module named 'mine' "
        "It is looked for beside dashgen.toml."
    )
    assert refused(tmp_path, f'\nmodules = ["{name}"]') == [expected]
    # Frames of the interpreter have a relative name, which is no file of the working directory.
    monkeypatch.chdir(tmp_path)
    assert refused(Path(), f'\nmodules = ["{name}"]') == [expected]


def test_missing_module_of_a_pyproject(tmp_path: Path) -> None:
    """The hint names the file that the settings are in."""
    (tmp_path / "pyproject.toml").write_text('[tool.dashgen]\nmodules = ["mine"]\n')
    with pytest.raises(DashgenError) as caught:
        project.load(load(None, tmp_path), tmp_path)
    (problem,) = caught.value.problems
    assert (Path(problem.place.file).name, problem.place.line) == ("pyproject.toml", 2)
    assert problem.hint == "It is looked for beside pyproject.toml."


def test_environment_inside_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure that surfaces in an environment below the project is reported at the user's line."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/library.py").write_text("def fail():\n\n    raise LookupError('no')\n")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    monkeypatch.syspath_prepend(str(tmp_path / ".venv"))
    assert refused(tmp_path, 'modules = ["mine"]', mine="import library\nlibrary.fail()\n") == [
        "mine.py:2: module mine does not import: LookupError: no"
    ]


def test_address_in_what_a_module_raises(tmp_path: Path) -> None:
    """Credentials in the message of a failure are not repeated."""
    source = "raise LookupError('no answer of http://reader:sesame@prom:9090/')\n"
    assert refused(tmp_path, 'modules = ["mine"]', mine=source) == [
        "mine.py:1: module mine does not import: LookupError: no answer of http://***@prom:9090/"
    ]


def test_all_modules_are_reported(tmp_path: Path) -> None:
    """One broken module does not hide another."""
    problems = refused(tmp_path, 'modules = ["one", "two"]', one="1 / 0\n", two="x\n")
    assert problems == [
        "one.py:1: module one does not import: ZeroDivisionError: division by zero",
        "two.py:1: module two does not import: NameError: name 'x' is not defined",
    ]


def test_settings_that_name_what_is_not_defined(tmp_path: Path) -> None:
    """Thresholds, alerts and labels are held against the definitions, the user's included."""
    text = """
[thresholds]
no_pusch = "2d"
gateway_samples = "2d"
no_push = "2d"

[alerts.AirflowTaskFaild]
enabled = false

[alerts.AirflowTaskFailed]
enabled = false

[extra_labels]
instance = "x"
"""
    assert refused(tmp_path, text) == [
        "dashgen.toml:3: no metric has such a threshold Did you mean no_push?",
        "dashgen.toml:4: must be a number: this threshold is no time",
        "dashgen.toml:7: there is no such alert Did you mean AirflowTaskFailed?",
        "dashgen.toml:14: the catalog's series have this label already",
    ]


def test_built_in_definitions_are_of_the_declared_types() -> None:
    """The check for a user's mistakes finds none in the built-in definitions."""
    assert list(project.ill_typed(define(Settings()), Place())) == []
