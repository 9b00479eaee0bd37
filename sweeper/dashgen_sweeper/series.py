"""Labels as Prometheus' text format writes them: the key by which the sweeper knows a group.

Two samples belong to the same group when their labels are the same bytes, as a gateway writes
labels sorted by name. Only what is to be deleted is ever taken apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LABEL = re.compile(rb'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|\Z)', re.DOTALL)
_MARKS = len('="",')
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPED = {b"n": b"\n"}


class LabelsError(ValueError):
    """Bytes that are no labels of the text format."""


def parse(written: bytes) -> dict[str, str]:
    r"""Read ``a="1",b="x\ny"``, what stands between the braces of a sample.

    Raises:
        LabelsError: it is something else.

    """
    pairs = _LABEL.findall(written)
    # Every byte is accounted for: what a pattern skips would be another group's key.
    if sum(len(name) + len(value) + _MARKS for name, value in pairs) != len(written) + bool(pairs):
        raise LabelsError(f"not the labels of a sample: {written[:100]!r}")
    return {name.decode(): unescaped(value) for name, value in pairs}


def unescaped(value: bytes) -> str:
    """Read a label's value as it is written between its quotes."""
    if b"\\" in value:
        value = _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), value)
    return value.decode()


def write(labels: Mapping[str, str]) -> bytes:
    """Write labels as a gateway does: sorted by name, backslash, quote and newline escaped."""
    return b",".join(f'{name}="{_escaped(value)}"'.encode() for name, value in sorted(labels.items()))


def finder(name: str) -> Callable[[bytes], bytes]:
    """Make the function that returns a label's value as it is written, empty without it.

    A quote inside a value is escaped, so what looks like the label is the label.
    """
    search = re.compile(rb'(?:\A|,)%s="((?:[^"\\]|\\.)*)"' % name.encode(), re.DOTALL).search

    def find(written: bytes) -> bytes:
        found = search(written)
        return found[1] if found else b""

    return find


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
