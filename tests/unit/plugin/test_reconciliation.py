"""What the end of a DAG run sets, from the rows of its task instances.

That the rows are read as Airflow's databases have them: ``tests/integration/test_reconciliation.py``.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog import airflow
from dashgen.catalog.labels import DagRunState
from dashgen.catalog.model import FLEET, PER_RUN
from dashgen_plugin import reconciliation
from dashgen_plugin.facts import RunFacts
from dashgen_plugin.reconciliation import Rows
from tests.hooks import START

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Row = tuple[object, ...]

T0 = START.timestamp()
RUN = RunFacts("etl", "manual__1", DagRunState.FAILED, T0, T0 + 600)
TASK = ("airflow_tasks", "load", None)
WORST_FIRST = ("failed", "upstream_failed", "up_for_retry", "running", "success", "skipped")
CODES = {"failed": -1, "upstream_failed": -2, "up_for_retry": 2, "running": 0, "success": 1, "skipped": 3}


def _row(  # noqa: PLR0913  (a row's columns, by keyword)
    state: str | None = "success",
    index: int | None = -1,
    *,
    task_id: str = "load",
    end: int | None = 60,
    updated: int | None = 60,
    later: bool = False,
    number: int = 1,
    try_number: int = 1,
) -> Row:
    """Return a row as the SELECT finds it: it starts with the run, its times are later; grouped without index."""
    ended, changed = (None if at is None else START + timedelta(seconds=at) for at in (end, updated))
    columns = (task_id, state, try_number, START, ended, later, number, changed)
    return columns if index is None else (*columns, index)


def _pushed(
    rows: Sequence[Row] | None,
    *,
    run: RunFacts = RUN,
    each: bool = True,
    generations: Iterable[object] = (FLEET, PER_RUN),
) -> dict[tuple[str, str, str | None], dict[str, float]]:
    """Return what the gateway would hold, by job, task and map index."""
    event = airflow.ON_RUN_FAILED
    found: dict[tuple[str, str, str | None], dict[str, float]] = {}
    read = None if rows is None else Rows(rows, each=each)
    for push in reconciliation.pushes(read, event, run, generations, "here"):  # type: ignore[arg-type]  # generations
        labels = dict(push.labels)
        group = found.setdefault((push.job.name, labels.get("task_id", ""), labels.get("map_index")), {})
        group.update({metric.name: value for metric, value in push.values.items()})
    return found


def _in_fleet(*rows: Row, run: RunFacts = RUN) -> dict[str, float]:
    return _pushed(rows, run=run, generations=(FLEET,)).get(TASK, {})


@pytest.mark.parametrize(("worse", "better"), [(a, b) for n, a in enumerate(WORST_FIRST) for b in WORST_FIRST[n + 1 :]])
def test_the_worst_state_is_the_tasks(worse: str, better: str) -> None:
    """A mapped task is in the worst state of its instances, in whatever order they are read."""
    for states in permutations((worse, better)):
        found = _in_fleet(*(_row(state, index) for index, state in enumerate(states)))
        assert found["task_status"] == CODES[worse]


def test_partly_failed() -> None:
    """When one instance failed and others succeeded, both last ends are told, in whatever order they are read."""
    rows = [_row("success", 0, end=30), _row("failed", 1, end=10), _row("success", 2, end=20)]
    for order in permutations(rows):
        assert _in_fleet(*order) == {
            "task_status": -1,
            "task_last_success_timestamp_seconds": T0 + 30,
            "task_last_failure_timestamp_seconds": T0 + 10,
        }


def test_many_instances_tell_no_attempt() -> None:
    """Start, attempt and duration of one instance are not those of another."""
    assert _in_fleet(_row("success", 0), _row("success", 1)).keys() == {
        "task_status",
        "task_last_success_timestamp_seconds",
    }


def test_one_instance_tells_all() -> None:
    """A task that is not mapped has one attempt that is its latest."""
    assert _in_fleet(_row(try_number=3)) == {
        "task_status": 1,
        "task_start_timestamp_seconds": T0,
        "task_try_number": 3,
        "task_duration_seconds": 60,
        "task_last_success_timestamp_seconds": T0 + 60,
    }


def test_upstream_failed_tells_its_state_alone() -> None:
    """It never ran: its start and end are when the scheduler decided that."""
    assert _in_fleet(_row("upstream_failed", try_number=0)) == {"task_status": -2}


@pytest.mark.parametrize("state", ["removed", "queued", "restarting", None])
def test_other_states_are_not_told(state: str | None) -> None:
    """What is no state of a task that ran or was decided sets nothing, and counts as an instance."""
    assert _in_fleet(_row(state)) == {}
    assert _in_fleet(_row(state, 0), _row("success", 1)).keys() == {
        "task_status",
        "task_last_success_timestamp_seconds",
    }


def test_an_enum_is_a_state() -> None:
    """A state is read from Airflow's enum as from a text."""
    row = list(_row())
    row[1] = SimpleNamespace(value="failed")
    assert _in_fleet(tuple(row))["task_status"] == -1


