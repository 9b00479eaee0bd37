# ruff: noqa: INP001  (Airflow's folder of DAGs is no package)
# Airflow is not installed where the types are checked.
# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
"""A DAG whose tasks have a gateway of their own; unchanged on Airflow 2.11 and 3.

It is copied once per fault, beside a JSON file of the same name with the variables for its
tasks: a task's process reads the file of its DAG, and sets them, before the first hook.
"""

from __future__ import annotations

import json
import os
import time
from datetime import datetime, timezone
from pathlib import Path

from dashgen_plugin import report

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task

HERE = Path(__file__)
# Long enough that the hook of the end finds a push of the start under way.
WORK_SECONDS = 0.5

os.environ.update(json.loads(HERE.with_suffix(".json").read_text(encoding="utf-8")))


def note_body() -> None:
    """Write down that the body of a task starts, where the hooks' calls are written down."""
    call = {"hook": "body", "process": os.getpid(), "began": time.monotonic()}
    with open(os.environ["E2E_CALLS"], "a", encoding="utf-8") as calls:  # noqa: PTH123  (as in plugins/timing.py)
        calls.write(json.dumps(call) + "\n")


@dag(f"fault.{HERE.stem}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False)
def fault() -> None:
    """Run a task that succeeds and reports a metric of its own, and one that fails."""

    @task
    def good() -> None:
        note_body()
        report(rows_loaded=1234)
        time.sleep(WORK_SECONDS)

    @task
    def bad() -> None:
        note_body()
        time.sleep(WORK_SECONDS)
        raise ValueError("fails for good")

    good()
    bad()


fault()
