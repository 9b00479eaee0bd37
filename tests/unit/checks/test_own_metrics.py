"""What tasks report, held against the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import Cardinality, Catalog, Counter, Gauge, Label, Source, airflow
from dashgen.catalog.labels import AIRFLOW_DAGS, AIRFLOW_TASK_RUNS, AIRFLOW_TASKS, TASK_JOBS
from dashgen.checks import own_metrics
from dashgen.dag_files import read_all

if TYPE_CHECKING:
    from pathlib import Path

OWN: dict[str, Any] = {"help": "x", "read": "x", "source": Source.CUSTOM, "owner": "x"}
CATALOG = Catalog(
    (
        *airflow.METRICS,
        Gauge("rows_loaded", jobs=TASK_JOBS, renamed_from="lines_read", **OWN),
        Gauge("fleet_only", jobs=(AIRFLOW_TASKS,), **OWN),
        Gauge("per_run_only", jobs=(AIRFLOW_TASK_RUNS,), **OWN),
        Gauge("dags_only", jobs=(AIRFLOW_DAGS,), **OWN),
        Gauge("per_table", jobs=TASK_JOBS, labels=(Label("table", "x", Cardinality.BOUNDED),), **OWN),
        Counter("loads_total", jobs=TASK_JOBS, **OWN),
    )
)


def found(folder: Path, call: str) -> list[tuple[int, str, str]]:
    """Return the line, the message and the hint of each problem of a call."""
    (folder / "dag.py").write_text(f"from dashgen_plugin import report\n{call}\n")
    files, _ = read_all([folder])
    problems = list(own_metrics.check(files, CATALOG))
    assert all(problem.rule == "own-metrics" for problem in problems)
    return [(problem.place.line, problem.message, problem.hint) for problem in problems]


@pytest.mark.parametrize("name", ["rows_loaded", "fleet_only", "per_run_only"])
def test_own_gauges_of_tasks_are_fine(tmp_path: Path, name: str) -> None:
    """A Gauge of one's own in a job of tasks, whichever, can be reported."""
    assert found(tmp_path, f"report({name}=1)") == []


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("rows_loadet", "is not in the catalog", "Did you mean rows_loaded?"),
        ("zzz", "is not in the catalog", "Define it as a Gauge of your own, or mend its name."),
        ("task_statuss", "is not in the catalog", "Define it as a Gauge of your own, or mend its name."),
        ("lines_read", "is not in the catalog", "It is now rows_loaded."),
        (
            "task_status",
            "comes from the Airflow listener, not from your own code",
            "Report a Gauge of your own.",
        ),
        ("loads_total", "is a counter: a task reports Gauges", "Report a Gauge of your own."),
        (
            "dags_only",
            "is in no job of tasks: one of airflow_tasks and airflow_task_runs must be among its jobs",
            "Report a Gauge of your own.",
        ),
        (
            "per_table",
            "has labels of its own (table): a task reports into its own group, which has none",
            "Report a Gauge of your own.",
        ),
    ],
)
def test_what_a_task_can_not_report(tmp_path: Path, name: str, message: str, hint: str) -> None:
    """A name that the catalog lacks, or a metric that is not the task's to set, with what to do."""
    assert found(tmp_path, f"report(\n  {name}=1)") == [(3, f"metric {name} {message}", hint)]


def test_values_without_a_name(tmp_path: Path) -> None:
    """A value by position has no metric to go to."""
    assert (
        found(tmp_path, "report(5, *rows)")
        == [(2, "a value is reported without the name of its metric", "Write report(name=value).")] * 2
    )


def test_all_problems_at_once(tmp_path: Path) -> None:
    """Every argument of every call is looked at."""
    assert len(found(tmp_path, "report(a=1, rows_loaded=2, b=3)\nreport(c=4, **more)")) == 3
