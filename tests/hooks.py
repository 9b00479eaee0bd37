"""Objects as Airflow gives them to the listener's hooks, and what a gateway holds of them afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tests.e2e import gateway_state
from tests.programs import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers import Pushgateway

START = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
INSTANCE = "airflow-local"
ARRIVES_SECONDS = 10.0


def task(dag_id: str = "etl", task_id: str = "load", **fields: object) -> SimpleNamespace:
    """Return a task instance of 90 seconds, as a task's process has it."""
    fields = {"run_id": "manual__1", "map_index": -1, "try_number": 1, "state": "success", **fields}
    times = {"start_date": START, "end_date": START + timedelta(seconds=90)}
    return SimpleNamespace(**{"dag_id": dag_id, "task_id": task_id, **times, **fields})


def run(dag_id: str = "etl", run_id: str = "manual__1") -> SimpleNamespace:
    """Return a DAG run of two minutes."""
    return SimpleNamespace(dag_id=dag_id, run_id=run_id, start_date=START, end_date=START + timedelta(minutes=2))


def groups(gateway: Pushgateway) -> dict[gateway_state.Key, dict[str, float]]:
    """Return the values that a gateway holds, by group."""
    state = gateway_state.read(gateway)
    return {key: {name: sample.value for name, sample in found.items()} for key, found in state.groups.items()}


def statuses(gateway: Pushgateway, dag_id: str = "etl") -> dict[str, float]:
    """Return the state of each task of a DAG in the fleet, by ``task_id``; the DAG's own is under an empty one."""
    found = {}
    for (job, labels), values in groups(gateway).items():
        names = dict(labels)
        if names["dag_id"] == dag_id and job in {"airflow_tasks", "airflow_dags"}:
            found[names.get("task_id", "")] = values.get("task_status", values.get("dag_run_status", float("nan")))
    return found


def eventually(true: Callable[[], bool], seconds: float = ARRIVES_SECONDS) -> bool:
    """Wait until something is true; return whether it was in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def python(text: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own; it fails the test if that fails or takes 60 seconds."""
    done = subprocess.run(
        (sys.executable, "-c", text, *map(str, arguments)),
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def script(text: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python code that calls the hooks of ``plugin`` in a process of its own, as :func:`python` does."""
    names = (
        "import os, sys, time, threading, warnings",
        "from tests import hooks",
        "from dashgen_plugin import delivery, listener",
        "from dashgen_plugin.environment import URL",
        "plugin = listener.Listener()",
        # Python 3.12 warns of forks in a process with threads: that is what is tested.
        "warnings.simplefilter('ignore', DeprecationWarning)",
    )
    return python("\n".join([*names, text]), *arguments, **environment)
