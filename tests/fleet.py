"""A whole fleet as a Pushgateway would expose it: by default 20,000 tasks in 1,000 DAGs.

What is in it follows from the catalog, so that a metric that is added there and has no value
here is an error.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from dashgen.catalog import airflow, pipeline, recorded
from dashgen.catalog.labels import (
    AIRFLOW_TASKS,
    CODE,
    DAG_ID,
    DAG_JOBS,
    HANDLER,
    INSTANCE,
    METHOD,
    PUSHGATEWAY_SWEEPER,
    RESULT,
    RUN_ID,
    TASK_ID,
    TASK_JOBS,
    DagRunState,
    TaskState,
)
from dashgen.catalog.terms import JOB_LABEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from dashgen.catalog.model import Job, Metric

DAY = 86400
HOUR = 3600

Labels = dict[str, str]


@dataclass(frozen=True)
class Fleet:
    """How large the fleet is; the first ``dags_with_runs`` DAGs have per-run groups as well."""

    dags: int = 1000
    tasks_per_dag: int = 20
    dags_with_runs: int = 10
    runs_per_dag: int = 20
    instance: str = "prod"

    @property
    def tasks(self) -> int:
        """Return the number of tasks."""
        return self.dags * self.tasks_per_dag


# Of 50 tasks in a row, these are in trouble; all others succeeded.
_TASK_STATES = {
    0: TaskState.FAILED,
    2: TaskState.UP_FOR_RETRY,
    3: TaskState.RUNNING,
    4: TaskState.UPSTREAM_FAILED,
    5: TaskState.RUNNING,
    6: TaskState.SKIPPED,
}
_PARTLY_FAILED = 1
_LATELY_FAILED = (_PARTLY_FAILED, 0)
_RUNNING_TOO_LONG = 3
_TASK_CYCLE = 50
# And of 20 DAGs these.
_DAG_STATES = {0: DagRunState.FAILED, 1: DagRunState.RUNNING}
_RUNNING_FOR_A_DAY = 1
_NO_SUCCESS_FOR_LONG = 2
_DAG_CYCLE = 20


@dataclass(frozen=True)
class _Group:
    """One group: the labels of its key, its number in the fleet, and when it was pushed."""

    labels: Labels
    number: int
    at: float


def exposition(fleet: Fleet, now: float) -> str:
    """Write the fleet as exposition text; ``now`` is in unix seconds."""
    lines: dict[str, list[str]] = {}
    for job in (*DAG_JOBS, *TASK_JOBS):
        groups = [(_written({JOB_LABEL: job.name, **group.labels}), group) for group in _groups(fleet, job, now)]
        for metric in (*airflow.METRICS, *pipeline.METRICS):
            if job not in metric.jobs:
                continue
            value = _VALUES[metric]
            lines.setdefault(metric.name, []).extend(
                f"{metric.name}{labels} {value(group.number, group.at):.15g}\n" for labels, group in groups
            )
    for metric, labels, number in _health(fleet, now):
        lines.setdefault(metric.name, []).append(f"{metric.name}{_written(labels)} {number:.15g}\n")
    return "".join(line for found in lines.values() for line in found)


def midnights(fleet: Fleet, now: float, days: int = 7) -> str:
    """Write what the rules recorded at the last midnights, as OpenMetrics text with timestamps."""
    metric = recorded.TASK_MIDNIGHT_DURATION
    duration = _VALUES[airflow.TASK_DURATION]
    today = int(now) // DAY * DAY
    lines = [f"# TYPE {metric.name} {metric.type.value}\n"]
    for group in _groups(fleet, AIRFLOW_TASKS, now):
        series = f"{metric.name}{_written({JOB_LABEL: AIRFLOW_TASKS.name, **group.labels})}"
        for day in range(days):
            midnight = today - day * DAY
            value = duration(group.number, midnight)
            lines += [f"{series} {value:.15g} {midnight + seconds}\n" for seconds in range(0, 600, 120)]
    return "".join((*lines, "# EOF\n"))


def _written(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _groups(fleet: Fleet, job: Job, now: float) -> Iterator[_Group]:
    """Yield the groups of a job: of each DAG, or of some, of each task and of each run."""
    per_run = RUN_ID in job.grouping
    of_tasks = TASK_ID in job.grouping
    for dag in range(fleet.dags_with_runs if per_run else fleet.dags):
        for run in range(fleet.runs_per_dag if per_run else 1):
            labels = {DAG_ID.name: f"dag_{dag:04}", INSTANCE.name: fleet.instance}
            if per_run:
                labels[RUN_ID.name] = f"scheduled__{run:03}"
            at = now - run * HOUR
            if not of_tasks:
                yield _Group(labels, dag + run, at)
                continue
            for task in range(fleet.tasks_per_dag):
                number = dag * fleet.tasks_per_dag + task + run
                yield _Group({**labels, TASK_ID.name: f"task_{task:02}"}, number, at)


def _task_state(number: int) -> TaskState:
    return _TASK_STATES.get(number % _TASK_CYCLE, TaskState.SUCCESS)


def _dag_state(number: int) -> DagRunState:
    return _DAG_STATES.get(number % _DAG_CYCLE, DagRunState.SUCCESS)


def _since(state_for: Callable[[int], float]) -> Callable[[int, float], float]:
    """Make a metric's values from the age that each number has."""
    return lambda number, now: now - state_for(number)


