"""A dashboard's time range, and the step that Grafana chooses for it.

Relative times: https://grafana.com/docs/grafana/latest/dashboards/use-dashboards/#set-dashboard-time-range
The step is the range divided by the points that fit the panel, rounded to a length that reads
well, and never below the least that the query or the data source asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from dashgen import durations

if TYPE_CHECKING:
    from typing import Any

DEFAULT_FROM, DEFAULT_TO = "now-6h", "now"
# What a panel of half a screen asks for.
POINTS = 1000
# Prometheus answers no more points than this for one series.
MOST_POINTS = 11_000

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 30 * 86400, "Q": 91 * 86400, "y": 365 * 86400}
_RELATIVE = re.compile(r"now(?P<steps>(?:[+-]\d+[smhdwMQy])*)(?:/(?P<unit>[smhdwMQy]|fQ|fy))?")
_STEP = re.compile(r"([+-])(\d+)([smhdwMQy])")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdwMy])")
_SHORT = {"ms": 0.001, **_UNITS}
# Up to this many seconds, this step.
_ROUNDED = (
    *((0.015, 0.01), (0.035, 0.02), (0.075, 0.05), (0.15, 0.1), (0.35, 0.2), (0.75, 0.5)),
    *((1.5, 1), (3.5, 2), (7.5, 5), (12.5, 10), (17.5, 15), (25, 20), (45, 30), (90, 60)),
    *((210, 120), (450, 300), (750, 600), (1050, 900), (1500, 1200), (2700, 1800), (5400, 3600)),
    *((9000, 7200), (16_200, 10_800), (32_400, 21_600), (86_400, 43_200), (604_800, 86_400)),
    *((1_814_400, 604_800), (3_628_800, 2_592_000)),
)
_YEAR = 31_536_000
_LONGEST = 1000 * _YEAR
_MILLISECONDS = 1000


@dataclass(frozen=True)
class TimeRange:
    """From ``start`` to ``end``, in unix seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    def step(self, least: float, points: int = POINTS) -> float:
        """Return Grafana's interval in seconds, ``least`` being the data source's or the query's own."""
        wanted = self.seconds / max(points, 1)
        rounded = next((step for limit, step in _ROUNDED if wanted <= limit), _YEAR)
        return float(max(rounded, least, self.seconds / MOST_POINTS))


def of_dashboard(data: Mapping[str, Any], now: float) -> TimeRange:
    """Return the range that a dashboard opens with; what can't be read is Grafana's last six hours."""
    time = data.get("time")
    written = time if isinstance(time, Mapping) else {}
    try:
        start, end = (_at(written.get(key), now) for key in ("from", "to"))
    except (ValueError, OverflowError, OSError):  # before or after the years that there are
        start = end = None
    if start is None or end is None or start >= end:
        return TimeRange(now - 6 * 3600, now)
    return TimeRange(start, end)


def of_panel(panel: Mapping[str, Any], given: TimeRange, now: float) -> TimeRange:
    """Return the range of a panel that overrides the dashboard's (``timeFrom``) or moves it (``timeShift``)."""
    start, end = given.start, given.end
    if back := seconds(panel.get("timeFrom")):
        start, end = now - back, now
    shift = seconds(panel.get("timeShift")) or 0
    return TimeRange(start - shift, end - shift)


def seconds(text: object) -> float | None:
    """Read a duration as Grafana writes it (``15s``, ``1.5h``, ``500ms``, ``>10s``); None where it is none."""
    found = _DURATION.fullmatch(text.strip().removeprefix(">").removeprefix("now-")) if isinstance(text, str) else None
    length = float(found[1]) * _SHORT[found[2]] if found else 0.0
    return length if 0 < length <= _LONGEST else None


def duration(length: float) -> str:
    """Write seconds as PromQL has them, milliseconds where they are no whole number."""
    return f"{length:.0f}s" if length == int(length) else f"{length * _MILLISECONDS:.0f}ms"


def parse_duration(text: str) -> float:
    """Read a duration of the command line.

    Raises:
        ValueError: it is none, or nothing.

    """
    found = seconds(text) or durations.parse(text)
    if found <= 0:
        raise ValueError(f"{text!r} is no time")
    return found


def _at(written: object, now: float) -> float | None:
    if isinstance(written, int | float) and not isinstance(written, bool):
        return written / _MILLISECONDS
    if not isinstance(written, str):
        return None
    if written.isdigit():
        return int(written) / _MILLISECONDS
    if found := _RELATIVE.fullmatch(written):
        at = now + sum((1 if sign == "+" else -1) * int(n) * _UNITS[u] for sign, n, u in _STEP.findall(found["steps"]))
        return _floor(at, found["unit"]) if found["unit"] else at
    try:
        read = datetime.fromisoformat(written.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).timestamp()


def _floor(at: float, unit: str) -> float:
    """Return the start of the unit, in UTC, that an instant lies in."""
    unit = unit[-1]
    if unit in "smhd":
        return at // _UNITS[unit] * _UNITS[unit]
    day = datetime.fromtimestamp(at, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "w":
        return (day - timedelta(days=day.weekday())).timestamp()
    month = {"y": 1, "Q": day.month - (day.month - 1) % 3}.get(unit, day.month)
    return day.replace(day=1, month=month).timestamp()
