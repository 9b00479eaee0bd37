"""The output folder: all or nothing, only what changed, and nothing that is not dashgen's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from dashgen import output
from dashgen.problems import DashgenError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dashgen.contract import Contract

OLD = {"a.json": "old a\n", "sub/b.yml": "old b\n", "sub/deep/gone.md": "gone\n"}
NEW = {"a.json": "new a\n", "sub/b.yml": "new b\n", "more/c.md": "new c\n"}
TERMS: Contract = {}
UNTOUCHED = "    Nothing was changed. --out names another folder."

# Builds NEW over what is there, and is killed for good at one of the calls that change names.
KILLED = """
import os, pathlib, signal, sys
from dashgen import output

left = int(sys.argv[2])
def counted(original):
    def call(*arguments, **options):
        global left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return original(*arguments, **options)
    return call

for name in ("replace", "unlink"):
    setattr(pathlib.Path, name, counted(getattr(pathlib.Path, name)))
output.write(pathlib.Path(sys.argv[1]), {files!r}, {{}})
"""


def content(out: Path) -> dict[str, str]:
    """Return the text of every file of the folder, without the manifest."""
    return {
        file.relative_to(out).as_posix(): file.read_text()
        for file in sorted(out.rglob("*"))
        if file.is_file() and file.name != "manifest.json"
    }


def refusal(out: Path, files: Mapping[str, str] = NEW) -> tuple[int, str]:
    """Return the exit code and the text with which writing is refused."""
    with pytest.raises(DashgenError) as caught:
        output.write(out, files, TERMS)
    return caught.value.exit_code, str(caught.value)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a folder as an earlier build left it."""
    output.write(tmp_path / "out", OLD, TERMS)
    return tmp_path / "out"


def test_first_build_makes_the_folder(tmp_path: Path) -> None:
    """Where nothing was, everything is written."""
    summary = output.write(tmp_path / "new/out", NEW, TERMS)

    assert content(tmp_path / "new/out") == NEW
    assert summary.written == ("a.json", "manifest.json", "more/c.md", "sub/b.yml")
    assert not output.compare(tmp_path / "new/out", NEW, TERMS)


def test_second_build_touches_only_what_changed(out: Path) -> None:
    """A file that stays the same keeps its time, and one that is no longer made goes."""
    for file in out.rglob("*"):
        os.utime(file, ns=(1, 1))

    summary = output.write(out, {**OLD, "a.json": "new a\n"}, TERMS)

    touched = {file.name for file in out.rglob("*") if file.is_file() and file.stat().st_mtime_ns > 1}
    assert touched == {"a.json", "manifest.json"}
    assert (summary.written, summary.unchanged) == (("a.json", "manifest.json"), 2)


def test_same_build_again_writes_nothing(out: Path) -> None:
    """Nothing is written, not even the manifest, when nothing changed."""
    before = (out / "manifest.json").stat()
    summary = output.write(out, OLD, TERMS)
    after = (out / "manifest.json").stat()

    assert (summary.written, summary.unchanged) == ((), 4)
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_files_no_longer_made_are_removed(out: Path) -> None:
    """What only the last build made is removed, with the folder that it leaves empty."""
    summary = output.write(out, NEW, TERMS)

    assert content(out) == NEW
    assert summary.removed == ("sub/deep/gone.md",)
    assert not (out / "sub/deep").exists()


def test_edited_file_that_is_no_longer_made_is_removed_and_named(out: Path) -> None:
    """A hand edit does not keep a generated file, but the summary tells."""
    (out / "sub/deep/gone.md").write_text("mine")

    summary = output.write(out, NEW, TERMS)

    assert content(out) == NEW
    assert summary.edited == ("sub/deep/gone.md",)


def test_unknown_files_are_left_alone_and_reported(out: Path) -> None:
    """A file that dashgen did not make stays, and is no drift."""
    (out / "sub/deep/mine.md").write_text("mine")

    summary = output.write(out, NEW, TERMS)

    assert summary.unknown == ("sub/deep/mine.md",)
    assert (out / "sub/deep/mine.md").read_text() == "mine"
    drift = output.compare(out, NEW, TERMS)
    assert drift.unknown == ("sub/deep/mine.md",)
    assert not drift


