"""What differs between two outputs, and the one way to compare two of anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

_T = TypeVar("_T")

Kind = Literal["added", "renamed", "changed", "removed"]


@dataclass(frozen=True)
class Detail:
    """One thing that differs: what, as it was and as it is.

    Both are ``None`` where ``what`` is a sentence that says it all.
    """

    what: str
    old: str | None = None
    new: str | None = None
    breaking: bool = False


@dataclass(frozen=True)
class Change:
    """A thing that was added, renamed, changed or removed; ``parts`` are the panels of a dashboard."""

    kind: Kind
    name: str
    details: tuple[Detail, ...] = ()
    parts: tuple[Change, ...] = ()

    @property
    def breaking(self) -> bool:
        """Whether queries that others wrote may go silent."""
        return any(detail.breaking for detail in self.details)


@dataclass(frozen=True)
class Difference:
    """Everything that differs, by what it is about."""

    metrics: tuple[Change, ...] = ()
    dashboards: tuple[Change, ...] = ()
    alerts: tuple[Change, ...] = ()
    recording_rules: tuple[Change, ...] = ()
    files: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any((self.metrics, self.dashboards, self.alerts, self.recording_rules, self.files))

    @property
    def breaking(self) -> tuple[Change, ...]:
        """The changes that break the contract: all of them are of metrics."""
        return tuple(change for change in self.metrics if change.breaking)


@dataclass(frozen=True)
class Facts:
    """What is compared of a thing: ``shown`` is told with its values, ``rest`` only that it changed.

    ``parts`` are the things in it, by an identity that a change leaves as it is.
    """

    name: str
    shown: Mapping[str, str]
    rest: Mapping[str, object] = field(default_factory=dict)
    parts: Mapping[Hashable, Facts] = field(default_factory=dict)


def changes(old: Mapping[Hashable, Facts], new: Mapping[Hashable, Facts]) -> tuple[Change, ...]:
    """Say what was added, changed and removed between things of the same identity."""
    return tuple(_changes(old, new))


def _changes(old: Mapping[Hashable, Facts], new: Mapping[Hashable, Facts]) -> Iterator[Change]:
    for identity, facts in new.items():
        before = old.get(identity)
        if before is None:
            yield _added(facts)
            continue
        details, parts = tuple(_details(before, facts)), changes(before.parts, facts.parts)
        if details or parts:
            yield Change("changed", facts.name, details, parts)
    for identity, facts in old.items():
        if identity not in new:
            yield Change("removed", facts.name)


def _added(facts: Facts) -> Change:
    """Return a thing that came, with what it shows and what is in it."""
    details = tuple(Detail(what, new=text) for what, text in facts.shown.items())
    return Change("added", facts.name, details, tuple(map(_added, facts.parts.values())))


def _details(old: Facts, new: Facts) -> Iterator[Detail]:
    for what in dict.fromkeys((*old.shown, *new.shown)):
        before, after = old.shown.get(what), new.shown.get(what)
        if before != after:
            yield Detail(what, before, after)
    # What only one of them has is among the shown, too.
    for what in old.rest:
        if what in new.rest and old.rest[what] != new.rest[what]:
            yield Detail(f"its {what} changed")


def identified(things: Iterable[_T], identity: Callable[[_T], Any]) -> dict[Hashable, _T]:
    """Return things by identity; those that share one are told apart by their order."""
    seen: Counter[Hashable] = Counter()
    found: dict[Hashable, _T] = {}
    for thing in things:
        name = identity(thing)
        found[name, seen[name]] = thing
        seen[name] += 1
    return found
