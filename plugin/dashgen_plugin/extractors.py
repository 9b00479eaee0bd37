"""The value of each metric that the listener emits, from plain facts; None is not pushed.

The catalog says which event sets which metric; this says only how each is read, and never
returns a value that is not known to be true.
"""

from __future__ import annotations

from dashgen.catalog import airflow
from dashgen.catalog.labels import DagRunState, TaskState
from dashgen_plugin.facts import RunFacts, TaskFacts

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen.catalog.model import Metric

# A task that never ran (skipped by the scheduler, upstream failed) has 0 attempts, and what it
# has for start and end is when that was decided.
_FIRST_ATTEMPT = 1


def _status(facts: TaskFacts | RunFacts) -> float | None:
    return facts.state


def _duration(facts: TaskFacts | RunFacts) -> float | None:
    # An end before the start is the previous attempt's.
    if facts.start is None or facts.end is None or facts.end < facts.start or not _ran(facts):
        return None
    return facts.end - facts.start


def _start(facts: TaskFacts | RunFacts) -> float | None:
    return facts.start if _ran(facts) else None


def _ended(facts: TaskFacts | RunFacts, state: TaskState | DagRunState) -> float | None:
    if facts.state is not state or facts.end is None:
        return None
    return facts.end if facts.start is None or facts.end >= facts.start else None


def _ran(facts: TaskFacts | RunFacts) -> bool:
    if isinstance(facts, RunFacts):
        return True
    attempted = facts.try_number is None or facts.try_number >= _FIRST_ATTEMPT
    return attempted and facts.state is not TaskState.UPSTREAM_FAILED


def _try_number(facts: TaskFacts | RunFacts) -> float | None:
    return facts.try_number if isinstance(facts, TaskFacts) and _ran(facts) else None


def _failed_tasks(facts: TaskFacts | RunFacts) -> float | None:
    return facts.failed_tasks if isinstance(facts, RunFacts) else None


def _once(_: TaskFacts | RunFacts) -> float | None:
    """Return what a Counter made anew for each push holds: the first plugin's fault."""
    return 1


EXTRACTORS: dict[Metric, Callable[[TaskFacts | RunFacts], float | None]] = {
    airflow.TASK_STATUS: _status,
    airflow.TASK_DURATION: _duration,
    airflow.TASK_START: _start,
    airflow.TASK_TRY_NUMBER: _try_number,
    airflow.TASK_LAST_SUCCESS: lambda facts: _ended(facts, TaskState.SUCCESS),
    airflow.TASK_LAST_FAILURE: lambda facts: _ended(facts, TaskState.FAILED),
    airflow.DAG_RUN_STATUS: _status,
    airflow.DAG_RUN_DURATION: _duration,
    airflow.DAG_RUN_START: _start,
    airflow.DAG_RUN_LAST_SUCCESS: lambda facts: _ended(facts, DagRunState.SUCCESS),
    airflow.DAG_RUN_LAST_FAILURE: lambda facts: _ended(facts, DagRunState.FAILED),
    airflow.DAG_RUN_FAILED_TASKS: _failed_tasks,
    airflow.LAB_TASK_SUCCESS: _once,
    airflow.LAB_TASK_FAILURE: _once,
}
