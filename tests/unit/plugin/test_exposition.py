"""What goes over the wire: Prometheus' text format, of the catalog's types and help texts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from dashgen.catalog import airflow
from dashgen.catalog.terms import MetricType
from dashgen_plugin import exposition

if TYPE_CHECKING:
    from pathlib import Path

MULTIPROCESS = """
from dashgen.catalog import airflow
from dashgen_plugin import exposition
print(exposition.text({metric: 1 for metric in airflow.METRICS}).decode())
"""


def test_text() -> None:
    """Each metric is written with help, type and value, and no labels: those are in the path."""
    assert exposition.text({airflow.TASK_STATUS: -1, airflow.LAB_TASK_FAILURE: 1}).decode() == (
        "# HELP task_status State of the task's latest event\n"
        "# TYPE task_status gauge\n"
        "task_status -1.0\n"
        "# HELP lab_task_failure_total Failures of the task, as the first plugin counted them\n"
        "# TYPE lab_task_failure_total counter\n"
        "lab_task_failure_total 1.0\n"
    )


def test_help_is_escaped() -> None:
    """A help text of several lines stays one line, and reads back as it was."""
    metric = replace(airflow.TASK_STATUS, help='a\nb \\ "c"')
    (family,) = text_string_to_metric_families(exposition.text({metric: 1}).decode())
    assert family.documentation == metric.help


@given(st.floats(allow_nan=False) | st.integers(-(2**53), 2**53))
def test_values_survive(value: float) -> None:
    """A value reads back exactly as it was, microseconds of a timestamp included."""
    (family,) = text_string_to_metric_families(exposition.text({airflow.TASK_START: value}).decode())
    assert [sample.value for sample in family.samples] == [value]


def test_a_type_that_a_plugin_can_not_push() -> None:
    """A histogram is no value: it is refused rather than written as something else."""
    with pytest.raises(KeyError):
        exposition.text({replace(airflow.TASK_STATUS, type=MetricType.HISTOGRAM): 1})


def test_no_files_of_other_processes(tmp_path: Path) -> None:
    """Where PROMETHEUS_MULTIPROC_DIR is set, the text is the same and no file appears there."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    command = (sys.executable, "-c", MULTIPROCESS)
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == exposition.text(dict.fromkeys(airflow.METRICS, 1)).decode().strip()
    assert list(tmp_path.iterdir()) == []
