"""The committed schemas are those that Grafana's own types make."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.programs import program

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "dashgen" / "schemas"
TOOL = ROOT / "tools" / "schemas"

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with freshly generated schemas."""
    program("npm")
    folder = tmp_path_factory.mktemp("schemas")
    subprocess.run((TOOL / "generate", folder), check=True)
    return folder


def test_committed_schemas_are_the_generated_ones(generated: Path) -> None:
    """`make schemas` changes no byte of what is committed."""
    made = {path.name: path.read_bytes() for path in generated.iterdir()}
    assert set(made) == {
        "LICENSE-grafana-schema",
        "grafana-11.6.json",
        "grafana-12.4.json",
        "grafana-13.2.json",
    }
    stale = [name for name, content in made.items() if (COMMITTED / name).read_bytes() != content]
    assert stale == [], "run `make schemas`"


def test_lock_file_names_no_registry() -> None:
    """The lock file holds checksums, and leaves the registry to whoever installs."""
    packages = json.loads((TOOL / "package-lock.json").read_text())["packages"]
    locked = [package for path, package in packages.items() if path]
    assert all(package["integrity"] for package in locked)
    assert [package["resolved"] for package in locked if "resolved" in package] == []


def test_versions_are_exact() -> None:
    """Every package of the generator is pinned, since a later one may write other bytes."""
    wanted = json.loads((TOOL / "package.json").read_text())["dependencies"].values()
    assert [version for version in wanted if not version.rpartition("@")[2].replace(".", "").isdigit()] == []
