"""A dashboard's time range, and the step that Grafana chooses."""

from __future__ import annotations

import pytest

from dashgen.verify.time_range import TimeRange, duration, of_dashboard, of_panel, parse_duration, seconds

NOW = 1_700_000_000.0  # Tuesday 2023-11-14 22:13:20 UTC
HOUR = 3600
DAY = 86_400
MIDNIGHT = 1_699_920_000.0


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ({"from": "now-6h", "to": "now"}, (NOW - 6 * HOUR, NOW)),
        ({"from": "now-1d-1h", "to": "now-1h"}, (NOW - DAY - HOUR, NOW - HOUR)),
        ({"from": "now/d", "to": "now"}, (MIDNIGHT, NOW)),
        ({"from": "now-1d/d", "to": "now/d"}, (MIDNIGHT - DAY, MIDNIGHT)),
        ({"from": "now/w", "to": "now"}, (MIDNIGHT - DAY, NOW)),
        ({"from": "now/M", "to": "now"}, (MIDNIGHT - 13 * DAY, NOW)),
        ({"from": "now/y", "to": "now"}, (1_672_531_200, NOW)),
        ({"from": "2023-11-14T00:00:00.000Z", "to": "2023-11-14T01:00:00Z"}, (MIDNIGHT, MIDNIGHT + HOUR)),
        ({"from": "1699920000000", "to": 1_699_923_600_000}, (MIDNIGHT, MIDNIGHT + HOUR)),
        ({"from": "now-9999y/y", "to": "now"}, (NOW - 6 * HOUR, NOW)),
        ({"from": 10**400, "to": "now"}, (NOW - 6 * HOUR, NOW)),
        ({"from": "yesterday", "to": "now"}, (NOW - 6 * HOUR, NOW)),
        ({"from": "now", "to": "now-1h"}, (NOW - 6 * HOUR, NOW)),
        ("now", (NOW - 6 * HOUR, NOW)),
    ],
)
def test_of_dashboard(time: object, expected: tuple[float, float]) -> None:
    """The range that a dashboard opens with; six hours where it can't be read."""
    assert of_dashboard({"time": time}, NOW) == TimeRange(*expected)


def test_of_panel() -> None:
    """A panel may have a range of its own, or look back."""
    given = TimeRange(NOW - HOUR, NOW)
    assert of_panel({}, given, NOW) == given
    assert of_panel({"timeFrom": "2h"}, given, NOW) == TimeRange(NOW - 2 * HOUR, NOW)
    assert of_panel({"timeShift": "1d"}, given, NOW) == TimeRange(NOW - HOUR - DAY, NOW - DAY)


@pytest.mark.parametrize(
    ("length", "least", "points", "step"),
    [
        (6 * HOUR, 15, 1000, 20),
        (6 * HOUR, 30, 1000, 30),
        (6 * HOUR, 15, 100, 300),
        (7 * DAY, 15, 1000, 600),
        (60, 0.1, 600, 0.1),
    ],
)
def test_step(length: float, least: float, points: int, step: float) -> None:
    """The range by its points, rounded, and not below the least."""
    assert TimeRange(0, length).step(least, points) == step


def test_step_keeps_below_what_prometheus_answers() -> None:
    """More than 11,000 points are refused."""
    assert TimeRange(0, 22_000).step(1, 100_000) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15s", 15),
        ("1.5h", 5400),
        ("500ms", 0.5),
        (">10s", 10),
        ("now-2h", 7200),
        ("x", None),
        (7, None),
        ("9" * 400 + "s", None),
    ],
)
def test_seconds(text: object, expected: float | None) -> None:
    """Durations as Grafana writes them."""
    assert seconds(text) == expected


def test_durations() -> None:
    """Milliseconds where seconds are not whole; none that is nothing."""
    assert (duration(90), duration(0.25)) == ("90s", "250ms")
    assert (parse_duration("1m30s"), parse_duration("500ms")) == (90, 0.5)
    for wrong in ("0s", "x", ""):
        with pytest.raises(ValueError, match="is no"):
            parse_duration(wrong)
