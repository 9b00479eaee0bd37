"""The same definitions make the same bytes, wherever and whenever they are built."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.dashboards.model import Dashboard, Row
from dashgen.dashboards.panels import stat
from dashgen.render.grafana import dashboard_json
from tests.command import BIN
from tests.projects import builtin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashgen.dashboards.model import Panel

HERE = {"PYTHONHASHSEED": "0", "TZ": "UTC0"}
ID_LIMIT = 2**31


def run(*arguments: str, cwd: Path, environment: dict[str, str]) -> None:
    """Run the command in a folder, under an environment."""
    subprocess.run((BIN / "dashgen", *arguments), cwd=cwd, env={**os.environ, **environment}, check=True)


def built(folder: Path, environment: dict[str, str], *, within: bool = True) -> dict[str, bytes]:
    """Return what a new project in a new folder builds, run within the folder or from its parent."""
    run("init", folder.name, cwd=folder.parent, environment=environment)
    if within:
        run("build", cwd=folder, environment=environment)
    else:
        run("build", "--config", f"{folder.name}/dashgen.toml", cwd=folder.parent, environment=environment)
    out = folder / "out"
    return {str(file.relative_to(out)): file.read_bytes() for file in out.rglob("*") if file.is_file()}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what a project builds, to compare with."""
    return built(tmp_path_factory.mktemp("reference") / "project", HERE)


@pytest.mark.parametrize(
    ("changed", "within"),
    [
        pytest.param({"PYTHONHASHSEED": "1"}, True, id="hash seed"),
        pytest.param({"TZ": "EAST-14"}, True, id="time zone"),
        pytest.param({}, False, id="working directory"),
    ],
)
def test_same_bytes(reference: dict[str, bytes], tmp_path: Path, changed: dict[str, str], *, within: bool) -> None:
    """The hash seed, the time zone and the working directory change no byte of any file."""
    found = built(tmp_path / "elsewhere", {**HERE, **changed}, within=within)
    assert found.keys() == reference.keys()
    assert [path for path, content in found.items() if content != reference[path]] == []


def any_panel(key: str) -> Panel:
    """Return a panel of which nothing but the key matters."""
    return stat(key, key=key, metric=TASK_STATUS, expr=TASK_STATUS.fleet())


def dashboard(*keys: str) -> Dashboard:
    """Return a dashboard with an open row of panels, and a collapsed one of two."""
    rows = (
        Row("open", "Open", tuple(map(any_panel, keys))),
        Row("closed", "Closed", (any_panel("last"), any_panel("least")), collapsed=True),
    )
    return Dashboard("board", "board.json", "board", "Board", "For tests.", (), rows)


def ids(board: Dashboard) -> dict[str, int]:
    """Return the ids in a dashboard's JSON, by title, rows and what is in them included."""

    def walk(panels: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
        for each in panels:
            yield each["title"], each["id"]
            yield from walk(each.get("panels", []))

    return dict(walk(dashboard_json(board)["panels"]))


def test_an_inserted_panel_changes_no_other_id() -> None:
    """A panel that is put before, between or behind others leaves their ids as they are."""
    before = ids(dashboard("first", "second"))
    for keys in (("new", "first", "second"), ("first", "new", "second"), ("first", "second", "new")):
        after = ids(dashboard(*keys))
        assert after.keys() - before.keys() == {"new"}
        assert before.items() <= after.items()


def test_ids_fit_into_grafana() -> None:
    """Ids are positive and below 2^31, and no two panels or rows of a dashboard share one."""
    for board in builtin().dashboards:
        keys = [*(panel.key for panel in board.panels()), *(row.key for row in board.rows)]
        found = [board.panel_id(key) for key in keys]
        assert all(0 < number < ID_LIMIT for number in found)
        assert len(set(found)) == len(found)


def test_ids_follow_from_dashboard_and_key() -> None:
    """The same key on another dashboard has another id, so that links can't be confused."""
    board = dashboard("first")
    assert ids(board).items().isdisjoint(ids(replace(board, key="other")).items())
