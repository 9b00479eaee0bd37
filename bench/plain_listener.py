"""The listener that ours is measured against: each hook pushes one Gauge and waits for the answer.

It is loaded as a file of a plugins folder, so it imports nothing of this project.
"""

from __future__ import annotations

import logging
import os

from prometheus_client import CollectorRegistry, Gauge, pushadd_to_gateway

TIMEOUT_SECONDS = 5


class PlainListener:
    """Airflow's hooks for tasks and DAG runs."""

    def on_task_instance_running(self, task_instance: object) -> None:
        """Push that a task runs."""
        _push(task_instance, "task_id", 0)

    def on_task_instance_success(self, task_instance: object) -> None:
        """Push that a task succeeded."""
        _push(task_instance, "task_id", 1)

    def on_dag_run_running(self, dag_run: object) -> None:
        """Push that a run runs."""
        _push(dag_run, "run_id", 0)

    def on_dag_run_success(self, dag_run: object) -> None:
        """Push that a run succeeded."""
        _push(dag_run, "run_id", 1)

    def before_stopping(self) -> None:
        """Do nothing: all has been pushed."""


def _push(thing: object, key: str, value: float) -> None:
    registry = CollectorRegistry()
    Gauge("plain_state", "The latest state", registry=registry).set(value)
    group = {name: str(getattr(thing, name)) for name in ("dag_id", key)}
    try:
        pushadd_to_gateway(
            os.environ["AIRFLOW_VAR_PUSHGATEWAY_URL"], "plain", registry, grouping_key=group, timeout=TIMEOUT_SECONDS
        )
    except Exception:
        logging.getLogger(__name__).exception("not pushed")
