"""The documentation by hand says what is true."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


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
