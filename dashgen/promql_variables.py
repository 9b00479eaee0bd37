"""Grafana's variables in a query: which it names, and values that let it parse without them.

Grafana puts the values in before Prometheus sees the query, so a query as it is written
(``rate(x[$__rate_interval])``, ``topk($limit, x)``) is not PromQL yet. Inside a string a
variable is harmless and stays. The three spellings are those of Grafana's documentation:
https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Values that no query holds by itself, so that they can be told from what was written.
# Where a name fits, it is this and the variable's own.
NAME = "__grafana__"
NUMBER = 7919
_DURATION = "7919s"
_STRING = '"__grafana__"'

_VARIABLE = r"\$(?P<{0}bare>[A-Za-z_]\w*)|\$\{{(?P<{0}braced>\w+)[^}}]*\}}|\[\[(?P<{0}old>\w+)(?::\w+)?\]\]"
_REFERENCE = re.compile(_VARIABLE.format(""))
_TOKEN = re.compile(
    r"""(?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)"""
    r"|(?P<comment>\#[^\n]*)"
    r"|(?P<grouping>\b(?:by|without|on|ignoring|group_left|group_right)\s*\()"
    rf"|(?P<variable>{_VARIABLE.format('in_code_')})"
    r"|(?P<bracket>[()\[\]{}])"
    r"|(?P<operator>[-+*/%^]|[<>=!]=?|\b(?:and|or|unless|atan2)\b)",
    re.DOTALL | re.IGNORECASE,
)
_OPENS = {")": "(", "]": "[", "}": "{"}
_BUILT_IN_DURATIONS = frozenset({"__interval", "__rate_interval", "__range"})


@dataclass(frozen=True)
class Interpolated:
    """A query without variables, the variables that it named, and how many operators it has.

    ``operators`` counts brackets too, but not what stands in strings or between braces.
    """

    text: str
    variables: frozenset[str]
    operators: int


def references(text: str, *, bare: bool = True) -> Iterator[str]:
    """Name the variables in a text, Grafana's own (``__range``) included.

    Without ``bare`` a plain ``$name`` does not count: in prose it may be anything.
    """
    if "$" not in text and "[[" not in text:
        return
    for found in _REFERENCE.finditer(text):
        if found["bare"] is None or bare:
            yield found["bare"] or found["braced"] or found["old"]


def interpolate(text: str, *, names: bool = False) -> Interpolated:
    """Replace the variables outside of strings by values of the type that fits there.

    Where a number and a metric's name both fit, it is a number unless ``names``.
    """
    scan = _Scan(text, names=names)
    return Interpolated(_TOKEN.sub(scan.token, text), frozenset(scan.variables), scan.operators)


class _Scan:
    """One pass over a query: what is open where, and what was found."""

    def __init__(self, text: str, *, names: bool) -> None:
        self.text = text
        self.names = names
        self.open: list[str] = []
        self.variables: set[str] = set()
        self.operators = 0

    def token(self, found: re.Match[str]) -> str:
        """Return what a token is replaced by."""
        kind = found.lastgroup or ""
        text = found.group()
        if found["variable"]:
            name = found["in_code_bare"] or found["in_code_braced"] or found["in_code_old"]
            self.variables.add(name)
            return self._value(name, found)
        if kind == "string":
            self.variables.update(references(text))
        elif kind == "grouping":
            self.open.append("by(")
        elif kind == "bracket":
            self._bracket(text)
        elif kind == "operator" and self.within != "{":
            self.operators += 1
        return text

    @property
    def within(self) -> str:
        """The innermost bracket that is open."""
        return self.open[-1] if self.open else ""

    def _bracket(self, bracket: str) -> None:
        if bracket not in _OPENS:
            self.open.append(bracket)
            self.operators += 1
        elif self.within[-1:] == _OPENS[bracket]:
            self.open.pop()

    def _value(self, name: str, found: re.Match[str]) -> str:
        before = self.text[: found.start()].rstrip()
        after = self.text[found.end() :]
        if self.within == "[" or before.endswith(("offset", "offset -")):
            # "${minutes}m" is a number with its unit.
            return str(NUMBER) if after[:1].isalpha() else _DURATION
        if self.within == "{":
            return _STRING if before[-1:] in {"=", "~"} else NAME + name
        if self.within == "by(":
            return NAME + name
        if name in _BUILT_IN_DURATIONS:
            return _DURATION
        if name.startswith("__"):
            return str(NUMBER)
        return self._free(name, found, after)

    def _free(self, name: str, found: re.Match[str], after: str) -> str:
        """Choose for a variable of the user's where no bracket tells what it is."""
        ahead = after.lstrip()
        touching = self.text[: found.start()][-1:] + after[:1]
        if any(character.isalnum() or character in "_:" for character in touching):
            return NAME + name
        if ahead[:1] in {"{", "["}:
            return NAME + name
        if ahead.startswith(("(", "by", "without")):
            return "rate" if self.names else "sum"
        return NAME + name if self.names else str(NUMBER)
