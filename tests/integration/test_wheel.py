"""The published package, in an empty environment outside the checkout."""

from __future__ import annotations

import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from tests.environments import UV, install, run

if TYPE_CHECKING:
    from pathlib import Path

MODULES_OF_CATALOG = """
import sys
before = set(sys.modules)
import dashgen.catalog
print(*sorted(set(sys.modules) - before))
"""


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment that holds the wheel and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    run(UV, "venv", "--quiet", "--python", sys.executable, folder)
    install(wheel, folder)
    return folder


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder, by relative path."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_build_writes_what_is_committed(environment: Path, checkout: Path, tmp_path: Path) -> None:
    """The installed command makes the committed output, byte for byte."""
    run(environment / "bin/dashgen", "build", "--out", tmp_path / "out", cwd=tmp_path)

    made, committed = files(tmp_path / "out"), files(checkout / "out")
    assert sorted(made) == sorted(committed)
    assert [name for name in made if made[name] != committed[name]] == []


@pytest.mark.parametrize("part", ["preview/bundle", "schemas", "templates", "py.typed"])
def test_package_data_is_in_the_wheel(part: str, wheel: Path, checkout: Path) -> None:
    """The page of the preview, every schema, template and type marker of the checkout are in the wheel."""
    source = checkout / "dashgen" / part
    expected = {
        file.relative_to(checkout).as_posix()
        for file in (source, *source.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert expected
    with zipfile.ZipFile(wheel) as archive:
        assert expected <= set(archive.namelist())


def test_catalog_needs_only_the_standard_library(environment: Path, tmp_path: Path) -> None:
    """Importing the catalog, as Airflow does, loads no other package."""
    loaded = run(environment / "bin/python", "-c", MODULES_OF_CATALOG, cwd=tmp_path).split()

    assert "dashgen.catalog" in loaded
    packages = {module.partition(".")[0] for module in loaded}
    assert packages - sys.stdlib_module_names == {"dashgen"}


def test_version_is_the_packages(environment: Path, wheel: Path, tmp_path: Path) -> None:
    """The command's version is the one that the package was published under."""
    version = wheel.name.split("-")[1]
    assert version in run(environment / "bin/dashgen", "--version", cwd=tmp_path).split()
