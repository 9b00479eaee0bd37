"""What explain says that its transcript does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.command import dashgen

if TYPE_CHECKING:
    from pathlib import Path


def test_what_only_some_groups_have_stands_in_brackets(tmp_path: Path) -> None:
    """A task that is mapped is pushed to a group with its map_index, others to one without."""
    lines = dashgen("explain", "task_status", cwd=tmp_path).stdout.split()
    fleet, per_run = (line for line in lines if line.startswith("/metrics/job/"))
    assert "[" not in fleet
    assert per_run.endswith("/RUN_ID[/map_index/MAP_INDEX]") or "[/map_index/MAP_INDEX]" in per_run


def test_what_comes_over_statsd_says_airflows_names(tmp_path: Path) -> None:
    """A metric over StatsD shows the names that Airflow sends it by, and which labels come with tags only."""
    said = dashgen("explain", "airflow_ti_start_total", cwd=tmp_path).stdout
    assert "in job statsd_exporter: instance, dag_id, task_id, team_name (with tags)\n" in said
    assert "ti.start or ti.start.{dag_id}.{task_id} (counter, Airflow 2.11 and 3)\n" in said
