"""Removing what was emitted, by its mark: the instance, which no Airflow deployment is called."""

from __future__ import annotations

import itertools
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.terms import JOB_LABEL
from dashgen_sweeper import deletion, listing, series
from dashgen_sweeper.sweep import SETTLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dashgen.pushgateway.connection import Connection
    from dashgen_sweeper.sweep import Progress

# An instance that begins so is nobody's: emit takes no other, and removes no other's groups.
MARK = "dashgen-emit"
_MARKED = re.compile(rf"{MARK}[A-Za-z0-9_.-]*")


class Removed(NamedTuple):
    """How many groups are gone, and why the others are not; those by their labels as the text format has them."""

    number: int
    failed: dict[bytes, str]


def is_marked(instance: str) -> bool:
    """Whether groups of this instance are emit's."""
    return _MARKED.fullmatch(instance) is not None


def clean(
    connect: Callable[[], Connection], jobs: Iterable[str], instance: str, *, timeout: float, progress: Progress
) -> Removed:
    """Remove the groups of these jobs whose instance this is, and look whether they are gone.

    ``timeout`` is for each request, in seconds.

    Raises:
        ListingError: the gateway's answer is no listing.
        OSError, http.client.HTTPException: the gateway can't be reached.

    """
    wanted = _of(jobs, instance)
    progress.phase("listing")
    groups = _listed(connect, wanted, timeout)
    progress.phase("removing", len(groups))
    targets = itertools.chain.from_iterable(deletion.paths(labels, exact=True) for labels in groups)
    connection = connect()
    if not connection.proxied:
        unanswered = deletion.pipelined(connection, targets, timeout=timeout, tell=progress.advance)
        targets = itertools.chain(unanswered, targets)
    refused = deletion.one_by_one(connect, targets, timeout=timeout, tell=progress.advance)
    left = groups
    # What a gateway accepts is only promised.
    for pause in SETTLE_SECONDS:
        time.sleep(pause)
        left = _listed(connect, wanted, timeout)
        if len(left) <= len(refused):
            break
    why = {}
    for labels in left:
        (path,) = deletion.paths(labels, exact=True)
        why[labels] = refused.get(path, "still there after it was deleted")
    return Removed(len(groups) - len(left), why)


def _of(jobs: Iterable[str], instance: str) -> Callable[[bytes], bool]:
    """Make the function that says whether a group is ours, by its labels."""
    # Neither the catalog's jobs nor a marked instance hold anything that the text format escapes.
    ours, mark = {job.encode() for job in jobs}, instance.encode()
    job_of, instance_of = series.finder(JOB_LABEL), series.finder(INSTANCE.name)
    return lambda labels: instance_of(labels) == mark and job_of(labels) in ours


def _listed(connect: Callable[[], Connection], wanted: Callable[[bytes], bool], timeout: float) -> list[bytes]:
    connection = connect()
    try:
        found = listing.by_scrape(connection, wanted, deadline=time.monotonic() + timeout, zipped=False)
    except listing.ListingError:
        # An empty gateway, one whose groups contradict each other, or whose metrics page is elsewhere.
        found = listing.by_api(connection, wanted, deadline=time.monotonic() + timeout)
    finally:
        connection.close()
    return list(found.pushed)