# The value of each metric for the task or DAG of this number.
_VALUES: Mapping[Metric, Callable[[int, float], float]] = {
    airflow.TASK_STATUS: lambda number, _: _task_state(number),
    airflow.TASK_DURATION: lambda number, _: 60 + number % 1000,
    airflow.TASK_START: _since(lambda number: 7 * HOUR if number % _TASK_CYCLE == _RUNNING_TOO_LONG else 600),
    airflow.TASK_TRY_NUMBER: lambda number, _: 1 + (_task_state(number) is TaskState.UP_FOR_RETRY),
    airflow.TASK_LAST_SUCCESS: _since(lambda _: 600),
    airflow.TASK_LAST_FAILURE: _since(lambda number: 60 if number % _TASK_CYCLE in _LATELY_FAILED else 30 * DAY),
    airflow.DAG_RUN_STATUS: lambda number, _: _dag_state(number),
    airflow.DAG_RUN_DURATION: lambda number, _: 600 + number,
    airflow.DAG_RUN_START: _since(lambda number: DAY if number % _DAG_CYCLE == _RUNNING_FOR_A_DAY else HOUR),
    airflow.DAG_RUN_LAST_SUCCESS: _since(
        lambda number: 9 * DAY if number % _DAG_CYCLE == _NO_SUCCESS_FOR_LONG else HOUR
    ),
    airflow.DAG_RUN_LAST_FAILURE: _since(lambda _: 2 * DAY),
    airflow.DAG_RUN_FAILED_TASKS: lambda number, _: float(_dag_state(number) is DagRunState.FAILED),
    pipeline.PUSH_TIME: _since(lambda _: 0),
    pipeline.PUSH_FAILURE_TIME: lambda _number, _now: 0,
}


def _health(fleet: Fleet, now: float) -> Iterator[tuple[Metric, Labels, float]]:
    """Yield what the sweeper pushed, and what the gateway says of itself."""
    sweeper = {JOB_LABEL: PUSHGATEWAY_SWEEPER.name, INSTANCE.name: fleet.instance}
    done = now - HOUR
    yield pipeline.SWEEPER_LAST_RUN, sweeper, done
    yield pipeline.SWEEPER_LAST_SUCCESS, sweeper, done
    yield pipeline.SWEEPER_OLDEST_AGE, sweeper, DAY
    yield pipeline.SWEEPER_DURATION, sweeper, 2
    yield pipeline.PUSH_TIME, sweeper, done
    yield pipeline.PUSH_FAILURE_TIME, sweeper, 0
    for result in ("seen", "deleted", "kept", "failed"):
        yield pipeline.SWEEPER_GROUPS, {**sweeper, RESULT.name: result}, 10
    accepted = {HANDLER.name: "push", METHOD.name: "post", CODE.name: "202"}
    yield pipeline.GATEWAY_REQUESTS, accepted, fleet.tasks
    yield pipeline.RESIDENT_MEMORY, {}, 9000 * fleet.tasks
    yield pipeline.HEAP_IN_USE, {}, 4500 * fleet.tasks


def handler(text: str) -> type[BaseHTTPRequestHandler]:
    """Make what answers each scrape with this exposition text."""
    body = text.encode()
    return answering(lambda: body)


def answering(text: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    """Make what answers each scrape with the exposition text that a function then returns."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler


@contextmanager
def served(answers: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Serve a scrape target on loopback, and yield the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def expected_states(fleet: Fleet) -> Mapping[TaskState, int]:
    """Return how many tasks of the fleet are in each state."""
    counts = dict.fromkeys(TaskState, 0)
    for number in range(fleet.tasks):
        counts[_TASK_STATES.get(number % _TASK_CYCLE, TaskState.SUCCESS)] += 1
    return counts
