"""Whatever is put into the command: a message that helps, an exit code, and out/ as it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dashgen as package
from tests.command import Done, content, dashgen
from tests.mounts import make_read_only, memory

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1024**2
DASHBOARD = {"title": "Mine", "uid": "mine", "panels": []}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new project as ``dashgen init`` writes it, built."""
    folder = tmp_path_factory.mktemp("built") / "project"
    assert dashgen("init", folder, cwd=folder.parent).code == 0
    assert dashgen("build", cwd=folder).code == 0
    return folder


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Path:
    """Return a copy of the built project, to be spoilt."""
    return shutil.copytree(built, tmp_path / "project")


def replaced(project: Path, old: str, new: str, file: str = "billing.py") -> None:
    """Change what stands in a file of the project."""
    text = (project / file).read_text(encoding="utf-8")
    assert old in text
    (project / file).write_text(text.replace(old, new), encoding="utf-8")


def assert_refused(done: Done, code: int, *messages: str) -> None:
    """Look whether the command left with this code and said all of this, without a traceback."""
    told = done.stdout + done.stderr
    assert "Traceback" not in told
    for message in messages:
        assert message in told, told
    assert done.code == code, told


def assert_build_refused(project: Path, code: int, *messages: str) -> None:
    """Look whether a build and its check say all of this, and out/ is as it was, bytes and times."""
    before = content(project / "out")
    assert_refused(dashgen("build", cwd=project), code, *messages)
    assert_refused(dashgen("build", "--check", cwd=project), code, *messages)
    assert content(project / "out") == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "from dashgen.rules.phrases",
            "from dashgen.rules.phrasebook",
            "billing.py:16: module billing does not import: ModuleNotFoundError: No module named 'dashgen.rules.",
        ),
        (
            "return Definitions(\n",
            "return Definitions((\n",
            "billing.py:24: module billing does not import: SyntaxError: '(' was never closed",
        ),
        (
            'key="billing",',
            'key="billing", keys="billing",',
            "define of module billing fails: TypeError: Dashboard.__init__() got an unexpected keyword argument 'keys'",
        ),
        (
            "    limit = round",
            "    limit = 1 / 0\n    limit = round",
            "billing.py:74: define of module billing fails: ZeroDivisionError: division by zero",
        ),
    ],
)
def test_module_that_fails(old: str, new: str, message: str, project: Path) -> None:
    """A module that does not import, or raises, is one problem at the user's line."""
    replaced(project, old, new)
    assert_build_refused(project, 2, message)


def test_metric_defined_twice(project: Path) -> None:
    """Both definitions of a metric are named."""
    twice = 'AGAIN = Gauge("billing_open_invoices", help="a", read="b", source=Source.CUSTOM, owner="c", '
    metrics = "METRICS = (OPEN_INVOICES"
    replaced(project, metrics, f"{twice}jobs=(AIRFLOW_TASKS,))\n{metrics}, AGAIN", "billing_metrics.py")
    message = "metric billing_open_invoices: defined more than once"
    assert_build_refused(project, 1, f"billing_metrics.py:10: {message}", f"billing_metrics.py:20: {message}")


def test_query_that_does_not_parse(project: Path) -> None:
    """A query with a missing parenthesis is reported at its panel's definition."""
    replaced(project, 'f"sum({OPEN_INVOICES.fleet(*chosen)})"', 'f"sum({OPEN_INVOICES.fleet(*chosen)}"')
    assert_build_refused(project, 1, 'dashboard "Billing", panel "Open now"', "[promql-syntax]", "billing.py:")


@pytest.mark.parametrize(
    ("label", "name", "rule"), [("RUN_ID", "run_id", "unbounded-label"), ("MAP_INDEX", "map_index", "unknown-label")]
)
def test_label_that_the_metric_does_not_have(label: str, name: str, rule: str, project: Path) -> None:
    """A label that only the other generation has is named, with the metric and the panel."""
    replaced(project, "import AIRFLOW_TASKS,", f"import {label}, AIRFLOW_TASKS,")
    replaced(project, "(OPEN_INVOICES.fleet(*chosen), ", f'(OPEN_INVOICES.fleet({label} % "x"), ')
    subject = 'dashboard "Billing", panel "Open invoices"'
    assert_build_refused(project, 1, "billing.py:", subject, "billing_open_invoices", name, f"[{rule}]")


def test_uid_that_is_taken(project: Path) -> None:
    """Two dashboards with one uid would stop Grafana's provisioning."""
    replaced(project, 'uid="billing"', 'uid="airflow-observability"')
    assert_build_refused(project, 1, 'dashboard "Billing"', "airflow-observability", "[duplicate]")


def test_uid_that_is_too_long(project: Path) -> None:
    """Grafana takes 40 characters."""
    replaced(project, 'uid="billing"', f'uid="{"b" * 41}"')
    assert_build_refused(project, 1, 'dashboard "Billing"', "40", "[uid]")


def test_variable_that_does_not_exist(project: Path) -> None:
    """A query that names a dashboard's variable which is not defined is reported."""
    replaced(project, 'DAG_ID % f"${DAG_ID}")\n', 'DAG_ID % "$dag")\n')
    assert_build_refused(
        project, 1, 'dashboard "Billing", panel "Open now": there is no variable dag', "[unknown-variable]"
    )


