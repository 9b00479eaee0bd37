"""The hooks of Airflow that a listener can have, as its two lines specify them.

Names and arguments as in the ``listeners/spec`` folders of 3.3.2 and 2.11.2; those of assets and
import errors are left out.
"""

# ruff: noqa: D102  (what each hook is for, Airflow's documentation says)

from __future__ import annotations

import pluggy

_hookspec = pluggy.HookspecMarker("airflow")


class _RunsAndComponents:
    """What is the same in both."""

    @_hookspec
    def on_starting(self, component: object) -> None: ...

    @_hookspec
    def before_stopping(self, component: object) -> None: ...

    @_hookspec
    def on_dag_run_running(self, dag_run: object, msg: str) -> None: ...

    @_hookspec
    def on_dag_run_success(self, dag_run: object, msg: str) -> None: ...

    @_hookspec
    def on_dag_run_failed(self, dag_run: object, msg: str) -> None: ...


class Airflow3(_RunsAndComponents):
    """3.3.2."""

    @_hookspec
    def on_task_instance_running(self, previous_state: object, task_instance: object) -> None: ...

    @_hookspec
    def on_task_instance_success(self, previous_state: object, task_instance: object) -> None: ...

    @_hookspec
    def on_task_instance_failed(self, previous_state: object, task_instance: object, error: object) -> None: ...

    @_hookspec
    def on_task_instance_skipped(self, previous_state: object, task_instance: object) -> None: ...


class Airflow2(_RunsAndComponents):
    """2.11.2."""

    @_hookspec
    def on_task_instance_running(self, previous_state: object, task_instance: object, session: object) -> None: ...

    @_hookspec
    def on_task_instance_success(self, previous_state: object, task_instance: object, session: object) -> None: ...

    @_hookspec
    def on_task_instance_failed(
        self, previous_state: object, task_instance: object, error: object, session: object
    ) -> None: ...


LINES = {3: Airflow3, 2: Airflow2}


def registered(listener: object, line: int = 3) -> pluggy.PluginManager:
    """Return a plugin manager of an Airflow line with this listener in it.

    Raises:
        pluggy.PluginValidationError: a hook of it names an argument that the line does not pass.

    """
    manager = pluggy.PluginManager("airflow")
    manager.add_hookspecs(LINES[line])
    manager.register(listener)
    return manager
