"""Durations in Prometheus' notation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgen import durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("45s", 45),
        ("90m", 5_400),
        ("24h", 86_400),
        ("1d12h", 129_600),
        ("2w", 1_209_600),
        ("1y", 31_536_000),
    ],
)
def test_notation_is_prometheus(text: str, seconds: int) -> None:
    """Each unit counts as it does in Prometheus."""
    assert durations.parse(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "1.5h", "12h1d", "1h 30m", "500ms", "-1h", "٣h"])
def test_other_notations_are_refused(text: str) -> None:
    """What Prometheus does not read, or what is finer than a second, is no duration."""
    with pytest.raises(ValueError, match="is no duration"):
        durations.parse(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (45, "45s"), (5_400, "90m"), (93_600, "26h"), (691_200, "8d"), (604_800, "7d")],
)
def test_written_with_one_unit(seconds: int, text: str) -> None:
    """A duration is written as people say it: 26h, not 1d2h."""
    assert durations.text(seconds) == text


@given(st.integers(min_value=0, max_value=10**9))
def test_written_and_read_again(seconds: int) -> None:
    """Whatever is written is read as the same number of seconds."""
    assert durations.parse(durations.text(seconds)) == seconds