def test_foreign_file_in_the_way_is_not_overwritten(out: Path) -> None:
    """A file that dashgen never made keeps its content even where a new one should go."""
    (out / "more").mkdir()
    (out / "more/c.md").write_text("mine")

    code, text = refusal(out)

    assert (code, f"{out}/more/c.md: in the way, and not made by dashgen" in text) == (2, True)
    assert content(out) == {**OLD, "more/c.md": "mine"}


def test_comparison_tells_each_kind_of_drift(out: Path) -> None:
    """Changed, missing, orphaned and edited files are told apart."""
    (out / "a.json").write_text("edited\n")
    (out / "sub/b.yml").unlink()

    drift = output.compare(out, NEW, TERMS)

    assert drift.changed["a.json"] == ("edited\n", "new a\n")
    assert drift.missing == ("more/c.md", "sub/b.yml")
    assert drift.orphaned == ("sub/deep/gone.md",)
    assert drift.edited == ("a.json",)


def test_comparison_sees_an_edited_manifest(out: Path) -> None:
    """The manifest is generated as well, and compared like the other files."""
    file = out / "manifest.json"
    file.write_text(file.read_text() + "\n")
    assert list(output.compare(out, OLD, TERMS).changed) == ["manifest.json"]


@pytest.mark.parametrize("calls", range(5))
def test_kill_between_renames_leaves_whole_files(calls: int, out: Path) -> None:
    """Killed at any rename or removal: each file is old or new, the check tells, a build ends it."""
    program = KILLED.format(files=NEW)
    done = subprocess.run((sys.executable, "-c", program, str(out), str(calls)), check=False)
    assert done.returncode == -signal.SIGKILL

    left = {path: text for path, text in content(out).items() if not path.endswith(".dashgen-tmp")}
    assert all(text in (OLD.get(path), NEW.get(path)) for path, text in left.items())
    assert {"a.json", "sub/b.yml"} <= left.keys()
    assert output.compare(out, NEW, TERMS)

    output.write(out, NEW, TERMS)
    assert content(out) == NEW
    assert not output.compare(out, NEW, TERMS)


def test_every_rename_and_removal_was_killed(out: Path) -> None:
    """Five calls change names in that build: one more call, and it comes to its end."""
    subprocess.run((sys.executable, "-c", KILLED.format(files=NEW), str(out), "5"), check=True)
    assert content(out) == NEW


def test_temporary_files_of_a_killed_build_go_with_the_next(out: Path) -> None:
    """What a killed build left behind is an orphan: seen by the check, removed by the build."""
    (out / "sub/.0123456789abcdef.dashgen-tmp").write_text("half a fi")

    assert output.compare(out, OLD, TERMS).orphaned == ("sub/.0123456789abcdef.dashgen-tmp",)
    output.write(out, OLD, TERMS)
    assert content(out) == OLD


def test_failure_before_the_first_rename_changes_nothing(out: Path) -> None:
    """When one file can't be written, none is: no new folder and no temporary file stays."""
    before = content(out)
    (out / "wall").write_text("a file where a folder must be")

    code, text = refusal(out, {**NEW, "wall/x.md": "x\n"})

    assert (code, f"{out}/wall/x.md: can't be used: Not a directory" in text) == (3, True)
    assert content(out) == {**before, "wall": "a file where a folder must be"}
    assert not (out / "more").exists()


