"""What the preview shows: the project's dashboards, and files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from dashgen.preview import boards
from dashgen.problems import DashgenError

if TYPE_CHECKING:
    from pathlib import Path

V3 = "airflow-observability-v3"


def written(file: Path, **fields: object) -> Path:
    """Write a dashboard's file, and return it."""
    file.write_text(json.dumps({"panels": [], **fields}), encoding="utf-8")
    return file


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be where there is no project: the built-in definitions are all."""
    monkeypatch.chdir(tmp_path)


def test_project(checkout: Path) -> None:
    """The project's dashboards are those that build writes, without anything being written."""
    shown = boards.load(None, None, ())
    committed = {file.name: json.loads(file.read_text()) for file in (checkout / "out/grafana/dashboards").iterdir()}
    assert {board.file.rpartition("/")[2]: board.data for board in shown.boards} == committed
    assert (shown.problems, shown.datasource) == ("", "prometheus")
    assert all(board.title and board.description for board in shown.boards)


def test_survives_the_way_between_processes(tmp_path: Path) -> None:
    """What is dumped is read again as it was."""
    shown = boards.load(None, None, (written(tmp_path / "a.json", title="Ü & <script>"),))
    assert boards.parse(shown.dump()) == shown


def test_files_beside_the_project(tmp_path: Path) -> None:
    """A named file is shown too; one that has a dashboard's uid takes its place."""
    files = (written(tmp_path / "a.json", uid="mine", title="Mine"), written(tmp_path / "b.json", uid=V3, title="Old"))
    titles = {board.uid: board.title for board in boards.load(None, None, files).boards}
    assert (titles["mine"], titles[V3]) == ("Mine", "Old")
    assert len(titles) == 5


@pytest.mark.parametrize(
    ("fields", "uid", "title"),
    [
        ({}, "some-board", "some board"),
        ({"uid": None, "title": None}, "some-board", "some board"),
        ({"uid": "../../etc/passwd?#"}, "------etc-passwd--", "some board"),
        ({"uid": "x" * 50}, "x" * 40, "some board"),
        ({"uid": 7, "title": 8, "description": None}, "7", "8"),
    ],
)
def test_odd_uids(fields: dict[str, object], uid: str, title: str, tmp_path: Path) -> None:
    """Whatever a file has for its uid, its address is one that a path can hold."""
    (board,) = boards.read([written(tmp_path / "some board.json", **fields)])
    assert (board.uid, board.title, board.description, board.file) == (uid, title, "", "some board.json")


def test_exports_and_resources(tmp_path: Path) -> None:
    """What Grafana's API and its resources wrap is unwrapped."""
    inner = {"uid": "inner", "title": "Inner", "panels": []}
    for name, data in (("api", {"meta": {}, "dashboard": inner}), ("resource", {"kind": "Dashboard", "spec": inner})):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(data), encoding="utf-8")
        assert [board.uid for board in boards.read([file])] == ["inner"]


def test_folder(checkout: Path) -> None:
    """Of a folder the dashboards are shown; the same one twice, as file and as resource, is one."""
    found = boards.read([checkout / "out"])
    assert len(found) == len(list((checkout / "out/grafana/dashboards").iterdir()))


def test_same_uid(tmp_path: Path) -> None:
    """Two dashboards of one uid can't both be shown; both files are named."""
    files = [written(tmp_path / f"{name}.json", uid="same", title=name) for name in ("a", "b")]
    with pytest.raises(DashgenError, match=r"b\.json: has the uid same of a\.json"):
        boards.read(files)
