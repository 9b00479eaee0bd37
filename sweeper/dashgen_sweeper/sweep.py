"""One sweep: list, decide, delete, list again to see that it is gone."""

from __future__ import annotations

import ipaddress
import itertools
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from dashgen.pushgateway.connection import Connection
from dashgen_sweeper import deletion, listing, series
from dashgen_sweeper.plan import Selection, colliding, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashgen.pushgateway.address import Address
    from dashgen_sweeper.listing import Listing

# A listing that took longer may have been overtaken by pushes.
SLOW_LISTING_SECONDS = 5.0
# A busy gateway has up to 1,000 writes in its queue before ours.
SETTLE_SECONDS = (0.0, 0.2, 1.0, 3.0)


class RefusedError(Exception):
    """A sweep that would be wrong: nothing was deleted."""


@dataclass(frozen=True)
class Options:
    """What to sweep and how; ``limit`` is the most groups deleted, ``timeout`` in seconds for each request."""

    address: Address
    selection: Selection
    ca_file: str = ""
    client_cert: tuple[str, str] | None = None
    limit: int | None = None
    dry_run: bool = False
    heal: bool = False
    any_clock: bool = False
    pipeline: bool = True
    timeout: float = 120.0


@dataclass
class Result:
    """What a sweep did; groups are their labels as Prometheus' text format writes them.

    ``finished`` says whether it came to its end; ``seen`` counts the groups that it was allowed to
    touch, ``running`` those past their time that stay as they say that they are running,
    ``postponed`` those above the limit. ``accepted`` counts the deletions that the gateway took,
    ``deleted`` are those seen to be gone (all that would go, in a dry run), ``failed`` says why
    each group that should be gone is not. ``inconsistent`` is what the gateway says when its
    groups contradict each other, ``poison`` the failed groups that do, ``healed`` those of them
    that were deleted; ``untold`` why the sweeper's own metrics did not arrive. Ages and durations
    are in seconds.
    """

    finished: bool = False
    seen: int = 0
    running: int = 0
    postponed: int = 0
    accepted: int = 0
    deleted: list[bytes] = field(default_factory=list)
    failed: dict[bytes, str] = field(default_factory=dict)
    inconsistent: str = ""
    poison: list[bytes] = field(default_factory=list)
    healed: list[bytes] = field(default_factory=list)
    oldest_age: float = 0.0
    duration: float = 0.0
    interrupted: bool = False
    untold: str = ""

    @property
    def kept(self) -> int:
        """Groups that stay, as they should."""
        return self.seen - len(self.deleted) - len(self.failed)

    @property
    def counts(self) -> dict[str, int]:
        """The groups by what was done with them, as the catalog's metric has it."""
        deleted, failed = len(self.deleted), len(self.failed)
        return {"seen": self.seen, "deleted": deleted, "kept": self.kept, "failed": failed}

    @property
    def clean(self) -> bool:
        """Whether nothing is left that should be gone."""
        return self.finished and not (self.failed or self.inconsistent)


class Progress:
    """What a sweep tells while it runs; this one tells nobody."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Begin a phase: so many groups, or nobody knows how many."""

    def advance(self, number: int) -> None:
        """So many groups more."""


def sweep(options: Options, result: Result, progress: Progress | None = None) -> None:
    """Remove the groups that have expired, and write into ``result`` what was done, until it ends or fails.

    Ctrl-C ends it as a result that is not clean.

    Raises:
        RefusedError: the clocks differ too much.
        ListingError: the gateway's answer is no listing.
        OSError, http.client.HTTPException: the gateway can't be reached.

    """
    started = time.monotonic()
    try:
        _Sweep(options, result, progress or Progress()).run()
    except KeyboardInterrupt:
        result.interrupted = True
    except series.LabelsError as error:
        raise listing.ListingError(str(error)) from None
    finally:
        result.duration = time.monotonic() - started


