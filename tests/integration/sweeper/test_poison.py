"""A gateway whose groups contradict each other: every scrape fails, and with the check every push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import servers
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, Group

if TYPE_CHECKING:
    from pathlib import Path

HEALTHY = Group({"job": "backup", "db": "x"}, text=gateways.BACKUP)
POISON = Group({**HEALTHY.labels, "instance": ""}, text=gateways.BACKUP)


def test_poison_is_said_and_left(tmp_path: Path) -> None:
    """Without ``--heal`` the collision is said, exit code 1, and what has expired goes all the same."""
    stale = gateways.task_run(1, age=2 * DAY)
    with gateways.holding(tmp_path, [stale, HEALTHY], consistency_check=True) as gateway:
        assert gateways.push(gateway.port, [POISON, HEALTHY]) == [400, 400]
        done = gateways.command(gateway.url, cwd=tmp_path)
        assert gateways.held(gateway).keys() >= {HEALTHY.key, POISON.key}
        assert stale.key not in gateways.held(gateway)
    assert done.code == 1
    assert "contradict each other" in done.stderr
    assert 'poison {db="x",instance="",job="backup"}: run again with --heal' in done.stderr
    assert "1 deleted" in done.stdout


def test_poison_is_healed(tmp_path: Path) -> None:
    """``--heal`` deletes the failed one of the two: pushes and scrapes work again."""
    with gateways.holding(tmp_path, [gateways.task_run(1, age=2 * DAY), HEALTHY], consistency_check=True) as gateway:
        good = gateways.held(gateway)[HEALTHY.key]
        assert gateways.push(gateway.port, [POISON]) == [400]
        assert gateway.request("GET", "/metrics")[0] == 500
        done = gateways.command(gateway.url, "--heal", cwd=tmp_path)
        after = gateways.held(gateway)
        assert after[HEALTHY.key]["backup_bytes"] == good["backup_bytes"]
        assert POISON.key not in after
        assert gateway.request("GET", "/metrics")[0] == 200
        assert gateways.push(gateway.port, [HEALTHY]) == [200]
    assert done.code == 0, done.stderr
    assert 'healed: deleted {db="x",instance="",job="backup"}' in done.stderr


def test_dry_run_does_not_heal(tmp_path: Path) -> None:
    """A dry run only says what it would heal."""
    with gateways.holding(tmp_path, [HEALTHY], consistency_check=True) as gateway:
        gateways.push(gateway.port, [POISON])
        before = gateways.held(gateway)
        result = gateways.swept(gateway.url, heal=True, dry_run=True)
        assert gateways.held(gateway) == before
    assert len(result.poison) == 1
    assert not result.clean


def test_healing_is_looked_at(tmp_path: Path) -> None:
    """Where something else contradicts as well, healing is not enough, and that is said."""
    clash = Group({"job": "backup", "db": "y"}, text="# TYPE task_status counter\ntask_status 1\n")
    with gateways.holding(tmp_path, [HEALTHY, gateways.task_run(1)], consistency_check=True) as gateway:
        gateways.push(gateway.port, [POISON])
    with servers.pushgateway(tmp_path) as gateway:
        gateways.push(gateway.port, [clash])
        result = gateways.swept(gateway.url, heal=True)
        assert gateway.request("GET", "/metrics")[0] == 500
    assert len(result.healed) == 1
    assert result.inconsistent
    assert not result.clean


def test_contradicting_types(tmp_path: Path) -> None:
    """Without the check a group of another type fails every scrape: said, and swept by the API."""
    stale = [gateways.task_run(number, age=2 * DAY) for number in range(3)]
    clash = Group({"job": "backup", "db": "y"}, text="# TYPE task_status counter\ntask_status 1\n")
    with gateways.holding(tmp_path, [*stale, gateways.task_run(4), clash]) as gateway:
        done = gateways.command(gateway.url, cwd=tmp_path)
        assert gateways.held(gateway).keys() >= {clash.key, gateways.task_run(4).key}
        assert not gateways.keys(stale) & gateways.held(gateway).keys()
    assert done.code == 1
    assert "contradict each other, so Prometheus gets nothing" in done.stderr


def test_contradiction_that_goes_with_the_sweep(tmp_path: Path) -> None:
    """Where the group at fault has expired, the sweep ends the contradiction, and is clean."""
    clash = Group({"job": "airflow_task_runs", "x": "y"}, 2 * DAY, "# TYPE task_status counter\ntask_status 1\n")
    bare = Group({"job": "airflow_dag_runs", "dag_id": "no instance"}, 2 * DAY)
    with gateways.holding(tmp_path, [gateways.task_run(4), clash, bare]) as gateway:
        assert gateway.request("GET", "/metrics")[0] == 500
        result = gateways.swept(gateway.url)
        assert gateways.held(gateway).keys() == {gateways.task_run(4).key}
    assert result.clean
    assert len(result.deleted) == 2


def test_group_that_stays_is_seen_by_another_listing(tmp_path: Path) -> None:
    """A group found by the API and looked for by the scrape is found, though it has no instance there."""
    clash = Group({"job": "airflow_task_runs", "x": "y"}, 2 * DAY, "# TYPE task_status counter\ntask_status 1\n")
    bare = Group({"job": "airflow_dag_runs", "dag_id": "stays"}, 2 * DAY)
    with gateways.holding(tmp_path, [gateways.task_run(4), clash, bare]) as gateway:
        with gateways.front(gateway.port, gateways.refusing("stays")) as server:
            result = gateways.swept(server.url)
        assert bare.key in gateways.held(gateway)
    assert result.deleted == [b'job="airflow_task_runs",x="y"']
    assert result.failed == {b'dag_id="stays",job="airflow_dag_runs"': "500 no"}
