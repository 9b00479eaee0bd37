"""Airflow's registry: finding it, and what is no Airflow or no registry."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from dashgen.airflow_registry import REGISTRY, find, read
from dashgen.problems import DashgenError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(code: int, work: Callable[[Path], object], path: Path) -> str:
    """Return what is said of a path that is not taken."""
    with pytest.raises(DashgenError) as caught:
        work(path)
    assert caught.value.exit_code == code
    return str(caught.value)


@pytest.mark.parametrize("packages", ["lib/python3.12/site-packages", "lib/python3/dist-packages"])
def test_ways_to_a_registry(packages: str, tmp_path: Path) -> None:
    """A Python that is a link to one elsewhere, its environment and its packages lead to the same registry."""
    registry = tmp_path / packages / REGISTRY
    registry.parent.mkdir(parents=True)
    registry.touch()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3.12").symlink_to("/bin/sh")
    for path in ("bin/python3.12", ".", packages, f"{packages}/{REGISTRY}"):
        assert find(tmp_path / path).resolve() == registry


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"metrics: [", "metrics_template.yaml:2: no valid YAML"),
        (b"\xff\xfe", "not UTF-8: byte 0xff"),
        (b"", "it has no list `metrics`"),
        (b"- a\n", "it has no list `metrics`"),
        (b"metrics: []\n", "it has no list `metrics`"),
        (b"metrics: {ti: 1}\n", "it has no list `metrics`"),
        (b"metrics:\n  - ti.start\n", "an entry of `metrics` is no mapping"),
        (b"metrics:\n  - {name: 1}\n", "metrics_template.yaml:2: 1: `name` is no text"),
        (b"metrics:\n\n  - {name: x, type: gague}\n", "metrics_template.yaml:3: x: `type` is none of counter, gauge"),
        (b"metrics:\n  - {name: x, type: [gauge]}\n", "x: `type` is none of counter, gauge"),
        (b"metrics:\n  - {name: x, name_variables: [1]}\n", "x: `name_variables` is no list of names"),
        (b"#" * 5_000_000, "too large"),
        (b"a: &a [1, 2]\nb: *a\n---\nc: 1\n", "several documents"),
    ],
)
def test_what_is_no_registry(content: bytes, message: str, tmp_path: Path) -> None:
    """A file of another form is wrong usage, told with its line."""
    file = tmp_path / "metrics_template.yaml"
    file.write_bytes(content)
    assert message in refused(2, read, file)


def test_what_is_no_airflow(tmp_path: Path) -> None:
    """A folder without one is wrong usage, a path that is not there can't be reached."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").touch()
    for path in (tmp_path, tmp_path / "bin/python3"):
        assert f"{path}: no Airflow is installed there" in refused(2, find, path)
    for path in (tmp_path / "nowhere", tmp_path / "bin/python3/below"):
        assert f"{path}: can't be read: " in refused(3, find, path)


def test_a_registry_that_can_not_be_read(tmp_path: Path) -> None:
    """What is a folder where the registry should be, or leads in circles, can't be reached."""
    (tmp_path / REGISTRY).mkdir(parents=True)
    (tmp_path / "loop").symlink_to("loop")
    assert "Is a directory" in refused(3, read, find(tmp_path))
    assert "Too many levels of symbolic links" in refused(3, find, tmp_path / "loop")


def test_a_folder_without_permission(tmp_path: Path) -> None:
    """A folder that may not be searched can't be reached: whether an Airflow is there, nobody knows."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    child = os.fork()
    if not child:
        os._exit(exit_code_as_nobody(closed))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3


def exit_code_as_nobody(path: Path) -> int:
    """Look for a registry as a user who is not root, and return the exit code; 99 for anything unforeseen."""
    try:
        if not os.geteuid():
            os.setuid(65534)
        find(path)
    except DashgenError as error:
        return error.exit_code
    except BaseException:  # noqa: BLE001  (the child of a test must not go on with the other tests)
        return 99
    return 0
