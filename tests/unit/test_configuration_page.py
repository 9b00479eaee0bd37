"""The page on the settings: what it says is what the code does."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from dashgen import project
from dashgen.build import build
from dashgen.settings import Settings
from dashgen.settings_file import load

PAGE = Path(__file__).parents[2] / "docs/configuration.md"


def read(heading: str, folder: Path) -> Settings:
    """Load the TOML under a heading of the page."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"^## {heading}\n\n```toml\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert found
    (folder / "dashgen.toml").write_text(found[1], encoding="utf-8")
    return load(None, folder)


def test_defaults(tmp_path: Path) -> None:
    """The page states each setting, with the value that it has without a file."""
    stated = read("Defaults", tmp_path)
    assert stated == Settings()
    names = {field.name for field in fields(Settings)} - {"source", "ignores"} | {"lint"}
    assert {keys[0] for keys in stated.source.lines} == names


def test_example(tmp_path: Path) -> None:
    """The example is one that the built-in definitions take, and build with."""
    example = read("Example", tmp_path)
    (tmp_path / "billing.py").write_text(
        "from dashgen.definitions import Definitions\n\n\ndef define(settings):\n    return Definitions()\n"
    )
    loaded = project.load(example, tmp_path)
    assert loaded.settings == example
    # The exception is for a panel of the module that is not here.
    assert {problem.place.subject for problem in build(loaded).problems} == {"lint.ignore"}
