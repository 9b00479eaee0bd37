"""Time what the hooks of both listeners take in task processes; run where Airflow 3 is.

``python -m bench.listener_in_task ROUNDS inherited|fresh``. Each task is a process forked from
this one. With ``inherited`` this one has loaded both plugins, as a scheduler has before its
executor forks; Airflow 3 then imports a plugins folder once more in each task process, while the
module of an entry point is there already. With ``fresh`` it has loaded none, as where each task
starts in a new container.

Prints JSON: for each listener, a list of what its tasks measured, seconds by name.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
from datetime import datetime, timezone
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

PLAIN = Path(__file__).with_name("plain_listener.py")
# Shorter than any real task, long enough for a push to a gateway that answers.
BODY_SECONDS = 0.05
_READ_BYTES = 1 << 16


def ours() -> Any:  # noqa: ANN401  (the listeners share no type)
    """Import the plugin as its entry point does, and return the listener."""
    return importlib.import_module("dashgen_plugin.listener").Listener()


def plain() -> Any:  # noqa: ANN401  (as above)
    """Import the plain plugin's file as Airflow does with those of a plugins folder, and return the listener."""
    loader = SourceFileLoader(PLAIN.stem, str(PLAIN))
    spec = spec_from_loader(loader.name, loader)
    if spec is None:
        raise ImportError(PLAIN.name)
    module = sys.modules[loader.name] = module_from_spec(spec)
    loader.exec_module(module)
    return module.PlainListener()


LOADERS = MappingProxyType({"ours": ours, "plain": plain})


def task(kind: str, number: int) -> dict[str, float]:
    """Go through one task's life; return what its listener took before the body, after it, and of the CPU."""
    used, began = time.process_time(), time.perf_counter()
    listener = LOADERS[kind]()
    instance = SimpleNamespace(
        dag_id="bench",
        task_id=f"task_{number}",
        run_id="manual__1",
        map_index=-1,
        try_number=1,
        state="running",
        start_date=datetime.now(timezone.utc),
        end_date=None,
    )
    listener.on_task_instance_running(task_instance=instance)
    body = time.perf_counter()
    time.sleep(BODY_SECONDS)
    ended = time.perf_counter()
    instance.state, instance.end_date = "success", datetime.now(timezone.utc)
    listener.on_task_instance_success(task_instance=instance)
    listener.before_stopping()
    return {"before": body - began, "after": time.perf_counter() - ended, "cpu": time.process_time() - used}


def forked(kind: str, number: int) -> dict[str, float]:
    """Go through a task's life in a process of its own, which ends as Airflow's do: at once.

    Raises:
        ChildProcessError: it failed.

    """
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        try:
            os.write(writer, json.dumps(task(kind, number)).encode())
        except Exception:
            logging.getLogger(__name__).exception(kind)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        told = source.read(_READ_BYTES)
    os.waitpid(process, 0)
    if not told:
        raise ChildProcessError(kind)
    measured: dict[str, float] = json.loads(told)
    return measured


def main(rounds: str, parent: str) -> None:
    """Measure in turn, so that all share the same weather; a first round does not count."""
    importlib.import_module("airflow.sdk.execution_time.task_runner")
    if parent == "inherited":
        for load in LOADERS.values():
            load()
    turns = range(int(rounds) + 1)
    measured = {turn: {kind: forked(kind, turn) for kind in LOADERS} for turn in turns}
    print(json.dumps({kind: [measured[turn][kind] for turn in turns[1:]] for kind in LOADERS}))  # noqa: T201  (the result)


if __name__ == "__main__":
    main(*sys.argv[1:])
