"""Drift on the side of the plugin: it is changed, the catalog is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = CHECKOUT / "plugin" / "dashgen_plugin"


def _differences(folder: Path, module: str = "", old: str = "", new: str = "") -> list[str]:
    """Return how a copy of the plugin, with one text in it replaced, differs from the catalog."""
    copy = folder / PACKAGE.name
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    if module:
        text = (copy / module).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{module} has {old!r} {text.count(old)} times"
        (copy / module).write_text(text.replace(old, new), encoding="utf-8")
    done = subprocess.run(
        (sys.executable, "-m", "tests.conformance"),
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        check=False,
        capture_output=True,
        text=True,
    )
    # A plugin that can't be imported any more tells that in the last line of its traceback.
    return [*done.stdout.splitlines(), *done.stderr.splitlines()[-1:]] if done.returncode else []


def _assert_told(found: list[str], *words: str) -> None:
    assert any(all(word in line for word in words) for line in found), "\n".join(found) or "nothing was told"


def test_silent_before_planting(tmp_path: Path) -> None:
    """The plugin as it is pushes what the catalog says, for each event in each generation."""
    assert _differences(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("airflow.TASK_TRY_NUMBER: _try_number", "airflow.TASK_ATTEMPT: _try_number", ("TASK_ATTEMPT",)),
        ("    airflow.TASK_TRY_NUMBER: _try_number,\n", "", ("task_try_number", "without an extractor")),
        (
            "airflow.TASK_TRY_NUMBER: _try_number",
            "__import__('dataclasses').replace(airflow.TASK_TRY_NUMBER, name='task_attempt'): _try_number",
            ("task_attempt", "without a metric"),
        ),
        (
            "airflow.TASK_DURATION: _duration",
            "airflow.TASK_DURATION: _start",
            ("task_duration_seconds is", "must be", "90.0"),
        ),
    ],
    ids=["unknown", "left out", "renamed", "read otherwise"],
)
def test_metric_in_the_extractors(old: str, new: str, told: tuple[str, ...], tmp_path: Path) -> None:
    """A metric that the extractors name, leave out or read otherwise than the catalog says is told by name."""
    _assert_told(_differences(tmp_path, "extractors.py", old, new), *told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("(metric.name, metric.help", "(metric.name.replace('try', 'attempt'), metric.help", "task_attempt_number is"),
        ("metric.name, metric.help", "metric.name, ''", "State of the task's latest event"),
        ("MetricType.GAUGE: GaugeMetricFamily", "MetricType.GAUGE: CounterMetricFamily", "task_status_total"),
    ],
    ids=["name", "help", "type"],
)
def test_metric_on_the_wire(old: str, new: str, told: str, tmp_path: Path) -> None:
    """A metric that is written with another name, help or type than the catalog's is told."""
    _assert_told(_differences(tmp_path, "exposition.py", old, new), told, "must be")


@pytest.mark.parametrize(
    ("module", "old", "new", "told"),
    [
        ("events.py", "for each in job.grouping:", "for each in job.grouping[:-1]:", ("no such group",)),
        ("events.py", "for each in job.grouping:", "for each in job.grouping[::-1]:", ("no such group",)),
        ("facts.py", "RUN_ID: lambda facts, _: facts.run_id,", "", ("KeyError", "run_id")),
        (
            "facts.py",
            "MAP_INDEX: lambda facts, _: _index(facts)",
            "MAP_INDEX: lambda *_: None",
            ("'map_index': '3'", "nothing is pushed"),
        ),
        (
            "facts.py",
            "INSTANCE: lambda _, instance: instance",
            "INSTANCE: lambda *_: None",
            ("'instance': 'here'", "nothing is pushed"),
        ),
    ],
    ids=["the last of each", "another order", "run_id", "map_index", "instance"],
)
def test_label_of_a_group(module: str, old: str, new: str, told: tuple[str, ...], tmp_path: Path) -> None:
    """A group with a label less, or in another order, than the catalog's key is told."""
    _assert_told(_differences(tmp_path, module, old, new), *told)


@pytest.mark.parametrize(
    ("module", "old", "new", "told"),
    [
        ("facts.py", '"upstream_failed": TaskState.UPSTREAM_FAILED', '"upstream_failed": TaskState.FAILED', "-2"),
        ("facts.py", '"deferred": TaskState.RUNNING', '"deferred": TaskState.UP_FOR_RETRY', "0"),
        (
            "listener.py",
            "airflow.ON_TASK_SKIPPED, TaskState.SKIPPED",
            "airflow.ON_TASK_SKIPPED, TaskState.SUCCESS",
            "3",
        ),
        (
            "listener.py",
            "airflow.ON_TASK_RETRY, TaskState.UP_FOR_RETRY",
            "airflow.ON_TASK_RETRY, TaskState.FAILED",
            "2",
        ),
        ("extractors.py", "return facts.state\n", "return facts.state and 7\n", "1"),
    ],
    ids=["upstream_failed", "deferred", "skipped", "retry", "all"],
)
def test_code(module: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    """A state that is pushed as another number than the catalog's is told, with both numbers."""
    _assert_told(_differences(tmp_path, module, old, new), "task_status is", "must be", f", {told})")


@pytest.mark.parametrize(
    ("module", "old", "new", "told"),
    [
        ("listener.py", "_guarded(_task_started, task_instance)", "pass", "task_running"),
        ("listener.py", "def on_task_instance_success", "def on_task_instance_succeeded", "task_success"),
        ("listener.py", "state == reading.UP_FOR_RETRY", "False", "task_retry"),
        ("listener.py", "state == reading.UP_FOR_RETRY", "True", "task_failed"),
        (
            "listener.py",
            "    @hookimpl\n    def on_task_instance_skipped",
            "    def on_task_instance_skipped",
            "task_skipped",
        ),
        ("listener.py", "_guarded(_run_started, dag_run)", "pass", "dag_run_running"),
        (
            "listener.py",
            "_guarded(_run_ended, dag_run, airflow.ON_RUN_SUCCESS, DagRunState.SUCCESS)",
            "pass",
            "dag_run_success: ",
        ),
        (
            "listener.py",
            "_guarded(_run_ended, dag_run, airflow.ON_RUN_FAILED, DagRunState.FAILED)",
            "pass",
            "dag_run_failed: ",
        ),
        ("reconciliation.py", "airflow.ON_RUN_OVERTAKEN if overtaken else event", "event", "dag_run_overtaken"),
        (
            "reconciliation.py",
            "yield from events.pushes(airflow.ON_TASK_RECONCILED, task, (generation,), instance)",
            "yield from ()",
            "task_reconciled",
        ),
    ],
)
def test_event_left_out(module: str, old: str, new: str, told: str, tmp_path: Path) -> None:
    """An event of the catalog that the listener does not tell, or tells as another, is told by its name."""
    _assert_told(_differences(tmp_path, module, old, new), told)
