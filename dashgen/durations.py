"""Durations in Prometheus' notation (``90m``, ``24h``, ``1d12h``), as whole seconds.

The notation: https://prometheus.io/docs/prometheus/latest/querying/basics/#float-literals-and-time-durations
"""

from __future__ import annotations

import re

_SECONDS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_NOTATION = re.compile("".join(f"(?:([0-9]+){unit})?" for unit in _SECONDS))
# Weeks and years are read but not written: 8d says more than 1w1d.
_WRITTEN = ("d", "h", "m", "s")


class Seconds(float):
    """A number of seconds that was written as a duration."""


def parse(text: str) -> int:
    """Return the seconds that a duration stands for.

    Raises:
        ValueError: it is not in Prometheus' notation, or finer than a second.

    """
    found = _NOTATION.fullmatch(text)
    if text == "0":
        return 0
    if not text or found is None:
        raise ValueError(f"{text!r} is no duration")
    counts = (int(count or 0) for count in found.groups())
    return sum(count * seconds for count, seconds in zip(counts, _SECONDS.values(), strict=True))


def text(seconds: int) -> str:
    """Write seconds as one number of the largest unit that divides them, up to days."""
    fitting = (unit for unit in _WRITTEN if seconds and seconds % _SECONDS[unit] == 0)
    unit = next(fitting, "s")
    return f"{seconds // _SECONDS[unit]}{unit}"
