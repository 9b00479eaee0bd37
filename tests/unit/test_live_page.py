"""The page on emit and live-check: what it says is what the commands take and find."""

from __future__ import annotations

import re
from pathlib import Path

from dashgen.catalog.terms import JOB_LABEL
from dashgen.cli import emit, live_check
from dashgen.livecheck import gateway, judge, stored

# What is about the demo is tested in tests/integration/test_demo.py.
PAGE = (Path(__file__).parents[2] / "docs/live.md").read_text(encoding="utf-8").partition("## A fleet to try with")[2]


def test_options() -> None:
    """The page tells each option of the two commands, and no other."""
    options = {name for command in (emit, live_check) for option in command.params for name in option.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", PAGE)) == options


def test_rules() -> None:
    """The page's table has each rule that live-check has, and no other."""
    modules = (gateway, judge, stored)
    texts = {value for module in modules for name, value in vars(module).items() if name.isupper() and name[0] != "_"}
    rules = {text for text in texts if isinstance(text, str)} - {JOB_LABEL}
    rows = re.findall(r"^\| (`.*?) \| (?:error|warning|info) \|", PAGE, flags=re.MULTILINE)
    assert {rule for row in rows for rule in re.findall(r"`([a-z-]+)`", row)} == rules


def test_exit_codes() -> None:
    """The page's exit codes are those of all commands."""
    assert re.findall(r"^\| (\d) \|", PAGE, flags=re.MULTILINE) == ["0", "1", "2", "3"]
