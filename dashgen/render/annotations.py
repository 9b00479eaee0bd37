"""Prometheus' annotation templates, as far as alerts here use them.

They are expanded as Prometheus does, so that each alert's unit test can expect its text. Only
``{{ $labels.‹name› }}``, that with ``| urlquery``, and ``{{ $value | … }}`` with one of the
functions below are allowed: a unit test could not foresee more, and a reader need not.

Source of the functions: https://prometheus.io/docs/prometheus/latest/configuration/template_reference/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ACTION = re.compile(r"\{\{.*?\}\}")
_LABEL = re.compile(r"\{\{ \$labels\.([a-zA-Z_]\w*)( \| urlquery)? \}\}")
_VALUE = re.compile(r"\{\{ \$value \| (\w+) \}\}")

_MINUTE = 60


def humanize(value: float) -> str:
    """Write a number with four digits and a decimal prefix: ``500k``, ``20m``."""
    if 0 < abs(value) < 1:
        return _small(value)
    return _large(value, 1000, ("", "k", "M", "G", "T", "P", "E", "Z", "Y"))


def humanize1024(value: float) -> str:
    """Write a number with four digits and a binary prefix: ``1.5Gi``."""
    return _large(value, 1024, ("", "ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"))


def humanize_duration(seconds: float) -> str:
    """Write seconds as days, hours, minutes and seconds: ``1d 2h 0m 10s``."""
    if abs(seconds) < _MINUTE:
        return (_small(seconds) if 0 < abs(seconds) < 1 else f"{seconds:.4g}") + "s"
    minutes, second = divmod(int(abs(seconds)), _MINUTE)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    parts = [(day, "d"), (hour, "h"), (minute, "m"), (second, "s")]
    while not parts[0][0]:
        del parts[0]
    return "-" * (seconds < 0) + " ".join(f"{count}{unit}" for count, unit in parts)


def _large(value: float, base: int, prefixes: tuple[str, ...]) -> str:
    power = 0
    while abs(value) >= base and power < len(prefixes) - 1:
        value /= base
        power += 1
    return f"{value:.4g}{prefixes[power]}"


def _small(value: float) -> str:
    prefixes = iter("munpfazy")
    prefix = ""
    while abs(value) < 1:
        value *= 1000
        prefix = next(prefixes, "")
    return f"{value:.4g}{prefix}"


_FUNCTIONS: dict[str, Callable[[float], str]] = {
    "humanize": humanize,
    "humanize1024": humanize1024,
    "humanizeDuration": humanize_duration,
}


ALLOWED = (
    "Allowed are {{ $labels.NAME }}, {{ $labels.NAME | urlquery }} and {{ $value | FUNCTION }} "
    f"with {', '.join(_FUNCTIONS)}."
)


def unsupported(template: str) -> tuple[str, ...]:
    """Return the actions of a template that are not allowed here."""
    return tuple(action for action in _ACTION.findall(template) if not _is_supported(action))


def _is_supported(action: str) -> bool:
    value = _VALUE.fullmatch(action)
    return bool(_LABEL.fullmatch(action)) or (value is not None and value[1] in _FUNCTIONS)


def expand(template: str, labels: Mapping[str, str], value: float) -> str:
    """Fill in a template as Prometheus does; a label that is missing is empty."""

    def action(found: re.Match[str]) -> str:
        named, function = _LABEL.fullmatch(found[0]), _VALUE.fullmatch(found[0])
        if named:
            text = labels.get(named[1], "")
            return quote_plus(text, safe="") if named[2] else text
        return _FUNCTIONS[function[1]](value) if function else found[0]

    return _ACTION.sub(action, template)
