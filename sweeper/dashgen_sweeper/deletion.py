"""Deleting groups: pipelined on one connection, or one after the other on a few.

A gateway answers every DELETE of a group with 202 and an empty body, whether the group was
there or not, and before it is gone. Deleting twice does no harm, so what was not answered is
sent again.
"""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE
from dashgen.catalog.terms import JOB_LABEL
from dashgen.pushgateway import group
from dashgen_sweeper import series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dashgen.pushgateway.connection import Connection

    Tell = Callable[[int], None]

# More does not help a gateway that applies one write at a time.
DEPTH = 64
CONNECTIONS = 4
_READ = 1 << 16
_MOMENT_SECONDS = 0.001
_END_OF_HEAD = b"\r\n\r\n"
_MOST_FAILURES_IN_A_ROW = 3


def paths(labels: bytes, *, exact: bool) -> list[str]:
    """Return the paths of the groups that a listing's labels may mean.

    Raises:
        LabelsError: they are no labels.

    """
    key = series.parse(labels)
    job = (JOB_LABEL, key.pop(JOB_LABEL, ""))
    keys = [key]
    if not exact and key.get(INSTANCE.name) == "":
        keys.append({name: value for name, value in key.items() if name != INSTANCE.name})
    return [group.path([job, *each.items()]) for each in keys]


def pipelined(connection: Connection, targets: Iterator[str], *, timeout: float, tell: Tell) -> list[str]:
    """Delete the groups at these paths, sending on while answers are under way.

    Ends early at an answer that is not the usual one, or when the connection breaks. Returns the
    paths that were taken from ``targets`` and are not known to be accepted. ``tell`` gets the
    numbers accepted; ``timeout`` is for each wait until more are, in seconds.
    """
    sent: deque[str] = deque()
    rest, more = b"", True
    try:
        with connection.raw("DELETE", deadline=time.monotonic() + timeout) as (socket, request):
            deadline = time.monotonic() + timeout
            while more or sent:
                # At least a moment: 0 would mean not to wait at all.
                socket.settimeout(max(deadline - time.monotonic(), _MOMENT_SECONDS))
                if more and len(sent) <= DEPTH:
                    batch = list(itertools.islice(targets, DEPTH))
                    more = len(batch) == DEPTH
                    sent.extend(batch)
                    socket.sendall(b"".join(map(request, batch)))
                    continue
                read = socket.recv(_READ)
                *answers, rest = (rest + read).split(_END_OF_HEAD)
                usual = sum(1 for _ in _usual(answers))
                if usual > len(sent):  # then nobody knows which answer is whose
                    break
                for _ in range(usual):
                    sent.popleft()
                tell(usual)
                if usual < len(answers) or not read or len(rest) > _READ:
                    break
                if usual:
                    deadline = time.monotonic() + timeout
    except (OSError, http.client.HTTPException):
        pass
    return list(sent)


def _usual(answers: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the answers before the first that is not a 202 without a body."""
    for answer in answers:
        if not (answer.startswith(b"HTTP/1.1 202 ") and b"\r\nContent-Length: 0" in answer):
            return
        yield answer


def one_by_one(
    connect: Callable[[], Connection], targets: Iterator[str], *, timeout: float, tell: Tell
) -> dict[str, str]:
    """Delete the groups at these paths, one request at a time on a few connections.

    Returns why each that failed did; after several failures to reach the gateway in a row, the
    rest is not tried. ``timeout`` is for each request, in seconds.
    """
    failed: dict[str, str] = {}
    lock, stop = threading.Lock(), threading.Event()

    def next_path() -> str | None:
        with lock:  # a generator can't be advanced by two threads at once
            return None if stop.is_set() else next(targets, None)

    def work() -> None:
        connection, trouble = connect(), 0
        while (path := next_path()) is not None:
            try:
                answer = connection.request("DELETE", path, deadline=time.monotonic() + timeout)
            except (OSError, http.client.HTTPException) as error:
                failed[path] = str(error) or type(error).__name__
                trouble += 1
                if trouble == _MOST_FAILURES_IN_A_ROW:
                    stop.set()
                continue
            trouble = 0
            if answer.status == http.client.ACCEPTED:
                tell(1)
            else:
                failed[path] = f"{answer.status} {answer.text[:200]}".strip()
        connection.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(CONNECTIONS)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        failed.update(dict.fromkeys(targets, "not tried: too many before it failed"))
    finally:
        stop.set()
    return failed
