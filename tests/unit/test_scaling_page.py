"""The page on scaling: its numbers of series are the catalog's, its options the commands', its files those of out/."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.__main__ import PARTS
from dashgen.catalog import airflow, pipeline, recorded
from dashgen.catalog.labels import AIRFLOW_DAG_RUNS, AIRFLOW_DAGS, AIRFLOW_TASK_RUNS, AIRFLOW_TASKS, DAG_ID, INSTANCE
from dashgen.cli import verify
from dashgen_plugin import environment

if TYPE_CHECKING:
    from dashgen.catalog.model import Job

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
ROWS = {
    "V3, each task": AIRFLOW_TASKS,
    "V3, each DAG": AIRFLOW_DAGS,
    "V2, each run of a task": AIRFLOW_TASK_RUNS,
    "V2, each run of a DAG": AIRFLOW_DAG_RUNS,
}


@pytest.mark.parametrize(("row", "job"), ROWS.items(), ids=list(ROWS))
def test_series(row: str, job: Job) -> None:
    """A group has as many series as the catalog gives it metrics, those of the gateway included."""
    number = sum(job in metric.jobs for metric in (*airflow.METRICS, *pipeline.METRICS))
    assert f"| {row} | {number} |" in PAGE


def test_recorded_series() -> None:
    """Each DAG has as many recorded series as there are records with its labels."""
    number = sum(metric.labels == (INSTANCE, DAG_ID) for metric in recorded.METRICS)
    assert f"| recorded by rules, each DAG | {number} |" in PAGE


def test_names() -> None:
    """The options, variables, files and parts of the bench that the page names are there."""
    options = {name for option in verify.params for name in option.opts}
    said = {found for line in re.findall(r"dashgen verify (.*)", PAGE) for found in re.findall(r"--[a-z-]+", line)}
    assert said
    assert said <= options
    assert set(re.findall(r"\bAIRFLOW_VAR_\w+", PAGE)) <= set(environment.DEFAULTS)
    files = set(re.findall(r"\bout/[\w/]+\.yml", PAGE))
    assert files
    assert all((ROOT / file).is_file() for file in files)
    (parts,) = re.findall(r"-m bench ([a-z\s-]+)`", PAGE)
    assert set(parts.split()) <= PARTS.keys()
