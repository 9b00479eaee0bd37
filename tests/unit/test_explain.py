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
