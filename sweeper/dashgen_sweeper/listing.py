"""What a Pushgateway holds, read as a stream: by its scrape, or by its JSON API where that fails.

The scrape is what the gateway must survive anyway; its JSON API takes three times its memory
(measured on Pushgateway 1.5.1 at 100,000 groups). A body that ends early is an error, never a
shorter listing.
"""

from __future__ import annotations

import codecs
import http.client
import itertools
import json
import zlib
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from dashgen.catalog import airflow, pipeline
from dashgen.pushgateway.connection import AccessError, refusal
from dashgen_sweeper import series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashgen.pushgateway.connection import Connection

_CHUNK = 1 << 20
_STATUS = frozenset({airflow.TASK_STATUS.name, airflow.DAG_RUN_STATUS.name})
_PUSHED, _FAILED = pipeline.PUSH_TIME.name, pipeline.PUSH_FAILURE_TIME.name
_RUNNING = 0.0
_NO_TEXT = "\ufffd".encode()


class ListingError(Exception):
    """A gateway's answer that is no listing: another status, a truncated or foreign body."""


class NoAccessError(ListingError, AccessError):
    """The gateway, or a proxy before it, refuses access."""


class InconsistentError(ListingError):
    """The scrape fails because groups contradict each other."""


@dataclass
class Listing:
    """The groups by their labels (see :mod:`dashgen_sweeper.series`); times are unix seconds.

    ``pushed`` holds every group that was asked for; ``failed`` only those with a failed push;
    ``running`` those that say that they are. ``now`` is the gateway's clock. ``exact`` says
    whether labels are the grouping key: a scrape can't tell a group without the label
    ``instance`` from one where it is empty.
    """

    now: float
    exact: bool
    pushed: dict[bytes, float] = field(default_factory=dict)
    failed: dict[bytes, float] = field(default_factory=dict)
    running: set[bytes] = field(default_factory=set)

    def newest(self, group: bytes) -> float:
        """Return when the group was last pushed to, well or not; 0 where that is not known."""
        return max(self.pushed.get(group, 0.0), self.failed.get(group, 0.0))


def by_scrape(connection: Connection, wanted: Callable[[bytes], bool], *, deadline: float, zipped: bool) -> Listing:
    """List the groups whose labels are ``wanted`` by the gateway's own metrics page.

    Raises:
        InconsistentError: the page fails because groups contradict each other.
        ListingError: the answer is no listing.
        OSError, http.client.HTTPException: there is no whole answer by ``deadline`` (``time.monotonic``).

    """
    headers = {"Accept-Encoding": "gzip"} if zipped else {}
    with connection.stream("/metrics", headers=headers, deadline=deadline) as response:
        written = lines(response)
        listing = Listing(_clock(response), exact=False)
        try:
            _take_samples(listing, written, wanted)
        except ValueError as error:
            raise ListingError(f"the answer is not as a Pushgateway writes it: {error}") from None
    return listing


def by_api(connection: Connection, wanted: Callable[[bytes], bool], *, deadline: float) -> Listing:
    """List the groups whose labels are ``wanted`` by the JSON API, which a contradiction does not stop.

    Raises:
        ListingError: the answer is no listing.
        OSError, http.client.HTTPException: there is no whole answer by ``deadline`` (``time.monotonic``).

    """
    with connection.stream("/api/v1/metrics", headers={}, deadline=deadline) as response:
        found = groups(response)
        listing = Listing(_clock(response), exact=True)
        for group in found:
            _take_group(listing, group, wanted)
    return listing


def lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Return the lines of the metrics page, as they arrive.

    Raises:
        InconsistentError: the page fails because groups contradict each other.
        ListingError: the answer is another status; while reading, that it ends early.

    """
    if response.status == http.client.INTERNAL_SERVER_ERROR:
        raise InconsistentError(_beginning(response))
    _expect_ok(response)
    return _lines(_chunks(response))


def groups(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    """Return the groups of the JSON API, as they arrive.

    Raises:
        ListingError: the answer is another status; while reading, that it is no listing or ends early.

    """
    _expect_ok(response)
    return _groups(_chunks(response))


def _take_samples(listing: Listing, lines: Iterable[bytes], wanted: Callable[[bytes], bool]) -> None:
    status = {name.encode() for name in _STATUS}
    pushed, failed = _PUSHED.encode(), _FAILED.encode()
    names = {*status, pushed, failed}
    known = False
    for line in lines:
        name, _, sample = line.partition(b"{")
        if name not in names:
            continue
        known = True
        labels, _, value = sample.rpartition(b"} ")
        number = float(value)
        # Whether a group is wanted takes longer to find out than all the rest, so it comes last.
        if name == pushed:
            if wanted(labels):
                listing.pushed[labels] = number
        elif name == failed:
            if number > 0 and wanted(labels):
                listing.failed[labels] = number
        elif number == _RUNNING and wanted(labels):
            listing.running.add(labels)
    if not known:
        # An empty gateway, or no gateway at all: its API can say which.
        raise ListingError("the answer tells of no groups")


def _take_group(listing: Listing, group: dict[str, Any], wanted: Callable[[bytes], bool]) -> None:
    try:
        key = group["labels"]
        # A pushed metric may be called labels; the gateway's own samples have them too.
        named_so = isinstance(key.get("metrics"), list)
        labels = series.write(group[_PUSHED]["metrics"][0]["labels"] if named_so else key)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise ListingError(f"a group is not as a Pushgateway tells it: {str(group)[:200]}") from None
    pushed, failed = _time(group, _PUSHED), _time(group, _FAILED)
    # In place of bytes that are no text the API writes this: the labels may be another group's.
    if _NO_TEXT in labels or not wanted(labels):
        return
    listing.pushed[labels] = pushed
    if failed > 0:
        listing.failed[labels] = failed
    if any(sample.get("value") == "0" for name in _STATUS for sample in group.get(name, {}).get("metrics", ())):
        listing.running.add(labels)


def _time(group: dict[str, Any], name: str) -> float:
    """Return a group's time, 0 where it has none: one such group stops no sweep, and stays."""
    try:
        return float(group[name]["metrics"][0]["value"])
    except (KeyError, IndexError, TypeError, ValueError):
        return 0.0


def _groups(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """Decode one group after the other, so that never more than one and a chunk are in memory."""
    decode = json.JSONDecoder().raw_decode
    text, started = "", False
    incremental = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for chunk in chunks:
        text += incremental.decode(chunk)
        if not started:
            before, found, text = text.partition('"data":[')
            if not found:
                text = before
                continue
            started = True
        at = 0
        while True:
            begin = at + (text[at : at + 1] == ",")
            try:
                group, at = decode(text, begin)
            except ValueError:
                break
            yield group
        text = text[at:]
    if not started or text.split() != ["]}"]:
        raise ListingError("the answer is no JSON listing, or ends early")


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        raise ListingError("the answer ends in the middle of a line")


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield the body, unzipped; nothing that may be cut off passes as whole."""
    zipped = response.headers.get("Content-Encoding", "") == "gzip"
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        while chunk := response.read(_CHUNK):
            yield unzip.decompress(chunk) if zipped else chunk
    except zlib.error as error:
        raise ListingError(f"the answer can't be unzipped: {error}") from None
    told = response.chunked or response.length == 0
    if not (unzip.eof if zipped else told):
        raise ListingError("the answer ends early")


def _expect_ok(response: http.client.HTTPResponse) -> None:
    if refused := refusal(response.status):
        raise NoAccessError(refused)
    if response.status != http.client.OK:
        raise ListingError(f"{response.status} {_beginning(response)}".strip())


def _beginning(response: http.client.HTTPResponse) -> str:
    body = b"".join(itertools.islice(_chunks(response), 1))
    return " ".join(body[:300].decode(errors="replace").split())


def _clock(response: http.client.HTTPResponse) -> float:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        raise ListingError("the answer does not tell the gateway's time (no Date header)") from None
