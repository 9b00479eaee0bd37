"""The page on the preview: what it says is what the command takes, and its pictures are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dashgen.cli import preview
from dashgen.preview.chromium import NAMES
from dashgen.preview.pictures import THEMES, WIDTH

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/preview.md").read_text(encoding="utf-8")
LARGEST_PICTURE = 600_000


def test_options() -> None:
    """The page tells each option of the command, and no other."""
    options = {name for option in preview.params for name in option.opts if name.startswith("--")}
    # Of apt-get, in the example of a workflow.
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) - {"--yes"} == options


def test_exit_codes() -> None:
    """The page's exit codes are those of all commands."""
    assert re.findall(r"^\| (\d) \|", PAGE, flags=re.MULTILINE) == ["0", "1", "2", "3"]


def test_pictures() -> None:
    """The pictures are the command's: of dashboards that there are, as wide as it makes them, and not too large."""
    shown = set(re.findall(r"pictures/([\w.-]+)\.png", PAGE))
    files = sorted((ROOT / "docs/pictures").iterdir())
    assert {file.stem for file in files} == shown
    boards = (json.loads(file.read_text(encoding="utf-8")) for file in (ROOT / "out/grafana/dashboards").iterdir())
    assert {file.stem.partition(".")[0] for file in files} <= {board["uid"] for board in boards}
    for file in files:
        data = file.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert int.from_bytes(data[16:20], "big") == WIDTH
        assert len(data) < LARGEST_PICTURE, file
        assert file.suffixes[0].removeprefix(".") in THEMES


def test_programs() -> None:
    """The page names the programs that are looked for."""
    assert "chromium" in NAMES
    assert all(word in PAGE for word in ("prometheus", "promtool", "Chromium or Chrome", str(WIDTH)))
