"""The documentation by hand says what is true."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from dashgen.settings import Settings
from dashgen.settings_file import load

ROOT = Path(__file__).parents[2]


def test_the_documented_settings_are_accepted_and_complete(tmp_path: Path) -> None:
    """The settings shown in the documentation are read without an error, and none is left out."""
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    found = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert found
    shown = tmp_path / "dashgen.toml"
    shown.write_text(found[1], encoding="utf-8")
    settings = load(shown, tmp_path)
    assert settings.extra_labels == {"environment": "production"}
    named = {field.name for field in fields(Settings)} - {"source", "ignores"}
    assert named == {key for key in named if re.search(rf"^(\[+)?{key}\b", found[1], re.MULTILINE)}


def test_every_relative_link_leads_somewhere() -> None:
    """No Markdown file, generated ones included, links to a file that is not there."""
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "out/docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not target.startswith("/d/"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_generated_table_stands_alone() -> None:
    """A table has a blank line before its header, since Markdown joins it to what stands above."""
    headers = 0
    for page in (ROOT / "out/docs").rglob("*.md"):
        lines = page.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if re.fullmatch(r"\|(?:---\|)+", line):
                headers += 1
                assert lines[number - 2] == "", f"{page.name}:{number}"
    assert headers
