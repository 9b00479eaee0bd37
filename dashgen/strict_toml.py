"""Reading TOML strictly: known keys, right types, and every problem with its line.

A parser is a function from a :class:`Node` to a value; it raises :class:`WrongValueError`.
:func:`record`, :func:`mapping` and :func:`array` make parsers of tables and lists from
parsers of what is in them: they note what is wrong, leave it out, and go on.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from dashgen.catalog.terms import closest
from dashgen.problems import EXIT_USAGE, DashgenError, Place, Problem
from dashgen.redaction import redacted

RULE = "settings"

Keys = tuple[str, ...]
T = TypeVar("T")

_PART = r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'"""
_KEY = rf"(?:{_PART})(?:\s*\.\s*(?:{_PART}))*"
_LINE = re.compile(rf"\s*(?:(?P<table>\[\[?)\s*(?P<header>{_KEY})\s*\]|(?P<key>{_KEY})\s*=)")


class WrongValueError(Exception):
    """A value that a setting can't have: what is wrong, and what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Hold the message, which follows the setting's name, and the hint."""
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Source:
    """A TOML file: its name, and the 1-based line of each key and table.

    ``root`` is the table that holds the settings, and is not part of the keys asked for.
    """

    file: str = ""
    lines: Mapping[Keys, int] = field(default_factory=lambda: MappingProxyType({}))
    root: Keys = ()

    def place(self, *keys: str) -> Place:
        """Return where a setting stands; the nearest table above it when it has no line."""
        path = self.root + keys
        above = (path[:length] for length in range(len(path), 0, -1))
        line = next((self.lines[keys] for keys in above if keys in self.lines), 0)
        # The line tells which entry of a list is meant.
        return Place(self.file, line, ".".join(redacted(key) for key in keys if not key.isdecimal()))


@dataclass(frozen=True)
class Node:
    """A value of the file, the keys that lead to it, and where its problems go."""

    value: object
    source: Source
    problems: list[Problem]
    keys: Keys = ()

    def child(self, key: str, value: object) -> Node:
        """Return what this table or list holds under a key."""
        return Node(value, self.source, self.problems, (*self.keys, key))

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.source.place(*self.keys)

    def refuse(self, message: str, hint: str = "") -> None:
        """Note what is wrong with it."""
        self.problems.append(Problem(self.place, RULE, message, hint))


Parser = Callable[[Node], T]


def record(fields: Mapping[str, Parser[Any]], required: tuple[str, ...] = ()) -> Parser[dict[str, Any]]:
    """Make the parser of a table with known keys."""

    def parse(node: Node) -> dict[str, Any]:
        table = _table(node)
        for key in required:
            if key not in table:
                node.refuse(f"{key} is missing")
        for key in table.keys() - fields.keys():
            near = closest(key, fields)
            known = f"Known here: {', '.join(fields)}."
            node.child(key, None).refuse("there is no such setting", f"Did you mean {near}?" if near else known)
        return _each(node, {key: parser for key, parser in fields.items() if key in table}, table)

    return parse


def mapping(parser: Parser[T]) -> Parser[Mapping[str, T]]:
    """Make the parser of a table whose keys are the user's."""

    def parse(node: Node) -> Mapping[str, T]:
        table = _table(node)
        return MappingProxyType(_each(node, dict.fromkeys(table, parser), table))

    return parse


def array(parser: Parser[T]) -> Parser[tuple[T, ...]]:
    """Make the parser of a list."""

    def parse(node: Node) -> tuple[T, ...]:
        if not isinstance(node.value, list):
            raise WrongValueError(f"must be a list, not {named_type(node.value)}")
        items = {str(index): item for index, item in enumerate(node.value)}
        return tuple(_each(node, dict.fromkeys(items, parser), items).values())

    return parse


def _table(node: Node) -> dict[str, object]:
    if not isinstance(node.value, dict):
        raise WrongValueError(f"must be a table, not {named_type(node.value)}")
    return node.value


def _each(node: Node, parsers: Mapping[str, Parser[T]], values: Mapping[str, object]) -> dict[str, T]:
    """Parse each value that can be; note the others."""
    found = {}
    for key, parser in parsers.items():
        child = node.child(key, values[key])
        try:
            found[key] = parser(child)
        except WrongValueError as wrong:
            child.refuse(wrong.message, wrong.hint)
    return found


def string(node: Node) -> str:
    """Parse a string."""
    if not isinstance(node.value, str):
        raise WrongValueError(f"must be a string, not {named_type(node.value)}")
    return node.value


def filled(node: Node) -> str:
    """Parse a string that says something."""
    value = string(node)
    if not value.strip():
        raise WrongValueError("must not be empty")
    return value


def matching(pattern: str, meaning: str) -> Parser[str]:
    """Make the parser of a string of a certain form."""

    def parse_form(node: Node) -> str:
        value = string(node)
        if not re.fullmatch(pattern, value):
            raise WrongValueError(f"{quoted(value)} is not {meaning}")
        return value

    return parse_form


def one_of(known: Iterable[str]) -> Parser[str]:
    """Make the parser of a word of a closed list."""
    words = tuple(known)
    listed = ", ".join(f'"{word}"' for word in words)

    def parse_word(node: Node) -> str:
        if not isinstance(node.value, str):
            found = named_type(node.value)
            raise WrongValueError(f"must be one of {listed}, in quotes; not {found}")
        if node.value not in words:
            near = closest(node.value, words)
            hint = f'Did you mean "{near}"?' if near else ""
            raise WrongValueError(f"must be one of {listed}; not {quoted(node.value)}", hint)
        return node.value

    return parse_word


def switch(node: Node) -> bool:
    """Parse true or false."""
    if not isinstance(node.value, bool):
        raise WrongValueError(f"must be true or false, not {named_type(node.value)}")
    return node.value


def quoted(value: str) -> str:
    """Quote a value of the file in a message: without what may be a secret."""
    return repr(redacted(value))


def named_type(value: object) -> str:
    """Say in TOML's words what a value is."""
    names = {
        bool: "true or false",
        str: "a string",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
    }
    return names.get(type(value), "a date or time")


def parse(text: str, file: str) -> tuple[dict[str, object], Mapping[Keys, int]]:
    """Return the data of a TOML text, and the line of each key.

    Raises:
        DashgenError: it is no TOML.

    """
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        return toml.loads(text), _lines(text)
    except (ValueError, RecursionError) as error:
        at = re.search(r" \(at line ([0-9]+), column [0-9]+\)", str(error))
        place = Place(file, int(at[1]) if at else len(text.splitlines()))
        # The parser quotes keys as tuples; the line says which, and an address is a key by mistake.
        reason = re.sub(r"\(.*\)|(?<=key )'.*'", "this key", str(error).replace(at[0] if at else "", ""))
        message = f"not valid TOML: {redacted(reason)}"
        raise DashgenError([Problem(place, RULE, message)], EXIT_USAGE) from None


def _lines(text: str) -> Mapping[Keys, int]:
    """Find the line of each key: tomllib does not tell."""
    lines: dict[Keys, int] = {}
    entries: Counter[Keys] = Counter()
    table: Keys = ()
    for number, line in enumerate(text.splitlines(), start=1):
        found = _LINE.match(line)
        if found is None:
            continue
        written = re.findall(_PART, found["header"] or found["key"])
        path = tuple(part.strip("\"'") for part in written)
        if found["table"] == "[[":
            entries[path] += 1
            path = (*path, str(entries[path] - 1))
        if found["table"]:
            table = path
        else:
            path = table + path
        for length in range(len(path), 0, -1):
            lines.setdefault(path[:length], number)
    return MappingProxyType(lines)
