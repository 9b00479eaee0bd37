"""Labels as Prometheus' text format writes them: the key by which the sweeper knows a group.

Two samples belong to the same group when their labels are the same bytes, as a gateway writes
labels sorted by name. Only what is to be deleted is ever taken apart.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NAME = "[a-zA-Z_][a-zA-Z0-9_]*"
LABEL_NAME = re.compile(_NAME)
# Three times as fast as an alternative for each character, and the same.
_VALUE = r'[^"\\]*(?:\\.[^"\\]*)*'
_LABEL = re.compile(rf'({_NAME})="({_VALUE})"(?:,|\Z)', re.DOTALL)
_MARKS = len('="",')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n"}


class LabelsError(ValueError):
    """Bytes that are no labels of the text format."""


def parse(written: bytes) -> dict[str, str]:
    r"""Read ``a="1",b="x\ny"``, what stands between the braces of a sample.

    Raises:
        LabelsError: it is something else.

    """
    text = _decoded(written)
    pairs = _LABEL.findall(text)
    # Every character is accounted for: what a pattern skips would be another group's key.
    read = sum(map(len, itertools.chain.from_iterable(pairs))) + _MARKS * len(pairs)
    if read != len(text) + bool(pairs):
        raise LabelsError(f"not the labels of a sample: {written[:100]!r}")
    return {name: _unescaped(value) for name, value in pairs} if "\\" in text else dict(pairs)


def unescaped(value: bytes) -> str:
    """Read a label's value as it is written between its quotes.

    Raises:
        LabelsError: it is no UTF-8.

    """
    return _unescaped(_decoded(value))


def _decoded(written: bytes) -> str:
    try:
        return written.decode()
    except UnicodeDecodeError:
        raise LabelsError(f"not UTF-8: {written[:100]!r}") from None


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), value)


def write(labels: Mapping[str, str]) -> bytes:
    """Write labels as a gateway does: sorted by name, backslash, quote and newline escaped."""
    return b",".join(f'{name}="{_escaped(value)}"'.encode() for name, value in sorted(labels.items()))


def with_instance(written: bytes) -> bytes:
    """Write labels as a scrape has them: with an empty instance where there is none.

    Raises:
        LabelsError: they are no labels.

    """
    return write({INSTANCE.name: "", **parse(written)})


def finder(name: str) -> Callable[[bytes], bytes]:
    """Make the function that returns a label's value as it is written, empty without it.

    Labels are read from the first on: a value may end in what looks like the label, ``a="x,job="``.
    """
    pattern = rf'(?:{_NAME}="{_VALUE}",)*?{name}="({_VALUE})"'
    match = re.compile(pattern.encode(), re.DOTALL).match

    def find(written: bytes) -> bytes:
        found = match(written)
        return found[1] if found else b""

    return find


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
