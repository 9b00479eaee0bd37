"""What the dashboards ask of recorded series, and of the codes that they compare."""

from __future__ import annotations

import json
import re
from typing import Any

from dashgen.build import build
from dashgen.catalog.labels import TaskState
from dashgen.catalog.recorded import RECORDED_EVERY
from dashgen.render.grafana import path_of
from tests.projects import builtin

# A record may stand without matchers.
_METRIC = re.compile(r"[a-zA-Z_]\w*(?=\{)|\w+:\w+:\w+")
# A function over a range has steps of its own; the dashboard's whole range has not.
_RANGE = re.compile(r"\[(?!\$__range\])")


def _over_time() -> list[dict[str, Any]]:
    project = builtin()
    files = build(project).files
    boards = [json.loads(files[path_of(board)]) for board in project.dashboards]
    panels = [inner for board in boards for panel in board["panels"] for inner in (panel, *panel.get("panels", ()))]
    return [target for panel in panels for target in panel.get("targets", ()) if target["range"]]


def test_asked_no_finer_than_recorded() -> None:
    """Records that are shown as they are have steps no shorter than the rules'; nothing else is coarsened."""
    records = {
        target["expr"]: all(":" in name for name in names) and not _RANGE.search(target["expr"])
        for target in _over_time()
        if (names := _METRIC.findall(target["expr"]))
    }
    assert any(records.values())
    assert not all(records.values())
    found = {target["expr"]: target.get("interval") for target in _over_time() if target["expr"] in records}
    assert found == {expr: RECORDED_EVERY if recorded else None for expr, recorded in records.items()}


def test_healthy_is_above_failed() -> None:
    """The share of healthy tasks counts codes above that of failed: all but the two that need a person."""
    assert {state for state in TaskState if state <= TaskState.FAILED} == {TaskState.FAILED, TaskState.UPSTREAM_FAILED}
