"""YAML that keeps the line of each mapping, and refuses what would grow without end.

The text is first followed event by event, which takes no memory and no recursion: aliases of
aliases (the "billion laughs") and deep nesting are found before anything is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from dashgen.checks.unreadable import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_NODES = 1_000_000
_DEEPEST = 100
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MERGE = "tag:yaml.org,2002:merge"
_TAG = "tag:yaml.org,2002:"


class Lined(dict[str, Any]):
    """A mapping that knows the line on which it starts, counted from 1."""

    line: int = 0


def load_yaml(text: str) -> object:
    """Return the one document of a YAML text, with :class:`Lined` mappings.

    Raises:
        UnreadableError: it is no YAML, has several documents or too many or too deep nodes.

    """
    try:
        _measure(text)
        node = yaml.compose(text, _LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise UnreadableError(f"no valid YAML: {error.problem}", "Mend it.", line) from None
    except yaml.YAMLError as error:
        raise UnreadableError(f"no valid YAML: {error}", "Mend it.") from None
    return _built(node, {})


def _measure(text: str) -> None:
    """Count the nodes as if every alias were written out, and the depth."""
    size = _Size()
    documents = 0
    for event in yaml.parse(text, _LOADER):
        size.add(event)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if len(size.open) > _DEEPEST:
            raise _refused(event, f"nested more than {_DEEPEST} levels deep")
        if size.total > _MOST_NODES:
            raise _refused(event, f"more than {_MOST_NODES:,} nodes, its aliases written out")
        if documents > 1:
            raise _refused(event, "several documents", "Write one file for each.")


@dataclass
class _Size:
    """The nodes so far, those of each anchor, and the collections that are open."""

    total: int = 0
    of_anchor: dict[str, int] = field(default_factory=dict)
    open: list[tuple[str, int]] = field(default_factory=list)

    def add(self, event: Any) -> None:  # noqa: ANN401  (PyYAML's events)
        match event:
            case yaml.CollectionStartEvent():
                self.open.append((event.anchor or "", self.total))
                self.total += 1
            case yaml.CollectionEndEvent():
                anchor, before = self.open.pop()
                self.of_anchor[anchor] = self.total - before
            case yaml.AliasEvent():
                if any(event.anchor == anchor for anchor, _ in self.open):
                    raise _refused(event, f"alias {event.anchor} stands inside what it names")
                self.total += self.of_anchor.get(event.anchor or "", 1)
            case yaml.ScalarEvent():
                self.total += 1


def _refused(event: Any, message: str, hint: str = "Write it out.") -> UnreadableError:  # noqa: ANN401
    return UnreadableError(message, hint, event.start_mark.line + 1)


def _built(node: Any, done: dict[int, object]) -> object:  # noqa: ANN401  (PyYAML's nodes)
    """Make plain data of a node; what aliases share stays one object."""
    if id(node) not in done:
        match node:
            case yaml.MappingNode():
                done[id(node)] = mapping = Lined()
                mapping.line = node.start_mark.line + 1
                mapping.update(_pairs(node, done))
            case yaml.SequenceNode():
                done[id(node)] = [_built(each, done) for each in node.value]
            case _:
                done[id(node)] = _scalar(node)
    return done[id(node)]


def _pairs(node: Any, done: dict[int, object]) -> Iterator[tuple[str, object]]:  # noqa: ANN401
    """Give the pairs of a mapping, those that it merges (``<<``) first."""
    for key, value in node.value:
        if key.tag == _MERGE:
            merged = _built(value, done)
            for each in reversed(merged if isinstance(merged, list) else [merged]):
                yield from each.items() if isinstance(each, Mapping) else ()
    for key, value in node.value:
        if key.tag != _MERGE:
            yield str(_built(key, done)), _built(value, done)


def _scalar(node: Any) -> object:  # noqa: ANN401
    """Convert what JSON has a type for; a text that only looks like it stays one."""
    if node is None:
        return None
    kind = node.tag.removeprefix(_TAG)
    if kind == "null":
        return None
    if kind == "bool":
        return node.value.lower() in {"true", "yes", "on"}
    try:
        return {"int": int, "float": float}.get(kind, str)(node.value)
    except ValueError:
        return node.value
