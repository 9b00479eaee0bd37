"""What is true before a drift is planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashgen import manifest, output
from dashgen.contract import contract
from tests.drift import sides

if TYPE_CHECKING:
    from pathlib import Path

    from dashgen.contract import Contract


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output folder as a build writes it, not to be changed."""
    folder = tmp_path_factory.mktemp("built") / "out"
    output.write(folder, sides.FILES, contract(sides.CATALOG))
    return folder


@pytest.fixture(scope="session")
def committed(out: Path) -> Contract:
    """Return the contract that the manifest of the last build holds."""
    return manifest.read(out).contract


@pytest.fixture(scope="session", autouse=True)
def silent_before_planting(tmp_path_factory: pytest.TempPathFactory, committed: Contract) -> None:
    """See that build, contract and lint find nothing: what they find later was planted."""
    assert sides.rebuilt(sides.PROJECT, committed) == []
    folder = tmp_path_factory.mktemp("silent")
    for file, data in (*sides.DASHBOARDS.items(), *sides.RULES.items()):
        assert sides.lint(folder, file, data) == []
