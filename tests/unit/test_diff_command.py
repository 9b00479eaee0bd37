"""``dashgen diff`` in real git repositories, and with what is no earlier output."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.command import BIN, Done, dashgen
from tests.programs import program

if TYPE_CHECKING:
    from pathlib import Path

RENAMED = ("billing_open_invoices", "billing_invoices")
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> None:
    """Run git in a folder."""
    subprocess.run((program("git"), *IDENTITY, *arguments), cwd=folder, check=True, capture_output=True)


def replace_in(file: Path, old: str, new: str) -> None:
    """Replace a text that is in a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository whose only commit holds a project in a folder, built."""
    root = tmp_path_factory.mktemp("repository")
    assert dashgen("init", "project dir", cwd=root).code == 0
    assert dashgen("build", cwd=root / "project dir").code == 0
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=first")
    return root


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """Return a clone of the repository's project, to be changed."""
    git(tmp_path, "clone", "--quiet", str(repository), "clone")
    return tmp_path / "clone" / "project dir"


def test_nothing_changed(project: Path) -> None:
    """Right after a commit there is nothing to tell, with the output folder or without it."""
    first = dashgen("diff", cwd=project)
    shutil.rmtree(project / "out")
    assert (first.code, first.stderr) == (0, "")
    assert first.stdout.endswith("\nNothing changes.\n")
    assert dashgen("diff", cwd=project) == first


def test_a_change_is_told(project: Path) -> None:
    """What the definitions make now is compared, not what lies in the folder."""
    replace_in(project / "billing.py", '"Open now"', '"Open at the moment"')
    done = dashgen("diff", cwd=project)
    assert done.code == 0
    assert "changed panel `Open at the moment`\n    - title: `Open now` → `Open at the moment`\n" in done.stdout
    assert dashgen("build", cwd=project).code == 0
    assert dashgen("diff", cwd=project) == done


def test_breaking_change(project: Path) -> None:
    """A metric that is gone is breaking, until the new one says what it was called."""
    replace_in(project / "billing_metrics.py", *RENAMED)
    gone = dashgen("diff", "main", "--format", "json", cwd=project)
    replace_in(
        project / "billing_metrics.py", 'owner="billing",', f'owner="billing",\n    renamed_from="{RENAMED[0]}",'
    )
    renamed = dashgen("diff", "main", "--format", "json", cwd=project)
    assert (gone.code, renamed.code) == (1, 0)
    found = json.loads(gone.stdout)
    assert (found["since"], found["breaking"]) == ("main", True)
    assert [(each["kind"], each["name"], each["breaking"]) for each in found["metrics"]] == [
        ("added", RENAMED[1], False),
        ("removed", RENAMED[0], True),
    ]
    assert [each["kind"] for each in json.loads(renamed.stdout)["metrics"]] == ["renamed"]
    assert json.loads(renamed.stdout)["breaking"] is False


def test_against_a_folder(project: Path, tmp_path: Path) -> None:
    """A folder that holds another build will do, without git."""
    alone = tmp_path / "alone"
    shutil.copytree(project, alone)
    shutil.move(alone / "out", tmp_path / "before")
    replace_in(alone / "billing.py", '"Open now"', '"Open at the moment"')
    done = dashgen("diff", "../before", cwd=alone)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith("## Changes of the generated output since `../before`\n")
    assert "Open at the moment" in done.stdout


def test_output_folder_elsewhere(project: Path) -> None:
    """The output folder is the one of the settings or of the option, wherever it is in the repository."""
    git(project, "mv", "out", "../generated")
    git(project, "commit", "--quiet", "--message=moved")
    done = dashgen("diff", "--out", "../generated", cwd=project)
    assert (done.code, done.stdout.splitlines()[-1]) == (0, "Nothing changes.")
    assert dashgen("diff", cwd=project).code == 2


def test_inside_a_hook_of_git(project: Path) -> None:
    """What git sets for its hooks does not mislead the command."""
    environment = {**os.environ, "GIT_DIR": ".git", "GIT_PREFIX": "project dir/"}
    done = subprocess.run((BIN / "dashgen", "diff"), cwd=project, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_files_of_any_kind_at_the_commit(project: Path) -> None:
    """Links, other repositories, binary files and odd names beside the generated files are passed over."""
    out = project / "out"
    (out / "link").symlink_to("manifest.json")
    (out / "binary\n\tname").write_bytes(bytes(range(256)))
    git(project, "add", "--all")
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},project dir/out/repository")
    git(project, "commit", "--quiet", "--message=more")
    done = dashgen("diff", cwd=project)
    assert (done.code, done.stdout.splitlines()[-1]) == (0, "Nothing changes.")


