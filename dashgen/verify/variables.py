"""A dashboard's variables: what each asks of Prometheus, what it offers, and what is chosen.

Query functions: https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
What is chosen when a dashboard is opened is what was saved with it, if that is still on offer,
and otherwise the first of the list, in which All comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from dashgen.checks.document import text_of
from dashgen.verify import interpolation
from dashgen.verify.interpolation import Value
from dashgen.verify.time_range import duration, seconds

if TYPE_CHECKING:
    from dashgen.verify.time_range import TimeRange

Data = Mapping[str, Any]

ALL = "$__all"
ALL_TEXT = "All"

_LABEL_NAMES = re.compile(r"\s*label_names\((.*)\)\s*", re.DOTALL)
_LABEL_VALUES = re.compile(r"\s*label_values\((?:(.+),\s*)?([a-zA-Z_$][\w${}:]*)\s*\)\s*", re.DOTALL)
_METRICS = re.compile(r"\s*metrics\((.+)\)\s*", re.DOTALL)
_QUERY_RESULT = re.compile(r"\s*query_result\((.+)\)\s*", re.DOTALL)
_CUSTOM = re.compile(r"(?:\\,|[^,])+")
_PAIR = re.compile(r"\s*(.+)\s:\s(.+)", re.DOTALL)
_SLASHED = re.compile(r"/(.*?)/([gimysu]*)", re.DOTALL)
_NAMED_GROUP = re.compile(r"\(\?<(?![=!])")
_NUMBER = re.compile(r"\d+")
_AUTO_COUNT = 30
_AUTO_LEAST = 10.0


class Lookup(Enum):
    """What a query variable asks Prometheus for."""

    LABEL_NAMES = "label names"
    LABEL_VALUES = "label values"
    METRICS = "metric names"
    RESULT = "a query's result"
    SERIES = "series"


@dataclass(frozen=True)
class Request:
    """A lookup: in the series that ``expr`` selects (all where it is empty), of ``label``.

    For metric names ``label`` is the pattern that they match somewhere.
    """

    lookup: Lookup
    expr: str = ""
    label: str = ""


@dataclass(frozen=True)
class Option:
    """One choice: the value, and how Grafana shows it."""

    value: str
    text: str


def query_of(variable: Data) -> str:
    """Return the text of a query variable; Grafana has it in an object since version 9."""
    query = variable.get("query")
    return text_of(query, "query") if isinstance(query, Mapping) else text_of(variable, "query")


def request(text: str) -> Request:
    """Read the query of a variable, whose variables have been put in."""
    if found := _LABEL_VALUES.fullmatch(text):
        return Request(Lookup.LABEL_VALUES, (found[1] or "").strip(), found[2])
    if found := _LABEL_NAMES.fullmatch(text):
        return Request(Lookup.LABEL_NAMES, found[1].strip())
    if found := _METRICS.fullmatch(text):
        return Request(Lookup.METRICS, label=found[1].strip())
    if found := _QUERY_RESULT.fullmatch(text):
        return Request(Lookup.RESULT, found[1].strip())
    return Request(Lookup.SERIES, text.strip())


def named_by(variable: Data) -> tuple[str, ...]:
    """Return the variables that a variable's query, regular expression and All name."""
    texts = (query_of(variable), text_of(variable, "regex"), text_of(variable, "allValue"))
    return tuple(dict.fromkeys(name for text in texts for name in interpolation.names(text)))


def offered(variable: Data, found: Iterable[str], values: Mapping[str, Value]) -> list[Option]:
    """Return the choices that are made of what Prometheus returned: filtered, each once, sorted.

    Raises:
        ValueError: its regular expression can't be read; the message says why.

    """
    pattern = interpolation.interpolate(text_of(variable, "regex"), values, "regex")
    if pattern:
        options = [option for text in found for option in _filtered(text, *_compiled(pattern))]
    else:
        options = [Option(text, text) for text in found]
    once: dict[str, Option] = {}
    for option in options:
        once.setdefault(option.value, option)
    return _sorted(list(once.values()), variable.get("sort"))