def test_settings_with_mistakes(project: Path) -> None:
    """Every mistake in the settings is named, with its line."""
    replaced(project, 'out = "out"', 'out = "out"\noutt = 1\ngenerations = "fleet"', "dashgen.toml")
    replaced(project, "open_invoices = 100", 'open_invoice = "6h"', "dashgen.toml")
    assert_build_refused(
        project,
        2,
        "dashgen.toml:5: outt: there is no such setting",
        "Did you mean out?",
        "dashgen.toml:6: generations: must be a list, not a string",
        "2 problems",
    )


def test_threshold_of_no_metric(project: Path) -> None:
    """A threshold is held against the metrics, the user's included."""
    replaced(project, "open_invoices = 100", "open_invoice = 100", "dashgen.toml")
    assert_build_refused(
        project,
        2,
        "dashgen.toml:10: thresholds.open_invoice: no metric has such a threshold",
        "Did you mean open_invoices?",
    )


def test_output_that_is_a_file(project: Path) -> None:
    """A file where the folder should be stays what it was."""
    (project / "file").write_text("mine")
    done = dashgen("build", "--out", "file", cwd=project)
    assert_refused(done, 3, "file: can't be used: Not a directory", "Nothing was changed.")
    assert (project / "file").read_text() == "mine"


def test_output_that_is_read_only(project: Path, tmp_path: Path) -> None:
    """Where nothing can be written, nothing is, and the folder is named."""
    with memory(tmp_path / "mount", "16m") as mount:
        assert dashgen("build", "--out", mount / "out", cwd=project).code == 0
        make_read_only(mount)
        before = content(mount / "out")
        replaced(project, '"Open now"', '"Open at the moment"')

        done = dashgen("build", "--out", mount / "out", cwd=project)

        assert_refused(done, 3, f"{mount}/out/", "can't be used: Read-only file system", "Nothing was changed.")
        assert content(mount / "out") == before


def test_output_on_a_full_disk(project: Path, tmp_path: Path) -> None:
    """When the disk is full before all is written, no file is new, and none is left over."""
    with memory(tmp_path / "mount", "4m") as mount:
        assert dashgen("build", "--out", mount / "out", cwd=project).code == 0
        before = content(mount / "out")
        # Room for the smallest files that change, and not for all of them.
        free = shutil.disk_usage(mount).free
        (mount / "filler").write_bytes(bytes(free - 64 * 1024))
        replaced(project, 'airflow_version = "3"', 'airflow_version = "2.11"', "dashgen.toml")
        replaced(project, '"Open now"', '"Open at the moment"')

        done = dashgen("build", "--out", mount / "out", cwd=project)

        assert_refused(done, 3, "can't be used: No space left on device", "Nothing was changed.")
        assert content(mount / "out") == before


def test_template_with_an_undefined_name(project: Path, tmp_path: Path) -> None:
    """A name that a text template uses and nobody gives is reported at the template's line."""
    # The templates are the package's own: a copy of the package is what can be spoilt.
    home = Path(package.__file__).parent
    copy = shutil.copytree(home, tmp_path / "copy/dashgen", ignore=shutil.ignore_patterns("__pycache__"))
    template = copy / "templates/docs/runbook.md.j2"
    template.write_text("{{ runbook.title }}\n{{ no_such_name }}\n")
    before = content(project / "out")

    done = subprocess.run(
        (sys.executable, "-m", "dashgen", "build"),
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(copy.parent)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert_refused(
        Done(done.returncode, done.stdout, done.stderr),
        1,
        f"{template}:2: UndefinedError: 'no_such_name' is undefined",
    )
    assert content(project / "out") == before


def _nested(depth: int) -> str:
    return '{"panels": [' * depth + "]}" * depth


def _exploding() -> str:
    """Make YAML whose aliases stand for 10^9 rules."""
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(["a0: &a0 [{record: x, expr: y}]", *levels, "groups: *a9"])


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("cut.json", json.dumps(DASHBOARD)[:-4].encode, "no valid JSON"),
        ("list.json", lambda: json.dumps([DASHBOARD]).encode(), "holds a list, not an object"),
        ("empty.json", lambda: b"", "no valid JSON"),
        ("null.json", lambda: json.dumps({**DASHBOARD, "panels": None}).encode(), "`panels`"),
        ("deep.json", lambda: _nested(1000).encode(), "deep"),
        ("latin.json", lambda: '{"title": "Größe", "panels": []}'.encode("latin-1"), "not UTF-8: byte 0xf6"),
        ("latin.yml", lambda: "groups: # Größe".encode("latin-1"), "not UTF-8: byte 0xf6"),
        ("large.json", lambda: b'{"panels": [' + b" " * (50 * MIB) + b"]}", "larger than 20 MiB"),
        ("bomb.yml", lambda: _exploding().encode(), "[unreadable]"),
        ("other.json", lambda: b'{"name": "package"}', "neither a dashboard nor a rule file"),
    ],
)
def test_file_that_lint_cannot_use(name: str, make: Callable[[], bytes], message: str, project: Path) -> None:
    """A broken or hostile file is a problem with its name, beside those of the other files."""
    before = content(project / "out")
    (project / name).write_bytes(make())
    (project / "sound.json").write_text(json.dumps({**DASHBOARD, "uid": "x" * 41}))

    done = dashgen("lint", name, "sound.json", cwd=project)

    assert_refused(done, 1, f"{name}:", message, "[uid]")
    assert content(project / "out") == before
