"""Drift of the output folder: a generated file is edited, deleted or left over; `build --check` says so."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from dashgen import manifest
from dashgen.cli import cli
from dashgen.contract import contract
from tests.drift import sides

if TYPE_CHECKING:
    from pathlib import Path


# A check takes the time of a build: the files of one folder go together.
PARTS: dict[str, list[str]] = {}
for _file in sorted(sides.FILES):
    PARTS.setdefault(_file.rpartition("/")[0], []).append(_file)


@pytest.fixture
def folder(out: Path, tmp_path: Path) -> Path:
    """Return a copy of the output folder, to be edited."""
    return shutil.copytree(out, tmp_path / "out")


def _check(folder: Path) -> Result:
    return CliRunner().invoke(cli, ["build", "--check", "--out", str(folder)])


def _told(done: Result, how: str) -> list[str]:
    return sorted(re.findall(rf"^{how} (.*)$", done.output, flags=re.MULTILINE))


def test_what_a_build_wrote_passes(folder: Path) -> None:
    """Before anything is edited the check is silent, and its exit code 0."""
    done = _check(folder)
    assert (done.exit_code, done.output) == (0, f"{folder}: as the definitions make it\n")


@pytest.mark.parametrize("part", PARTS)
def test_one_byte_changed(part: str, folder: Path) -> None:
    """One other byte in the middle of a file fails the check, which names each such file and no other."""
    for file in PARTS[part]:
        content = bytearray((folder / file).read_bytes())
        content[len(content) // 2] ^= 1
        (folder / file).write_bytes(content)
    done = _check(folder)
    assert done.exit_code == 1
    assert _told(done, "changed ") == [f"{folder / file} (edited by hand)" for file in PARTS[part]]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"version": 1', '"version": 0', 2),
        ('"contract": {', '"contract" {', 2),
        (manifest.digest(sides.FILES["docs/alerts.md"].encode()), "0" * 64, 1),
    ],
    ids=["version", "syntax", "hash"],
)
def test_manifest_edited(old: str, new: str, code: int, folder: Path) -> None:
    """A manifest that is edited fails the check, which names it."""
    file = folder / manifest.NAME
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    done = _check(folder)
    assert done.exit_code == code
    assert str(file) in done.output


@pytest.mark.parametrize("part", PARTS)
def test_deleted(part: str, folder: Path) -> None:
    """A file that is gone fails the check, which names each such file and no other."""
    for file in PARTS[part]:
        (folder / file).unlink()
    done = _check(folder)
    assert done.exit_code == 1
    assert _told(done, "missing ") == [str(folder / file) for file in PARTS[part]]


def test_manifest_deleted(folder: Path) -> None:
    """A manifest that is gone fails the check, which names it."""
    (folder / manifest.NAME).unlink()
    done = _check(folder)
    assert done.exit_code == 1
    assert f"missing  {folder / manifest.NAME}" in done.output


@pytest.mark.parametrize("file", ["prometheus/rules/old.yml", "grafana/dashboards/old.json", "old/old.md"])
def test_left_over(file: str, folder: Path) -> None:
    """A file that the manifest lists and a build would not make fails the check, which names the file."""
    (folder / file).parent.mkdir(exist_ok=True)
    (folder / file).write_text("groups: []\n", encoding="utf-8")
    listed = manifest.of({**sides.FILES, file: "groups: []\n"}, contract(sides.CATALOG))
    (folder / manifest.NAME).write_text(manifest.dump(listed), encoding="utf-8")
    done = _check(folder)
    assert done.exit_code == 1
    assert f"orphaned {folder / file}" in done.output


@pytest.mark.parametrize("metric", ["task_status", "dag:task_status_failed:sum"])
def test_contract_edited(metric: str, folder: Path) -> None:
    """A promise that is edited into the manifest fails the check, which names the metric and the label."""
    data = json.loads((folder / manifest.NAME).read_text(encoding="utf-8"))
    for labels in data["contract"][metric]["jobs"].values():
        labels.append("planted")
    (folder / manifest.NAME).write_text(json.dumps(data), encoding="utf-8")
    done = _check(folder)
    assert done.exit_code == 1
    assert f"metric {metric}: its label planted is gone" in done.output
