"""Adding to many groups of a gateway: pipelined on one connection, or one request after the other.

Adding the same values again changes nothing, so what was not answered is sent again.
"""

from __future__ import annotations

import http.client
import itertools
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from dashgen.pushgateway.connection import AccessError, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from dashgen.pushgateway.connection import Answer, Connection

    Tell = Callable[[int], None]

# Requests under way at a time: more does not help a gateway that applies one write at a time.
DEPTH = 64
# Without the consistency check a gateway says 202, with it 200; neither with a body.
_TAKEN = (http.client.OK, http.client.ACCEPTED)
_TAKEN_HEADS = tuple(f"HTTP/1.1 {int(status)} ".encode() for status in _TAKEN)
_READ = 1 << 16
_MOMENT_SECONDS = 0.001
_END_OF_HEAD = b"\r\n\r\n"


class Body(NamedTuple):
    """What is added to a group: its path, and exposition text."""

    path: str
    text: bytes


class RefusedError(Exception):
    """The gateway does not take a group, or the answer is not a gateway's."""


def send(connection: Connection, bodies: Iterable[Body], *, timeout: float, tell: Tell) -> None:
    """Add all bodies to their groups; ``tell`` gets the numbers that were taken.

    ``timeout`` is for each wait for answers, in seconds.

    Raises:
        RefusedError: the gateway refuses one; those before it were taken.
        AccessError: it wants other credentials.
        OSError, http.client.HTTPException: the gateway can't be reached.

    """
    rest = iter(bodies)
    if not connection.proxied:
        rest = itertools.chain(_pipelined(connection, rest, timeout=timeout, tell=tell), rest)
    for body in rest:
        answer = _sent(connection, body, timeout)
        if refused := refusal(answer.status):
            raise AccessError(refused)
        if answer.status not in _TAKEN or answer.text:
            said = " ".join(f"{answer.status} {answer.text[:200]}".split())
            raise RefusedError(f"{body.path} is refused: {said}")
        tell(1)


def _pipelined(connection: Connection, bodies: Iterator[Body], *, timeout: float, tell: Tell) -> list[Body]:
    """Send on while answers are under way, until an answer is not the usual one or the connection breaks.

    Returns the bodies that were taken from ``bodies`` and are not known to be accepted.
    """
    sent: deque[Body] = deque()
    left, more = b"", True
    try:
        with connection.raw("POST", deadline=time.monotonic() + timeout) as (socket, request):
            deadline = time.monotonic() + timeout
            while more or sent:
                # At least a moment: 0 would mean not to wait at all.
                socket.settimeout(max(deadline - time.monotonic(), _MOMENT_SECONDS))
                if more and len(sent) <= DEPTH:
                    batch = list(itertools.islice(bodies, DEPTH))
                    more = len(batch) == DEPTH
                    sent.extend(batch)
                    socket.sendall(b"".join(request(*body) for body in batch))
                    continue
                read = socket.recv(_READ)
                *answers, left = (left + read).split(_END_OF_HEAD)
                taken = sum(1 for _ in itertools.takewhile(_is_taken, answers))
                if taken > len(sent):  # then nobody knows which answer is whose
                    break
                for _ in range(taken):
                    sent.popleft()
                tell(taken)
                if taken < len(answers) or not read or len(left) > _READ:
                    break
                if taken:
                    deadline = time.monotonic() + timeout
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):
        pass
    return list(sent)


def _is_taken(answer: bytes) -> bool:
    return answer.startswith(_TAKEN_HEADS) and b"\r\nContent-Length: 0" in answer


def _sent(connection: Connection, body: Body, timeout: float) -> Answer:
    """Send one body; once more where the connection was closed meanwhile."""

    def once() -> Answer:
        return connection.request("POST", body.path, body=body.text, deadline=time.monotonic() + timeout)

    try:
        return once()
    except (ConnectionError, http.client.HTTPException):
        return once()