def refused(done: Done, code: int, *words: str) -> None:
    """Assert that a command says what is wrong and what to do, without a traceback."""
    assert done.code == code
    assert done.stdout == ""
    assert all(word in done.stderr for word in words), done.stderr
    assert "\n    " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("since", "words"),
    [
        ("nowhere", ("nowhere: neither a folder nor a commit", "Not a valid object name nowhere")),
        ("billing.py", ("billing.py: neither a folder nor a commit",)),
        (".", ("no manifest.json there",)),
        ("--flag", ("No such option",)),
        ("main:project dir/dags", ("no manifest.json there",)),
        ("", ("no manifest.json there",)),
    ],
)
def test_no_such_thing(project: Path, since: str, words: tuple[str, ...]) -> None:
    """What is neither a commit nor a folder with an output is wrong usage."""
    done = dashgen("diff", since, cwd=project)
    assert (done.code, done.stdout) == (2, "")
    assert all(word in done.stderr for word in words), done.stderr
    assert "Traceback" not in done.stderr


def test_dash_is_no_option_of_git(project: Path) -> None:
    """A name that git would take for an option never reaches it."""
    refused(dashgen("diff", "--", "--output=x", cwd=project), 2, "no commit starts with a dash")
    assert not (project / "x").exists()


def test_commit_without_output(project: Path) -> None:
    """A commit at which nothing was generated yet is told."""
    git(project, "rm", "-r", "--quiet", "out")
    git(project, "commit", "--quiet", "--message=gone")
    refused(dashgen("diff", cwd=project), 2, "HEAD:out: no manifest.json there", "dashgen diff [GIT-REF|DIR]")


def test_no_commit_yet(project: Path) -> None:
    """A repository without a commit is told."""
    shutil.rmtree(project.parent / ".git")
    git(project.parent, "init", "--quiet")
    refused(dashgen("diff", cwd=project), 2, "HEAD: neither a folder nor a commit")


def test_no_repository(project: Path) -> None:
    """A folder without git is told."""
    shutil.rmtree(project.parent / ".git")
    refused(dashgen("diff", cwd=project), 2, "not a git repository", "A folder that holds an earlier build")


def test_no_git(project: Path, tmp_path: Path) -> None:
    """A machine without git is told, and how to go on."""
    (tmp_path / "empty").mkdir()
    environment = {**os.environ, "PATH": str(tmp_path / "empty")}
    run = subprocess.run(
        (BIN / "dashgen", "diff"), cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    refused(Done(run.returncode, run.stdout, run.stderr), 3, "git can't be run", "dashgen diff DIR")


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("manifest.json", b"{", ("manifest.json: not valid JSON",)),
        ("manifest.json", b'{"version": 99}', ("written by a newer dashgen",)),
        ("grafana/dashboards/billing.json", b"[]", ("billing.json: holds a list",)),
        ("docs/metrics.md", b"\xff", ("docs/metrics.md: not UTF-8",)),
    ],
)
def test_broken_output_at_the_commit(project: Path, path: str, content: bytes, words: tuple[str, ...]) -> None:
    """A file of the earlier output that can't be understood is named."""
    (project / "out" / path).write_bytes(content)
    git(project, "commit", "--quiet", "--all", "--message=broken")
    refused(dashgen("diff", cwd=project), 2, *words)


def test_folder_that_may_not_be_read(project: Path, tmp_path: Path) -> None:
    """A file that the system refuses to read is told with its reason."""
    before = tmp_path / "before"
    shutil.copytree(project / "out", before)
    # A name that is too long is refused to root, too; a file without permissions is not.
    replace_in(before / "manifest.json", '"docs/metrics.md"', f'"{"x" * 300}"')
    done = dashgen("diff", str(before), cwd=project)
    assert done.code == 3
    assert "can't be read: File name too long" in done.stderr


def test_problems_of_the_project(project: Path) -> None:
    """A project that can't be built has no difference: its problems are told."""
    replace_in(project / "billing.py", "billing_metrics", "no_such_module")
    done = dashgen("diff", "--format", "json", cwd=project)
    assert done.code == 2
    assert json.loads(done.stdout)["problems"]
