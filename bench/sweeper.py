"""How long a sweep takes, what it costs the gateway and others who push, beside a plain sweeper."""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from bench import groups
from bench.figures import Figure
from bench.groups import Pusher
from bench.sweeps import KINDS, Sweep, SweepError, bare_peak_mib, full
from dashgen.pushgateway import group
from dashgen.pushgateway.address import Address
from dashgen.pushgateway.connection import Connection
from dashgen_sweeper import deletion, series
from tests import servers
from tests.programs import program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.servers import Pushgateway

STALE, FRESH = 10_000, 10_000
MANY = 100_000
ROUNDS = 3
PUSHES_PER_SECOND = 300
QUIET_SECONDS = 5
# The number that a gateway answers fastest differs from machine to machine.
WRK_CONNECTIONS = (8, 32, 64)
WRK_SECONDS = 2
SECONDS, TIMES, MIB = "s", "times", "MiB"


def sweeper(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Sweep half of 20,000 groups, in peace and while others push to them; then only delete."""
    found: dict[str, list[Sweep]] = {kind: [] for kind in KINDS}
    for turn in range(1, ROUNDS + 1):
        for kind in KINDS:
            tell(f"{kind} sweep ({turn} of {ROUNDS})")
            found[kind].append(_swept(folder / f"{kind}{turn}", kind, STALE, FRESH))
    yield from _compared(found, f"{STALE:,} of {STALE + FRESH:,} groups")
    yield from _pushed_to(folder, tell)
    tell("deleting alone")
    yield from _deleted(folder)


def sweeper_large(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Sweep 100,000 groups, all of them, once."""
    found = {}
    for kind in KINDS:
        tell(f"{kind} sweep of {MANY:,} groups")
        found[kind] = [_swept(folder / kind, kind, MANY, 0)]
    title = f"{MANY:,} of {MANY:,} groups"
    yield from _compared(found, title)
    bare = bare_peak_mib()
    targets: Mapping[str, tuple[float | None, float | None]] = {"plain": (None, None), "ours": (80, 1.4)}
    for kind, (most, most_grown) in targets.items():
        (sweep,) = found[kind]
        yield Figure(f"{kind} sweep, {title}: memory above bare Python", sweep.peak_mib - bare, MIB, most)
        grown = sweep.gateway_after_mib / sweep.gateway_before_mib
        yield Figure(f"{kind} sweep, {title}: gateway's peak memory, after / before", grown, TIMES, most_grown)


def _swept(folder: Path, kind: str, stale: int, fresh: int) -> Sweep:
    with full(folder, stale, fresh) as filled:
        sweep = filled.sweep(kind)
        left = groups.present(filled.gateway)
    kept = range(stale, stale + fresh)
    if left != set(kept):
        stay, lost = len(left.difference(kept)), fresh - len(left.intersection(kept))
        raise SweepError(f"{kind} sweep: {stay} stale groups stay, {lost} fresh ones are gone; is the machine busy?")
    return sweep


def _compared(found: Mapping[str, Sequence[Sweep]], title: str) -> Iterator[Figure]:
    seconds = {kind: statistics.median(sweep.seconds for sweep in found[kind]) for kind in KINDS}
    for kind in KINDS:
        yield Figure(f"{kind} sweep, {title}", seconds[kind], SECONDS)
    yield Figure(f"sweep, {title}, ours / plain", seconds["ours"] / seconds["plain"], TIMES, 1 / 8)


def _pushed_to(folder: Path, tell: Callable[[str], None]) -> Iterator[Figure]:
    """Sweep while others push to the stale groups, and count the pushes that are lost."""
    lost = {}
    for kind in KINDS:
        tell(f"{kind} sweep, others push")
        with full(folder / f"{kind} pushed to", STALE, FRESH) as filled:
            quiet, busy = Pusher(filled.gateway, PUSHES_PER_SECOND), Pusher(filled.gateway, PUSHES_PER_SECOND)
            with quiet.pushing(range(STALE, STALE + FRESH)):
                time.sleep(QUIET_SECONDS)
            with busy.pushing(_shuffled(STALE)):
                filled.sweep(kind)
            lost[kind] = len(set(busy.pushed) - groups.present(filled.gateway))
        title = f"{kind} sweep, {PUSHES_PER_SECOND} pushes/s"
        yield Figure(f"{title}: fresh groups lost", lost[kind], f"of {len(busy.pushed):,}")
        yield Figure(f"{title}: p99 of a push, during / before", busy.p99 / quiet.p99, TIMES)
    yield Figure("fresh groups lost, ours / plain", lost["ours"] / lost["plain"], TIMES, 1 / 5)


def _shuffled(count: int) -> Sequence[int]:
    return random.Random(0).sample(range(count), count)  # noqa: S311  (the same in every run)


def _deleted(folder: Path) -> Iterator[Figure]:
    """Delete groups that are there, and send the same kind of request by wrk."""
    took = []
    place = folder / "deleting"
    place.mkdir()
    with servers.pushgateway(place) as gateway:
        for _ in range(ROUNDS):
            groups.fill(gateway, range(STALE + FRESH))
            took.append(_delete(gateway, range(STALE)) / STALE)
        fastest = max(_wrk(gateway, connections, place) for connections in WRK_CONNECTIONS)
    ours = 1 / statistics.median(took)
    yield Figure("wrk's fastest", fastest, "deletes/s")
    yield Figure("deleting alone, ours", ours, "deletes/s")
    yield Figure("deleting alone, wrk / ours", fastest / ours, TIMES, 1 / 0.8)


def _delete(gateway: Pushgateway, numbers: Sequence[int]) -> float:
    """Delete groups as a sweep does; return how many seconds it took."""
    listed = [series.write(groups.labels(number)) for number in numbers]
    began = time.perf_counter()
    targets = (path for labels in listed for path in deletion.paths(labels, exact=False))
    connection = Connection(Address.parse(gateway.url))
    left = deletion.pipelined(connection, targets, timeout=servers.REQUEST_SECONDS, tell=lambda _: None)
    seconds = time.perf_counter() - began
    # A 202 is a promise: the gateway keeps up to a thousand of them in its queue.
    until = time.monotonic() + servers.REQUEST_SECONDS
    while not groups.present(gateway).isdisjoint(numbers):
        if left or time.monotonic() > until:
            raise SweepError("not all that was to be deleted is gone")
    return seconds


def _wrk(gateway: Pushgateway, connections: int, folder: Path) -> float:
    """Return how many groups a second wrk deletes; none of them is there, which makes no difference."""
    script = folder / "delete.lua"
    script.write_text('wrk.method = "DELETE"\n', encoding="utf-8")
    options = ("--threads=1", f"--connections={connections}", f"--duration={WRK_SECONDS}s", f"--script={script}")
    url = gateway.url + group.path(groups.labels(STALE + FRESH).items())
    words = (program("wrk"), *options, url)
    told = subprocess.run(words, capture_output=True, text=True, check=True).stdout  # noqa: S603  (our own)
    (rate,) = re.findall(r"^Requests/sec:\s*([\d.]+)$", told, re.MULTILINE)
    return float(rate)
