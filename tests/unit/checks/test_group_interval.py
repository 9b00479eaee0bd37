"""Rule group-interval."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import messages, rules


@pytest.mark.parametrize("group", [{}, {"interval": "4m"}, {"interval": "30s"}])
def test_intervals_within_the_lookback_pass(group: dict[str, object]) -> None:
    """Four minutes is the longest; without one it is the server's."""
    assert messages("group-interval", rules(**group)) == []


@pytest.mark.parametrize("interval", ["4m1s", "5m", "1h"])
def test_a_longer_interval_is_told(interval: str) -> None:
    """A series would be gone between two evaluations."""
    (message,) = messages("group-interval", rules(interval=interval))
    assert message.startswith(f"interval {interval} is longer than 4m")
    assert message.endswith("Use at most 4m.")


@pytest.mark.parametrize("interval", ["often", "", 30, []])
def test_what_is_no_duration_is_told(interval: object) -> None:
    """The interval must be in Prometheus' notation."""
    (message,) = messages("group-interval", rules(interval=interval))
    assert "is no duration" in message
