"""Which groups a sweep may touch, and how old they may grow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, EXPIRED, HOUR, OTHERS, STAYING, Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.sweeper.gateways import Held
    from tests.servers import Pushgateway

ALL = (*EXPIRED, *STAYING)
FLEET = [group for group in OTHERS if group.labels["job"] in {"airflow_tasks", "airflow_dags"}]


def gone(gateway: Pushgateway, before: Held) -> set[gateways.Key]:
    """Return the groups that went; all others are as they were."""
    after = gateways.held(gateway)
    missing = before.keys() - after.keys()
    assert after == {key: entry for key, entry in before.items() if key not in missing}
    return missing


def test_by_default(gateway: Pushgateway, before: Held) -> None:
    """Per-run groups go after a day; the fleet, other jobs and those that run stay."""
    result = gateways.swept(gateway.url)
    assert gone(gateway, before) == gateways.keys(EXPIRED)
    per_run = [group for group in ALL if group.labels["job"] in {"airflow_task_runs", "airflow_dag_runs"}]
    assert result.counts == {
        "seen": len(per_run),
        "deleted": len(EXPIRED),
        "kept": len(per_run) - len(EXPIRED),
        "failed": 0,
    }
    assert result.running == 1
    assert result.oldest_age == pytest.approx(2 * DAY, abs=300)
    assert result.clean


@pytest.mark.parametrize(("age", "kept"), [(6.9 * DAY, True), (7.1 * DAY, False)])
def test_running_group_stays_seven_times_as_long(pushgateway: Pushgateway, age: float, *, kept: bool) -> None:
    """A group that says it is running stays until seven times the greatest age, task or DAG run."""
    runs = Group({"job": "airflow_dag_runs", "dag_id": "x"}, text="# TYPE dag_run_status gauge\ndag_run_status 0\n")
    held = gateways.filled(pushgateway, [gateways.task_run(text=gateways.TASK_RUNS), runs])
    with gateways.front(pushgateway.port, shift=age) as server:
        result = gateways.swept(server.url, any_clock=True)
    assert gateways.held(pushgateway) == (held if kept else {})
    assert result.running == (2 if kept else 0)


def test_fleet_goes_when_it_is_asked_for(gateway: Pushgateway, before: Held) -> None:
    """``--fleet-max-age`` adds the fleet's jobs, with an age of their own."""
    gateways.swept(gateway.url, fleet_max_age=41 * DAY)
    assert gone(gateway, before) == gateways.keys(EXPIRED)
    gateways.swept(gateway.url, fleet_max_age=39 * DAY)
    assert gone(gateway, before) == gateways.keys([*EXPIRED, *FLEET])


def test_named_jobs_replace_those_of_runs(gateway: Pushgateway, before: Held) -> None:
    """``--job`` is a regular expression of whole names, and touches no other job."""
    gateways.swept(gateway.url, jobs=(re.compile("back"), re.compile("airflow_task_runs_of_.*")))
    assert gone(gateway, before) == {group.key for group in OTHERS if "_of_" in group.labels["job"]}
    gateways.swept(gateway.url, jobs=(re.compile("backup"),), max_age=41 * DAY)
    gateways.swept(gateway.url, jobs=(re.compile("backup"),), max_age=39 * DAY)
    assert {dict(key)["job"] for key in gone(gateway, before)} == {"airflow_task_runs_of_theirs", "backup"}


def test_all_matches_must_hold(gateway: Pushgateway, before: Held) -> None:
    """``--match`` holds for whole values, of every label named; a label that is not there is empty."""
    match = (("run_id", re.compile(".*00:00:0[01].00:00")), ("task_id", re.compile("loa.")), ("none", re.compile("")))
    result = gateways.swept(gateway.url, match=match)
    assert gone(gateway, before) == gateways.keys(EXPIRED[:2])
    assert result.seen == 2
    gateways.swept(gateway.url, match=(("task_id", re.compile("loa")),))
    assert gone(gateway, before) == gateways.keys(EXPIRED[:2])


def test_limit_takes_the_oldest(gateway: Pushgateway, before: Held) -> None:
    """``--limit`` deletes so many at most, the oldest first, and counts the rest."""
    assert gateways.swept(gateway.url, limit=0).postponed == len(EXPIRED)
    assert gone(gateway, before) == set()
    result = gateways.swept(gateway.url, limit=2)
    oldest = sorted(EXPIRED, key=lambda group: -group.age)[:2]
    assert gone(gateway, before) == gateways.keys(oldest)
    assert result.postponed == len(EXPIRED) - 2
    assert result.clean


def test_dry_run_deletes_nothing(gateway: Pushgateway, before: Held) -> None:
    """A dry run only lists: nothing is deleted or pushed."""
    with gateways.front(gateway.port) as server:
        result = gateways.swept(server.url, dry_run=True)
    assert len(result.deleted) == len(EXPIRED)
    assert [request.method for request in server.requests] == ["GET"]
    assert gateways.held(gateway) == before


def test_age_is_above_the_greatest(pushgateway: Pushgateway) -> None:
    """A group goes when it is older than the greatest age, not before."""
    gateways.filled(pushgateway, [gateways.task_run()])
    for shift, left in ((HOUR - 30, 1), (HOUR + 30, 0)):
        with gateways.front(pushgateway.port, shift=shift) as server:
            gateways.swept(server.url, max_age=HOUR, any_clock=True)
        assert len(gateways.held(pushgateway)) == left


def test_second_sweep_finds_nothing(gateway: Pushgateway, assert_swept: Callable[[], None]) -> None:
    """A sweep after a sweep deletes nothing."""
    gateways.swept(gateway.url)
    result = gateways.swept(gateway.url)
    assert result.clean
    assert result.deleted == []
    assert_swept()