def _compiled(written: str) -> tuple[re.Pattern[str], bool]:
    """Read JavaScript's ``/pattern/flags``; without slashes it is all pattern, and stands at both ends."""
    slashed = _SLASHED.fullmatch(written)
    pattern, flags = (slashed[1], slashed[2]) if slashed else (f"^{written}$", "")
    wanted = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    try:
        compiled = re.compile(_NAMED_GROUP.sub("(?P<", pattern), wanted | (re.DOTALL if "s" in flags else 0))
    except re.error as error:
        raise ValueError(f"its regular expression {written} can't be read: {error}") from None
    return compiled, "g" in flags


def _filtered(text: str, pattern: re.Pattern[str], every: bool) -> list[Option]:  # noqa: FBT001  (as _compiled has it)
    """Return what a regular expression makes of one text: groups ``value`` and ``text``, or the first group."""
    matches = list(pattern.finditer(text))[: None if every else 1]
    if not matches:
        return []
    groups = pattern.groupindex
    named = {
        name: next((each[name] for each in matches if each[name]), None) if name in groups else None
        for name in ("value", "text")
    }
    if named["value"] or named["text"]:
        return [Option(named["value"] or named["text"] or "", named["text"] or named["value"] or "")]
    if not pattern.groups:
        return [Option(text, text)]
    return [Option(each[1] or "", each[1] or "") for each in matches]


def _sorted(options: list[Option], order: object) -> list[Option]:
    """Sort as Grafana numbers it: 1 alphabetical, 3 numerical, 5 without case, 7 natural; one more is descending."""
    if not isinstance(order, int) or order <= 0:
        return options
    keys = {
        1: lambda option: option.text,
        2: lambda option: _first_number(option.text),
        3: lambda option: option.text.lower(),
        4: lambda option: [(int(part) if part.isdigit() else -1, part) for part in re.split(r"(\d+)", option.text)],
    }
    key: Any = keys.get((order + 1) // 2)
    if key is None:
        return options
    ordered = sorted(options, key=key)
    return ordered if order % 2 else ordered[::-1]


def _first_number(text: str) -> int:
    found = _NUMBER.search(text)
    return int(found.group()) if found else -1


def written_options(variable: Data, window: TimeRange) -> list[Option]:
    """Return the choices of a variable that asks nobody: a custom one, an interval, a constant, a text box."""
    kind, query = text_of(variable, "type"), query_of(variable)
    if kind == "custom":
        return [_custom(part.replace("\\,", ",")) for part in _CUSTOM.findall(query)]
    if kind == "interval":
        auto = [Option(_auto(variable, window), "auto")] if variable.get("auto") else []
        return auto + [Option(part.strip().strip("\"'"), part.strip()) for part in query.split(",") if part.strip()]
    if kind in {"constant", "textbox"}:
        return [Option(query, query)]
    return []


def _custom(part: str) -> Option:
    pair = _PAIR.fullmatch(part)
    return Option(pair[2].strip(), pair[1].strip()) if pair else Option(part.strip(), part.strip())


def _auto(variable: Data, window: TimeRange) -> str:
    count = variable.get("auto_count")
    least = seconds(variable.get("auto_min")) or _AUTO_LEAST
    return duration(window.step(least, count if isinstance(count, int) else _AUTO_COUNT))


def chosen(variable: Data, options: list[Option], by_hand: tuple[str, ...] = ()) -> Value:
    """Return what is chosen: by hand, or else what was saved, or else the first on offer."""
    several = bool(variable.get("multi") or variable.get("includeAll"))
    wanted = by_hand or _saved(variable)
    if text_of(variable, "type") in {"textbox", "datasource"} and (wanted or not options):
        return Value(wanted, text=",".join(wanted))
    on_offer = {option.value: option for option in options}
    nothing_saved = not by_hand and not any(each in on_offer for each in wanted)
    if variable.get("includeAll") and (ALL in wanted or nothing_saved):
        custom = text_of(variable, "allValue")
        return Value(tuple(on_offer), several=True, all_value=custom, text=ALL_TEXT)
    kept = by_hand or tuple(each for each in wanted if each in on_offer) or tuple(on_offer)[:1]
    if not variable.get("multi"):
        kept = kept[:1]
    return Value(kept, several, text=" + ".join(on_offer[each].text if each in on_offer else each for each in kept))


def _saved(variable: Data) -> tuple[str, ...]:
    current = variable.get("current")
    value = current.get("value") if isinstance(current, Mapping) else None
    found = value if isinstance(value, list) else [value]
    return tuple(str(each) for each in found if each is not None and not isinstance(each, Mapping | list))