def test_interruption_changes_nothing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the files are being written leaves the folder as it was."""

    def interrupted(_descriptor: int) -> None:
        raise KeyboardInterrupt

    # The manifest is the last file that is written, and the only one that is synchronised.
    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        output.write(out, NEW, TERMS)
    assert content(out) == OLD
    assert not (out / "more").exists()


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    """An output folder that is a file is named, and stays."""
    (tmp_path / "out").write_text("mine")

    assert refusal(tmp_path / "out") == (
        3,
        f"{tmp_path}/out: can't be used: Not a directory [output]\n{UNTOUCHED}",
    )
    assert (tmp_path / "out").read_text() == "mine"


def test_folder_where_a_file_should_go(out: Path) -> None:
    """A folder in the place of a file is found before anything is renamed."""
    (out / "more/c.md").mkdir(parents=True)

    code, text = refusal(out)

    assert (code, f"{out}/more/c.md: can't be used: Is a directory" in text) == (3, True)
    assert content(out) == OLD


def test_folder_may_be_a_link(tmp_path: Path, out: Path) -> None:
    """An output folder that is a symbolic link is written through."""
    link = tmp_path / "link"
    link.symlink_to(out)

    output.write(link, NEW, TERMS)

    assert link.is_symlink()
    assert content(out) == NEW


def test_link_that_leads_out_of_the_folder(tmp_path: Path, out: Path) -> None:
    """A linked folder inside the output does not carry files elsewhere."""
    (tmp_path / "elsewhere").mkdir()
    (out / "more").symlink_to(tmp_path / "elsewhere")

    code, text = refusal(out)

    assert (code, f"{out}/more/c.md: outside of the output folder" in text) == (2, True)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("path", ["../x.json", "/x.json", "sub/../../x.json", ".", "./x.json"])
def test_paths_that_lead_out_of_the_folder(path: str, out: Path) -> None:
    """A dashboard's file name can't reach outside."""
    code, text = refusal(out, {path: "x"})

    assert (code, "outside of the output folder" in text) == (2, True)
    assert content(out) == OLD


@pytest.mark.parametrize("path", ["../victim", "/victim", "sub/../../victim"])
def test_manifest_that_names_files_outside(path: str, tmp_path: Path, out: Path) -> None:
    """A manifest can't make a build remove what lies outside of the folder."""
    (tmp_path / "victim").write_text("mine")
    file = out / "manifest.json"
    data = json.loads(file.read_text())
    file.write_text(json.dumps({**data, "files": {path: "0" * 64}}))

    code, text = refusal(out)

    assert (code, f"names a file outside the folder: {path}" in text) == (2, True)
    assert (tmp_path / "victim").read_text() == "mine"
    assert content(out) == OLD


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<<<<<<< HEAD\n", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "not a manifest of dashgen"),
        ("{}", "not a manifest of dashgen"),
        ('{"version": 1, "files": [], "contract": {}}', "not a manifest of dashgen"),
        ('{"version": 1, "files": {}, "contract": {"m": {}}}', "not a manifest of dashgen"),
        ('{"version": 2}', "version 2: written by a newer dashgen"),
    ],
)
def test_broken_manifest(text: str, message: str, out: Path) -> None:
    """A manifest that can't be trusted stops the build, and the message says what to do."""
    (out / "manifest.json").write_text(text)

    code, told = refusal(out)

    assert (code, f"{out}/manifest.json: {message}" in told) == (2, True)
    assert "delete" in told
    assert content(out) == OLD


def test_build_goes_on_without_the_manifest(out: Path) -> None:
    """After the manifest was deleted, files that are the same are taken as made."""
    (out / "manifest.json").unlink()
    summary = output.write(out, OLD, TERMS)
    assert (summary.written, summary.unchanged) == (("manifest.json",), 3)


def test_files_that_are_not_utf8_are_compared(out: Path) -> None:
    """A generated file that was overwritten with bytes of another encoding is a change."""
    (out / "a.json").write_bytes(b"\xff\xfe")
    assert output.compare(out, OLD, TERMS).changed["a.json"] == ("��", "old a\n")


def test_new_files_are_for_everyone_to_read(out: Path) -> None:
    """Files have the mode of any new file, so that Grafana's user can read them."""
    (out.parent / "other").write_text("")
    assert (out / "a.json").stat().st_mode == (out.parent / "other").stat().st_mode
