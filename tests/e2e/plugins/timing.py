# ruff: noqa: INP001  (Airflow's folder of plugins is no package)
"""A plugin that writes down each call of a hook: how long all other listeners took, and what they raised."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pluggy
from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from collections.abc import Generator

around = pluggy.HookimplMarker("airflow")(wrapper=True)


def _timed(hook: str, subject: object = None) -> Generator[None, object, object]:
    began = time.monotonic()
    call: dict[str, object] = {
        "hook": hook,
        "process": os.getpid(),
        "began": began,
        "dag_id": getattr(subject, "dag_id", ""),
        "run_id": getattr(subject, "run_id", ""),
        "task_id": getattr(subject, "task_id", ""),
    }
    try:
        return (yield)
    except BaseException as error:
        call["raised"] = repr(error)
        raise
    finally:
        call["seconds"] = time.monotonic() - began
        # One write at the end of the file: many processes do so at the same time.
        with open(os.environ["E2E_CALLS"], "a", encoding="utf-8") as calls:  # noqa: PTH123  (read as it is written)
            calls.write(json.dumps(call) + "\n")


class Timing:
    """Wraps the hooks that the plugin has."""

    @around
    def on_task_instance_running(self, task_instance: object) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("on_task_instance_running", task_instance))

    @around
    def on_task_instance_success(self, task_instance: object) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("on_task_instance_success", task_instance))

    @around
    def on_task_instance_failed(self, task_instance: object) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("on_task_instance_failed", task_instance))

    @around
    def on_dag_run_running(self, dag_run: object) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("on_dag_run_running", dag_run))

    @around
    def on_dag_run_success(self, dag_run: object) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("on_dag_run_success", dag_run))

    @around
    def on_dag_run_failed(self, dag_run: object) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("on_dag_run_failed", dag_run))

    @around
    def before_stopping(self) -> Generator[None, object, object]:
        """Time it."""
        return (yield from _timed("before_stopping"))


class TimingPlugin(AirflowPlugin):  # type: ignore[misc]  # Airflow is not there where types are checked
    """Registers the listener."""

    name = "timing"
    listeners = (Timing(),)
