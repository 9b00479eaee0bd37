"""The table [statsd] of the settings: what is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.test_settings import refused

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("prefix", ["", "a.", ".a", "a..b", "2a", "a*", "ä", "a b"])
def test_prefix_that_no_rule_can_begin_with(prefix: str, tmp_path: Path) -> None:
    """A prefix is one that statsd_exporter takes in a glob."""
    meaning = "a prefix: letters, digits, _ and - between dots, and no digit first"
    told = refused(tmp_path, f"[statsd]\nprefix = '{prefix}'")
    assert told == [f"2: statsd.prefix: '{prefix}' is not {meaning}"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("enabled = 'no'", "enabled: must be true or false, not a string"),
        ("timers = 'sumary'", 'timers: must be one of "summary", "histogram"; not \'sumary\''),
        ("buckets = []", "buckets: must not be empty"),
        ("buckets = [1, 1]", "buckets: must be ascending"),
        ("buckets = [0]", "buckets: must be above 0"),
        ("buckets = [inf]", "buckets: must be above 0"),
        ("buckets = ['5s']", "buckets: must be a number of seconds, not a string"),
        ("buckets = [true]", "buckets: must be a number of seconds, not true or false"),
        ("targets = []", "targets: must not be empty"),
        ("targets = ['x']", "targets: 'x' is not a target as host:port"),
        ("target = []", "target: there is no such setting"),
    ],
)
def test_wrong_values(line: str, expected: str, tmp_path: Path) -> None:
    """Each kind of wrong value is named in words of the settings."""
    assert refused(tmp_path, f"[statsd]\n{line}") == [f"2: statsd.{expected}"]