@pytest.mark.parametrize("number", [1, 3])
def test_grouped_rows_tell_the_fleet_the_same(number: int) -> None:
    """A group of instances in one state is told as the instances one by one are."""
    one_by_one = [_row("failed", index, end=10) for index in range(number)] + [_row("success", 9, end=30)]
    grouped = [_row("failed", None, end=10, number=number), _row("success", None, end=30)]
    found = _pushed(grouped, each=False, generations=(FLEET,))
    assert found == _pushed(one_by_one, generations=(FLEET,))
    assert found[TASK]["task_status"] == -1


def test_one_by_one_tells_each_instance_of_the_run() -> None:
    """Per run each mapped instance has a group of its own, with all that is known of it."""
    found = _pushed([_row("success", 0), _row("failed", 1, try_number=2)], generations=(PER_RUN,))
    assert found["airflow_task_runs", "load", "0"]["task_status"] == 1
    assert found["airflow_task_runs", "load", "1"] == {
        "task_status": -1,
        "task_start_timestamp_seconds": T0,
        "task_try_number": 2,
        "task_duration_seconds": 60,
    }


def test_grouped_rows_tell_no_instance_of_the_run() -> None:
    """Which instance is in which state, a group does not tell."""
    found = _pushed([_row("failed", None, number=6_000)], each=False)
    assert {job for job, *_ in found} == {"airflow_dags", "airflow_tasks", "airflow_dag_runs"}


@pytest.mark.parametrize("each", [True, False])
def test_failed_tasks_are_counted(each: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    """Failed and upstream failed instances are counted, whether they are read one by one or grouped."""
    if each:
        rows = [_row("failed", n) for n in range(3)] + [_row("upstream_failed", task_id="a"), _row(task_id="b")]
    else:
        rows = [_row("failed", None, number=3), _row("upstream_failed", None, task_id="a"), _row(None, None)]
    found = _pushed(rows, each=each)
    assert found["airflow_dags", "", None]["dag_run_failed_tasks"] == 4
    assert found["airflow_dag_runs", "", None]["dag_run_failed_tasks"] == 4


def test_overtaken() -> None:
    """After a later run started, the fleet is told when this one ended and nothing else; per run all is told."""
    found = _pushed([_row("failed", later=True)])
    assert found.keys() == {
        ("airflow_dags", "", None),
        ("airflow_dag_runs", "", None),
        ("airflow_task_runs", "load", None),
    }
    assert found["airflow_dags", "", None] == {"dag_run_last_failure_timestamp_seconds": T0 + 600}
    assert found["airflow_dag_runs", "", None]["dag_run_status"] == -1


@pytest.mark.parametrize("state", ["success", "failed"])
def test_what_was_not_cleared_is_not_told_again(state: str) -> None:
    """Of a run that was started again, a task that ended before tells the fleet nothing: a later run may have."""
    again = RUN._replace(start=T0 + 100)
    assert _in_fleet(_row(state, end=99, updated=99), run=again) == {}
    assert _in_fleet(_row(state, end=99, updated=None), run=again) == {}
    assert _in_fleet(_row(state, end=100, updated=100), run=again)["task_status"] == CODES[state]
    assert _in_fleet(_row(state, end=100, updated=None), run=again)["task_status"] == CODES[state]


@pytest.mark.parametrize("state", ["skipped", "upstream_failed", "running"])
def test_what_was_cleared_and_decided_anew_has_its_old_end(state: str) -> None:
    """Airflow keeps the end of a task that it clears: where only the state changed, no times are told."""
    again = RUN._replace(start=T0 + 100)
    assert _in_fleet(_row(state, end=99, updated=101), run=again) == {"task_status": CODES[state]}


def test_instances_that_were_not_cleared_still_count() -> None:
    """Of a mapped task with one instance cleared the state is the worst of all, the times are of that one."""
    again = RUN._replace(start=T0 + 100)
    rows = (_row("failed", 0, end=99, updated=99), _row("success", 1, end=150, updated=150))
    expected = {"task_status": -1, "task_last_success_timestamp_seconds": T0 + 150}
    assert _in_fleet(*rows, run=again) == expected
    assert _in_fleet(*reversed(rows), run=again) == expected


def test_a_killed_task_that_never_ended() -> None:
    """A task that still runs in the database tells its state; per run its start and attempt too."""
    found = _pushed([_row("running", end=None)])
    assert found[TASK] == {"task_status": 0}
    assert found["airflow_task_runs", "load", None].keys() == {
        "task_status",
        "task_start_timestamp_seconds",
        "task_try_number",
    }


def test_without_rows_the_run_is_told() -> None:
    """Where the tasks can't be read, the run's own state is told, and nothing is said of failed tasks."""
    found = _pushed(None)
    assert found.keys() == {("airflow_dags", "", None), ("airflow_dag_runs", "", None)}
    assert found["airflow_dags", "", None] == {
        "dag_run_status": -1,
        "dag_run_start_timestamp_seconds": T0,
        "dag_run_duration_seconds": 600,
        "dag_run_last_failure_timestamp_seconds": T0 + 600,
    }


def test_an_empty_run_has_no_failed_tasks() -> None:
    """A run without tasks was counted: 0."""
    assert _pushed([])["airflow_dags", "", None]["dag_run_failed_tasks"] == 0


def test_without_sqlalchemy_there_is_nothing_to_read() -> None:
    """Where no database is loaded there are no rows, and no error."""
    assert reconciliation.read(object(), each=True) is None
