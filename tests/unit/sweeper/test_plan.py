"""Which groups go, from a listing and what was asked for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgen_sweeper import run, series
from dashgen_sweeper.listing import Listing
from dashgen_sweeper.plan import DEFAULT_JOBS, FLEET_JOBS, Selection, colliding, plan

NOW = 1.8e9
HOUR = 3600.0


def labels(job: str = "airflow_task_runs", **more: str) -> bytes:
    """Return a group's labels, written."""
    return series.write({"job": job, **more})


def listed(*groups: tuple[bytes, float], failed: dict[bytes, float] | None = None, running: int = 0) -> Listing:
    """Return a listing of groups and their ages, the first ones running."""
    names = [group for group, _ in groups]
    pushed = {group: NOW - age for group, age in groups}
    return Listing(NOW, exact=True, pushed=pushed, failed=failed or {}, running=set(names[:running]))


A, B, C = (labels(run_id=letter) for letter in "abc")


def test_oldest_go_first() -> None:
    """Those older than the greatest age go, the oldest first; the age of the oldest that stays is told."""
    made = plan(listed((A, 3 * HOUR), (B, HOUR), (C, 4 * HOUR)), Selection(2 * HOUR))
    assert made.expired == (C, A)
    assert (made.seen, made.running, made.postponed, made.oldest_age) == (3, 0, 0, HOUR)


@pytest.mark.parametrize(("limit", "left"), [(0, 4 * HOUR), (1, 3 * HOUR), (2, HOUR), (9, HOUR)])
def test_limit(limit: int, left: float) -> None:
    """Those above the limit are the younger ones, and count as what stays."""
    made = plan(listed((A, 3 * HOUR), (B, HOUR), (C, 4 * HOUR)), Selection(2 * HOUR), limit)
    assert made.expired == (C, A)[:limit]
    assert made.postponed == max(0, 2 - limit)
    assert made.oldest_age == left


@pytest.mark.parametrize(("age", "goes"), [(2.0, False), (2.001, True), (-5.0, False)])
def test_age_is_strictly_above(age: float, *, goes: bool) -> None:
    """As old as it may grow is not too old; a time to come is young."""
    assert plan(listed((A, age)), Selection(2.0)).expired == ((A,) if goes else ())


def test_running() -> None:
    """A running group stays seven times as long; of the fleet it says nothing, as that is its state."""
    fleet = labels("airflow_tasks", dag_id="x")
    selection = Selection(HOUR, fleet_max_age=2 * HOUR)
    assert plan(listed((A, 7 * HOUR), (B, HOUR / 2), running=1), selection).running == 1
    assert plan(listed((A, 7 * HOUR + 1), (B, HOUR / 2), running=1), selection).expired == (A,)
    assert plan(listed((fleet, 2 * HOUR + 1), running=1), selection).expired == (fleet,)
    assert plan(listed((fleet, 2 * HOUR - 1), running=1), selection).expired == ()


def test_failed_push_counts() -> None:
    """The newer of both times counts; a group whose time is not known stays."""
    young = {A: NOW - HOUR / 2, B: NOW - 3 * HOUR}
    listing = Listing(NOW, exact=True, pushed={A: NOW - 3 * HOUR, B: 0.0, C: 0.0}, failed=young)
    assert plan(listing, Selection(HOUR)).expired == (B,)


def test_nothing() -> None:
    """Of nothing nothing goes."""
    made = plan(listed(), Selection(HOUR))
    assert (made.expired, made.seen, made.oldest_age) == ((), 0, 0)


@pytest.mark.parametrize(
    "job", ["airflow_tasks", "airflow_dags", "backup", "", "airflow_task_runs_x", "xairflow_dag_runs"]
)
def test_jobs_by_default(job: str) -> None:
    """Only the jobs of single runs are touched."""
    wanted = Selection(HOUR).wanted()
    assert not wanted(labels(job, dag_id='",job="airflow_task_runs'))
    assert not wanted(labels(job, dag_id="x,job="))
    assert all(wanted(labels(own, dag_id="x,job=")) for own in DEFAULT_JOBS)


@given(st.text(max_size=6), st.text(max_size=6), st.text(max_size=6))
def test_job_and_match_are_of_whole_values(job: str, value: str, other: str) -> None:
    """What is named, escaped, is touched, and nothing else."""
    selection = run.selection(HOUR, [re.escape(job)], [f"l={re.escape(value)}"])
    wanted = selection.wanted()
    assert wanted(labels(job, l=value))
    assert wanted(labels(job, l=other)) == (other == value)
    assert wanted(labels(other, l=value)) == (other == job)
    assert wanted(series.write({"job": job})) == (value == "")


def test_fleet_beside_named_jobs() -> None:
    """The fleet's age is its own, and naming its jobs does not touch it."""
    selection = run.selection(HOUR, ["airflow_.*"], fleet_max_age=9 * HOUR)
    assert {selection.max_age_of(job) for job in FLEET_JOBS} == {9 * HOUR}
    assert selection.max_age_of("airflow_task_runs") == HOUR
    assert selection.max_age_of("backup") is None
    named = run.selection(HOUR, ["airflow_.*"])
    assert {named.max_age_of(job) for job in FLEET_JOBS} == {None}


def test_colliding() -> None:
    """Of two groups that only an empty instance tells apart, the one that was never pushed well collides."""
    bare, empty, other = labels(x="1"), labels(x="1", instance=""), labels(x="2", instance="")
    pushed = {bare: NOW, empty: 0.0, other: 0.0, A: NOW}
    assert colliding(Listing(NOW, exact=True, pushed=pushed)) == [empty]
    assert colliding(Listing(NOW, exact=True, pushed={bare: NOW, empty: NOW})) == []


@pytest.mark.parametrize(
    ("age", "jobs", "match", "fleet"),
    [
        (0, (), (), None),
        (-1, (), (), None),
        (1, ("(",), (), None),
        (1, (), ("a",), None),
        (1, (), ("=a",), None),
        (1, (), ("a=[",), None),
        (1, (), (), 0),
    ],
)
def test_what_is_no_selection(age: float, jobs: tuple[str, ...], match: tuple[str, ...], fleet: float | None) -> None:
    """An age, a job or a match that can't be used is an error."""
    with pytest.raises(ValueError, match=r"above 0|no regular expression|LABEL=REGEX"):
        run.selection(age, jobs, match, fleet)