class _Sweep:
    def __init__(self, options: Options, result: Result, progress: Progress) -> None:
        self._options, self._progress = options, progress
        self.result = result
        self._wanted = options.selection.wanted()
        self._connect = partial(Connection, options.address, options.ca_file, options.client_cert)
        self._zipped = not _is_loopback(options.address.host)

    def run(self) -> None:
        options, before = self._options, time.monotonic()
        expired, exact = self._decide()
        if options.dry_run:
            self.result.deleted = list(expired)
        elif expired:
            if time.monotonic() - before > SLOW_LISTING_SECONDS:
                del expired  # two listings at once are the most that would ever be held
                expired, exact = self._decide()
            self._delete(expired, exact=exact)
        self.result.finished = True

    def _decide(self) -> tuple[dict[bytes, float], bool]:
        """List; return the groups that shall go with the times of their latest pushes, and whether labels are exact."""
        result, found = self.result, self._list(self._wanted)
        self._check_clock(found)
        chosen = plan(found, self._options.selection, self._options.limit)
        result.seen, result.oldest_age = chosen.seen, chosen.oldest_age
        result.running, result.postponed = chosen.running, chosen.postponed
        return {labels: found.newest(labels) for labels in chosen.expired}, found.exact

    def _list(self, wanted: Callable[[bytes], bool]) -> Listing:
        """List by a scrape what is ``wanted`` there, or else by the API all that may be touched."""
        self._progress.phase("listing")
        connection, deadline = self._connect(), time.monotonic() + self._options.timeout
        # What contradicts each other may come and go, also by what is deleted here.
        self.result.inconsistent, self.result.poison = "", []
        try:
            return listing.by_scrape(connection, wanted, deadline=deadline, zipped=self._zipped)
        except listing.InconsistentError as error:
            self.result.inconsistent = str(error)
            self._find_poison()
        except listing.ListingError:
            # The metrics page may be elsewhere (--web.telemetry-path); whatever else is wrong shows below.
            pass
        finally:
            connection.close()
        return self._list_by_api(self._wanted)

    def _list_by_api(self, wanted: Callable[[bytes], bool]) -> Listing:
        connection = self._connect()
        try:
            return listing.by_api(connection, wanted, deadline=time.monotonic() + self._options.timeout)
        finally:
            connection.close()

    def _find_poison(self) -> None:
        """Find groups that collide; with ``heal``, delete the failed one of each two."""
        result, options = self.result, self._options
        result.poison = colliding(self._list_by_api(lambda _: True))
        if options.heal and not options.dry_run and result.poison:
            targets = _paths(result.poison, exact=True)
            failed = deletion.one_by_one(self._connect, targets, timeout=options.timeout, tell=lambda _: None)
            if not failed:
                result.healed, result.poison = result.healed + result.poison, []
                result.inconsistent = self._contradiction()

    def _contradiction(self) -> str:
        """Return what the gateway says of groups that contradict each other, once its queue is done."""
        told = ""
        for pause in SETTLE_SECONDS:
            time.sleep(pause)
            connection, deadline = self._connect(), time.monotonic() + self._options.timeout
            try:
                listing.by_scrape(connection, lambda _: False, deadline=deadline, zipped=self._zipped)
            except listing.InconsistentError as error:
                told = str(error)
            except listing.ListingError:
                return ""
            else:
                return ""
            finally:
                connection.close()
        return told

    def _check_clock(self, found: Listing) -> None:
        # The header has whole seconds.
        apart = max(abs(found.now - time.time()) - 1, 0)
        if 2 * apart > self._options.selection.max_age and not self._options.any_clock:
            raise RefusedError(
                f"the gateway's clock and this machine's are {apart:.0f} s apart, more than half of the greatest age"
            )

    def _delete(self, expired: dict[bytes, float], *, exact: bool) -> None:
        """Delete, and look whether it is gone: what a gateway accepts is only promised."""
        left, why = expired, dict[bytes, str]()
        for phase in ("deleting", "deleting again"):
            self._progress.phase(phase, len(left))
            why = self._send(left, exact=exact)
            left = self._still_there(left, why, exact=exact)
            if not left:
                break
        gone = [labels for labels in expired if labels not in left]
        self.result.failed = {labels: why.get(labels, "still there after it was deleted") for labels in left}
        self.result.deleted = gone

    def _send(self, expired: dict[bytes, float], *, exact: bool) -> dict[bytes, str]:
        """Send a DELETE for each group; return why those that failed did."""
        targets, timeout = _paths(expired, exact=exact), self._options.timeout
        connection = self._connect()

        def tell(number: int) -> None:
            self.result.accepted += number
            self._progress.advance(number)

        if self._options.pipeline and not connection.proxied:
            unanswered = deletion.pipelined(connection, targets, timeout=timeout, tell=tell)
            targets = itertools.chain(unanswered, targets)
        failed = deletion.one_by_one(self._connect, targets, timeout=timeout, tell=tell)
        return (
            {labels: failed[path] for labels in expired for path in _paths([labels], exact=exact) if path in failed}
            if failed
            else {}
        )

    def _still_there(self, deleted: dict[bytes, float], failed: dict[bytes, str], *, exact: bool) -> dict[bytes, float]:
        """List until what was deleted is gone, or nothing more goes; what failed to be deleted is not waited for."""
        left, waited = deleted, 0
        while waited < len(SETTLE_SECONDS):
            time.sleep(SETTLE_SECONDS[waited])
            before, left = left, self._unchanged(left, exact=exact)
            if left.keys() <= failed.keys():
                break
            # While some go, the gateway is still at its queue; deleting again would only lengthen that.
            waited = waited + 1 if len(left) == len(before) else 1
        return left

    def _unchanged(self, groups: dict[bytes, float], *, exact: bool) -> dict[bytes, float]:
        """List again; return the groups that are there and have not been pushed to since."""
        found = self._list(self._wanted if exact else groups.__contains__)
        if found.exact == exact:
            return {
                labels: time
                for labels, time in groups.items()
                if labels in found.pushed and found.newest(labels) == time
            }
        # One of the two could not tell an empty instance from none.
        there = {(series.with_instance(labels), found.newest(labels)) for labels in found.pushed}
        return {labels: time for labels, time in groups.items() if (series.with_instance(labels), time) in there}


def _paths(groups: Iterable[bytes], *, exact: bool) -> Iterator[str]:
    return (path for labels in groups for path in deletion.paths(labels, exact=exact))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
