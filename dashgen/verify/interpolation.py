"""Putting values in place of Grafana's variables, as its Prometheus data source does.

The spellings and formats: https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
Without a format, values of a variable with several choices become a regular expression, escaped
once for it and once for the string around it; a single choice is escaped for the string alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote

from dashgen.verify.time_range import duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashgen.verify.time_range import TimeRange

_VARIABLE = re.compile(
    r"\$(?P<bare>\w+)"
    r"|\[\[(?P<old>\w+?)(?::(?P<old_format>\w+))?\]\]"
    r"|\$\{(?P<braced>\w+)(?:\.[^:}]+)?(?::(?P<format>[^}]+))?\}"
)
_IN_REGEX = re.compile(r"[$^*{}\[\]+?.()|]")
_IN_ANY_REGEX = re.compile(r"[\\^$*+?.()|\[\]{}/]")
# The interval that a rate needs at least, in scrapes, and the deepest that a custom All may nest.
_SCRAPES_IN_RATE = 4
_DEEPEST = 5


@dataclass(frozen=True)
class Value:
    """What is chosen of a variable: one value or several; none where there is nothing to choose.

    ``several`` says that the variable may have more than one (``multi``, ``includeAll``), which
    is what escaping depends on. ``all_value`` is a custom value of All, put in as it is written.
    """

    values: tuple[str, ...]
    several: bool = False
    all_value: str = ""
    text: str = ""

    @classmethod
    def one(cls, value: object) -> Value:
        """Make the value of a variable that always has one."""
        return cls((str(value),))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to put in."""
        return not self.all_value and not any(self.values)


def built_in(window: TimeRange, step: float, scrape: float) -> dict[str, Value]:
    """Return Grafana's own variables: of a time range, its step and the scrape interval, in seconds."""
    rate = max(step + scrape, _SCRAPES_IN_RATE * scrape)
    return {
        name: Value.one(value)
        for name, value in {
            "__interval": duration(step),
            "__interval_ms": f"{step * 1000:.0f}",
            "__rate_interval": duration(rate),
            "__rate_interval_ms": f"{rate * 1000:.0f}",
            "__range": duration(round(window.seconds)),
            "__range_s": f"{window.seconds:.0f}",
            "__range_ms": f"{window.seconds * 1000:.0f}",
            "__from": f"{window.start * 1000:.0f}",
            "__to": f"{window.end * 1000:.0f}",
            "__searchFilter": "",
        }.items()
    }


def names(text: str) -> tuple[str, ...]:
    """Return the variables that a text names, in their order; ``$1`` is a group of a replacement."""
    found = (_name(each) for each in _VARIABLE.finditer(text))
    return tuple(dict.fromkeys(name for name in found if not name[0].isdigit()))


def interpolate(text: str, values: Mapping[str, Value], default: str = "") -> str:
    """Put the values in; a variable that is not known stays as it is written.

    ``default`` is the format where none is written: Prometheus' own, unless it is named.
    """
    return _interpolate(text, values, default, _DEEPEST)


def _interpolate(text: str, values: Mapping[str, Value], default: str, depth: int) -> str:
    def put(found: re.Match[str]) -> str:
        name = _name(found)
        value = values.get(name)
        if value is None:
            return found.group()
        chosen = found["format"] or found["old_format"] or default
        if value.all_value and chosen != "text":
            return _interpolate(value.all_value, values, default, depth - 1) if depth else value.all_value
        return _formatted(name, value, chosen)

    return _VARIABLE.sub(put, text)


def _name(found: re.Match[str]) -> str:
    return found["bare"] or found["braced"] or found["old"]


def _formatted(name: str, value: Value, written: str) -> str:
    kind, _, argument = written.partition(":")
    if not kind:
        return _for_prometheus(value)
    if kind == "text":
        return value.text or " + ".join(value.values)
    if kind == "queryparam":
        return "&".join(f"var-{name}={quote(each, safe='')}" for each in value.values)
    if kind == "date":
        return _date("".join(value.values), argument)
    return _FORMATS.get(kind, _glob)(value.values)


def _for_prometheus(value: Value) -> str:
    if not value.several:
        return "".join(value.values).replace("\\", "\\\\").replace("'", "\\\\'")
    escaped = [_IN_REGEX.sub(r"\\\\\g<0>", each.replace("\\", "\\\\\\\\")) for each in value.values]
    return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"


def _date(milliseconds: str, form: str) -> str:
    try:
        at = datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return milliseconds
    if form == "seconds":
        return f"{at.timestamp():.0f}"
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _glob(values: tuple[str, ...]) -> str:
    return f"{{{','.join(values)}}}" if len(values) > 1 else "".join(values)


def _regex(values: tuple[str, ...]) -> str:
    escaped = [_IN_ANY_REGEX.sub(r"\\\g<0>", each) for each in values]
    return f"({'|'.join(escaped)})" if len(escaped) > 1 else "".join(escaped)


def _quoted(mark: str, escape: str) -> Callable[[tuple[str, ...]], str]:
    return lambda values: ",".join(f"{mark}{each.replace(mark, escape)}{mark}" for each in values)


# A format that is none of these is taken for glob.
_FORMATS: Mapping[str, Callable[[tuple[str, ...]], str]] = {
    "raw": ",".join,
    "csv": ",".join,
    "pipe": "|".join,
    "regex": _regex,
    "glob": _glob,
    "json": lambda values: values[0] if len(values) == 1 else json.dumps(list(values)),
    "singlequote": _quoted("'", "\\'"),
    "doublequote": _quoted('"', '\\"'),
    "sqlstring": _quoted("'", "''"),
    "percentencode": lambda values: quote(_glob(values), safe=""),
}
