"""What differs between two contracts: the metrics, and what queries on them rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.contract import broken, gained
from dashgen.diff.model import Change, Detail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dashgen.contract import Contract, Terms


def changes(old: Contract, new: Contract, renamed: Mapping[str, str]) -> tuple[Change, ...]:
    """Say what changes; ``renamed`` maps an old name to the metric that says so.

    What a build would refuse without ``--accept-breaking`` is breaking here too.
    """
    return tuple(_changes(old, new, renamed))


def _changes(old: Contract, new: Contract, renamed: Mapping[str, str]) -> Iterator[Change]:
    taken_over = {renamed[name]: name for name in old if name not in new and renamed.get(name) in new}
    for name, terms in new.items():
        before = taken_over.get(name)
        if before is not None:
            yield Change("renamed", name, (Detail("name", before, name), *_details(old[before], terms)))
        elif name not in old:
            yield Change("added", name, tuple(_told(terms)))
        elif details := tuple(_details(old[name], terms)):
            yield Change("changed", name, details)
    for name in old:
        if name not in new and name not in taken_over.values():
            yield Change("removed", name, (Detail("the metric is gone", breaking=True),))


def _details(old: Terms, new: Terms) -> Iterator[Detail]:
    yield from (Detail(sentence, breaking=True) for sentence in broken(old, new))
    yield from (Detail(sentence) for sentence in gained(old, new))


def _told(terms: Terms) -> Iterator[Detail]:
    yield Detail("type", new=terms["type"])
    if terms["unit"]:
        yield Detail("unit", new=terms["unit"])
    for job, labels in terms["jobs"].items():
        yield Detail(f"labels in job {job}" if job else "labels", new=", ".join(labels) or "none")
    if terms["codes"]:
        yield Detail("codes", new=", ".join(f"{value} {word}" for word, value in terms["codes"].items()))
