"""A name from nowhere in a user's module: `dashgen build` tells it with the line of that module."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.command import content, dashgen
from tests.drift import handwritten

SOURCE = Path(handwritten.__file__).read_text(encoding="utf-8")
DASHBOARD, GRAPH, BARS, ALERT = "board = Dashboard(", "return timeseries(", "return bars(", "return Alert("


@pytest.fixture(scope="module")
def sound_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of one module, which builds: nothing is wrong before a name is planted."""
    folder = tmp_path_factory.mktemp("sound")
    (folder / "dashgen.toml").write_text('modules = ["mine"]\n', encoding="utf-8")
    (folder / "mine.py").write_text(SOURCE, encoding="utf-8")
    done = dashgen("build", cwd=folder)
    assert (done.code, done.stderr) == (0, "")
    return folder


@pytest.fixture
def project(sound_project: Path, tmp_path: Path) -> Path:
    """Return a copy of the project, to be spoilt."""
    return shutil.copytree(sound_project, tmp_path / "project")


@pytest.mark.parametrize(
    ("sound", "planted", "definition", "names"),
    [
        ("(task_status{", "(task_state{", GRAPH, ('panel "Graph"', "metric task_state is not", "task_status?")),
        ('$dag_id"})', '$dag_id",nowhere="x"})', GRAPH, ('panel "Graph"', "task_status", "nowhere")),
        ("sum by (task_id)", "sum by (nowhere)", GRAPH, ('panel "Graph"', "task_status", "nowhere")),
        ('"of {{task_id}}"', '"of {{nowhere}}"', GRAPH, ('panel "Graph"', "legend", "task_status", "nowhere")),
        ("labels.task_id}", "labels.nowhere}", BARS, ('panel "Slowest"', "link", "task_duration_seconds", "nowhere")),
        ("(dag_run_failed_tasks{", "(nowhere_total{", DASHBOARD, ('variable "dag_id"', "metric nowhere_total")),
        ("'/dag_id=", "'/nowhere=", DASHBOARD, ('variable "dag_id"', "dag_run_failed_tasks", "nowhere")),
        ("'dag_run_status{", "'nowhere_total{", DASHBOARD, ('annotation "Failures"', "metric nowhere_total")),
        ('dags",dag_id="', 'dags",nowhere="', DASHBOARD, ('annotation "Failures"', "dag_run_status", "nowhere")),
        ('"{{dag_id}} failed', '"{{nowhere}} failed', DASHBOARD, ('annotation "Failures"', "titleFormat", "nowhere")),
        ("'task_try_number{", "'nowhere_total{", ALERT, ('alert "Retrying"', "metric nowhere_total")),
        ('"airflow_tasks"} >', '"airflow_tasks",nowhere="x"} >', ALERT, ("Retrying", "task_try_number", "nowhere")),
        ("$labels.dag_id }} is", "$labels.nowhere }} is", ALERT, ("Retrying", "task_try_number", "nowhere")),
        ("again and again", "{{ query `nowhere_total` }}", ALERT, ("Retrying", "nowhere_total")),
    ],
)
def test_from_nowhere(sound: str, planted: str, definition: str, names: tuple[str, ...], project: Path) -> None:
    """The build fails with what is named where and the line of the definition; out/ stays as it was."""
    assert SOURCE.count(sound) == 1
    source = SOURCE.replace(sound, planted)
    (project / "mine.py").write_text(source, encoding="utf-8")
    before = content(project / "out")
    done = dashgen("build", cwd=project)
    line = next(number for number, text in enumerate(source.splitlines(), 1) if definition in text)
    said = done.stderr.replace("\n    ", " ").splitlines()
    assert [text for text in said if text.startswith(f"mine.py:{line}: ") and all(name in text for name in names)], said
    assert done.code == 1
    assert content(project / "out") == before


def test_all_is_told_at_once(project: Path) -> None:
    """What breaks the contract of the last build is told beside what is wrong with a query."""
    file = project / "out/manifest.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    data["contract"]["nowhere_total"] = data["contract"]["task_status"]
    file.write_text(json.dumps(data), encoding="utf-8")
    (project / "mine.py").write_text(SOURCE.replace("(task_status{", "(task_state{"), encoding="utf-8")
    done = dashgen("build", cwd=project)
    assert "metric task_state is not in the catalog" in done.stderr
    assert "metric nowhere_total: the metric is gone" in done.stderr
    assert done.stderr.endswith("2 problems: correct what is named, and run this again.\n")
