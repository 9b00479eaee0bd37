"""The value of each metric from facts: what is not certain is not told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import airflow
from dashgen.catalog.labels import DagRunState, TaskState
from dashgen_plugin.extractors import EXTRACTORS
from dashgen_plugin.facts import RunFacts, TaskFacts

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric

SUCCEEDED = TaskFacts("etl", "load", "manual__1", None, TaskState.SUCCESS, 1, 100.0, 160.0)
FAILED = SUCCEEDED._replace(state=TaskState.FAILED)
RUN_SUCCEEDED = RunFacts("etl", "manual__1", DagRunState.SUCCESS, 100.0, 160.0, 0)
RUN_FAILED = RUN_SUCCEEDED._replace(state=DagRunState.FAILED)
LAST: dict[Metric, tuple[Any, Any]] = {
    airflow.TASK_LAST_SUCCESS: (SUCCEEDED, FAILED),
    airflow.TASK_LAST_FAILURE: (FAILED, SUCCEEDED),
    airflow.DAG_RUN_LAST_SUCCESS: (RUN_SUCCEEDED, RUN_FAILED),
    airflow.DAG_RUN_LAST_FAILURE: (RUN_FAILED, RUN_SUCCEEDED),
}
_each_last = pytest.mark.parametrize("metric", LAST, ids=str)
_each_duration = pytest.mark.parametrize(
    ("metric", "facts"),
    [(airflow.TASK_DURATION, SUCCEEDED), (airflow.DAG_RUN_DURATION, RUN_SUCCEEDED)],
    ids=["task", "run"],
)


@_each_duration
def test_duration(metric: Metric, facts: Any) -> None:  # noqa: ANN401  (a task's or a run's)
    """It is the end minus the start, also of an attempt that took no time."""
    assert EXTRACTORS[metric](facts) == 60
    assert EXTRACTORS[metric](facts._replace(end=100.0)) == 0


@_each_duration
@pytest.mark.parametrize("change", [{"start": None}, {"end": None}, {"end": 99.9}], ids=str)
def test_no_duration(metric: Metric, facts: Any, change: dict[str, float | None]) -> None:  # noqa: ANN401  (as above)
    """Without a start or an end there is none; an end before the start is left over from the attempt before."""
    assert EXTRACTORS[metric](facts._replace(**change)) is None


@_each_last
def test_last_end(metric: Metric) -> None:
    """The end of what ended so is told, also where its start is not known; of what ended otherwise not."""
    so, otherwise = LAST[metric]
    assert EXTRACTORS[metric](so) == 160
    assert EXTRACTORS[metric](so._replace(start=None)) == 160
    assert EXTRACTORS[metric](otherwise) is None


@_each_last
@pytest.mark.parametrize("end", [None, 99.9])
def test_no_last_end(metric: Metric, end: float | None) -> None:
    """Without an end there is none; one before the start is left over from the attempt before."""
    so, _ = LAST[metric]
    assert EXTRACTORS[metric](so._replace(end=end)) is None


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.FAILED], ids=lambda s: s.name)
def test_only_failed_for_good_is_a_failure(state: TaskState) -> None:
    """An attempt that is retried, and a task that never ran, are no failures."""
    assert EXTRACTORS[airflow.TASK_LAST_FAILURE](SUCCEEDED._replace(state=state)) is None


@pytest.mark.parametrize("metric", [airflow.TASK_START, airflow.TASK_TRY_NUMBER, airflow.TASK_DURATION], ids=str)
@pytest.mark.parametrize(
    "change",
    [{"try_number": 0, "state": TaskState.SKIPPED}, {"try_number": 1, "state": TaskState.UPSTREAM_FAILED}],
    ids=["skipped by the scheduler", "upstream failed"],
)
def test_what_never_ran_has_no_attempt(metric: Metric, change: dict[str, object]) -> None:
    """Its start and end are when Airflow decided it: no start, attempt or duration of the task."""
    assert EXTRACTORS[metric](SUCCEEDED._replace(**change)) is None  # type: ignore[arg-type]  # each is of its type


def test_a_task_that_skipped_itself_ran() -> None:
    """It has an attempt and a start, and no end."""
    facts = SUCCEEDED._replace(state=TaskState.SKIPPED, end=None)
    assert EXTRACTORS[airflow.TASK_START](facts) == 100
    assert EXTRACTORS[airflow.TASK_TRY_NUMBER](facts) == 1
    assert EXTRACTORS[airflow.TASK_DURATION](facts) is None


def test_an_attempt_that_is_not_known_is_left_out() -> None:
    """The start is told all the same."""
    facts = SUCCEEDED._replace(try_number=None)
    assert EXTRACTORS[airflow.TASK_TRY_NUMBER](facts) is None
    assert EXTRACTORS[airflow.TASK_START](facts) == 100


@pytest.mark.parametrize("failed", [None, 0, 3])
def test_failed_tasks(failed: int | None) -> None:
    """Their number is told only where it was counted."""
    assert EXTRACTORS[airflow.DAG_RUN_FAILED_TASKS](RUN_FAILED._replace(failed_tasks=failed)) == failed
