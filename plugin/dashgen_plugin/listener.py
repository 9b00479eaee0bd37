"""The listener: one class for Airflow 2.11 and 3, as pluggy passes a hook what it names.

No hook raises: in Airflow 2 an error in one ends the scheduler. No hook of the scheduler or the
API server waits. In a task's own process the start never waits and the end waits at most the
deadline.
"""

from __future__ import annotations

import contextlib
import logging
from functools import partial
from multiprocessing import parent_process

import pluggy

from dashgen.catalog import airflow
from dashgen.catalog.labels import DagRunState, TaskState
from dashgen.catalog.model import LAB, PER_RUN
from dashgen_plugin import delivery, environment, events, own_metrics, reconciliation
from dashgen_plugin import facts as reading

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen.catalog.model import Event
    from dashgen_plugin.environment import Environment

log = logging.getLogger(__name__)

# What airflow.listeners.hookimpl is, in both versions; so that this module needs no Airflow.
hookimpl = pluggy.HookimplMarker("airflow")

_LAST_WITHOUT_TASK_SDK = 2

_said: set[str] = set()


class Listener:
    """Airflow's hooks. Some fire twice for one event; what they set is the same then."""

    @hookimpl
    def on_task_instance_running(self, task_instance: object) -> None:
        """Tell that an attempt starts or resumes."""
        _guarded(_task_started, task_instance)

    @hookimpl
    def on_task_instance_success(self, task_instance: object) -> None:
        """Tell that an attempt succeeded."""
        _guarded(_task_ended, task_instance, airflow.ON_TASK_SUCCESS, TaskState.SUCCESS)

    @hookimpl
    def on_task_instance_failed(self, task_instance: object) -> None:
        """Tell that an attempt failed, for good or to be retried: only the state tells which."""
        _guarded(_task_failed, task_instance)

    @hookimpl
    def on_task_instance_skipped(self, task_instance: object) -> None:
        """Tell that a task skipped itself (Airflow 3)."""
        _guarded(_task_ended, task_instance, airflow.ON_TASK_SKIPPED, TaskState.SKIPPED)

    @hookimpl
    def on_dag_run_running(self, dag_run: object) -> None:
        """Tell that a run starts."""
        _guarded(_run_started, dag_run)

    @hookimpl
    def on_dag_run_success(self, dag_run: object) -> None:
        """Tell that a run succeeded, and what became of its tasks."""
        _guarded(_run_ended, dag_run, airflow.ON_RUN_SUCCESS, DagRunState.SUCCESS)

    @hookimpl
    def on_dag_run_failed(self, dag_run: object) -> None:
        """Tell that a run failed, and what became of its tasks."""
        _guarded(_run_ended, dag_run, airflow.ON_RUN_FAILED, DagRunState.FAILED)

    @hookimpl
    def before_stopping(self) -> None:
        """Send what waits before the process ends: a task's ends without running exit handlers."""
        _guarded(_stopping)


def _guarded(work: Callable[..., None], *arguments: object) -> None:
    try:
        work(*arguments)
    except Exception as error:  # noqa: BLE001  (nothing that happens here may harm Airflow)
        with contextlib.suppress(Exception):
            log.warning("an event was not pushed: %s: %s", type(error).__name__, error)


def _settings() -> Environment | None:
    """Return the settings where there is something to push, and say once what is odd about them."""
    settings = environment.read()
    for sentence in settings.wrong:
        _say_once(logging.WARNING, sentence)
    if settings.enabled and not settings.target.url:
        _say_once(logging.INFO, f"{environment.URL} is not set: nothing is pushed")
    if not settings.pushes:
        return None
    if LAB in settings.generations:
        _say_once(
            logging.WARNING,
            f"{environment.LAB_ON} is on: its Counters are wrong by design and only for showing that; turn it off",
        )
    return settings


def _say_once(level: int, sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        log.log(level, sentence)


def _task_started(task_instance: object) -> None:
    settings = _settings()
    if settings is not None and not reading.is_trial(task_instance):
        facts = reading.of_task(task_instance, TaskState.RUNNING)
        own_metrics.enter(facts)
        _put_task(airflow.ON_TASK_RUNNING, facts, settings)


def _task_failed(task_instance: object) -> None:
    state = reading.state_of(task_instance)
    if not state:
        raise reading.UnreadableError("whether the attempt failed for good can't be read")
    if state == reading.UP_FOR_RETRY:
        _task_ended(task_instance, airflow.ON_TASK_RETRY, TaskState.UP_FOR_RETRY)
    else:
        _task_ended(task_instance, airflow.ON_TASK_FAILED, TaskState.FAILED)


def _task_ended(task_instance: object, event: Event, state: TaskState) -> None:
    settings = _settings()
    if settings is None or reading.is_trial(task_instance):
        return
    waits = _may_wait(event)
    own_metrics.leave()
    _put_task(event, reading.of_task(task_instance, state), settings)
    if waits:
        delivery.flush(settings.target.timeout)


def _put_task(event: Event, facts: reading.TaskFacts, settings: Environment) -> None:
    work = partial(events.pushes, event, facts, settings.generations, settings.instance)
    delivery.put(work, settings.target)


def _may_wait(event: Event) -> bool:
    """Whether this process may wait for the gateway now: a task's own, or Airflow 2's processor of callbacks.

    The scheduler and the API server report tasks too, those that were killed or set by hand; a
    task that starts in this process is what they never have. Airflow 2 reports killed tasks in
    a process that multiprocessing made for one DAG file, and that ends without exit handlers. In
    a task's own process it reports a failure with the task's row locked and not yet written: there
    before_stopping, which comes later, waits.
    """
    airflow_2 = reading.airflow_major() == _LAST_WITHOUT_TASK_SDK
    if own_metrics.entered():
        return not (airflow_2 and event in (airflow.ON_TASK_FAILED, airflow.ON_TASK_RETRY))
    return airflow_2 and parent_process() is not None


def _run_started(dag_run: object) -> None:
    settings = _settings()
    if settings is not None:
        facts = reading.of_run(dag_run, DagRunState.RUNNING)
        work = partial(events.pushes, airflow.ON_RUN_RUNNING, facts, settings.generations, settings.instance)
        delivery.put(work, settings.target)


def _run_ended(dag_run: object, event: Event, state: DagRunState) -> None:
    settings = _settings()
    if settings is None:
        return
    facts = reading.of_run(dag_run, state)
    found = None
    try:
        found = reconciliation.read(dag_run, each=PER_RUN in settings.generations)
    except Exception as error:  # noqa: BLE001  (the run's own state is told all the same)
        log.warning("the tasks of %s %s are not known: %s", facts.dag_id, facts.run_id, type(error).__name__)
    work = partial(reconciliation.pushes, found, event, facts, settings.generations, settings.instance)
    delivery.put(work, settings.target)


def _stopping() -> None:
    settings = _settings()
    if settings is not None:
        delivery.flush(settings.target.timeout)
