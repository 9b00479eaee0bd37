"""Small faulty servers on loopback, each a context manager: what can stand in a Pushgateway's place.

They run in threads of the test's process and record what arrives. :func:`relay` stands in front
of a real server and misbehaves on demand.
"""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.servers import HOST
from tests.wire import (
    CONNECT_SECONDS,
    TICK_SECONDS,
    Request,
    Server,
    accepting,
    forwarded,
    left,
    pump,
    requests,
    reset,
    response,
    serving,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping

MOST_PENDING = 8


@contextmanager
def refused() -> Iterator[Server]:
    """Hold a port that refuses connections, so that nobody else listens on it meanwhile."""
    with socket.socket() as unheard:
        unheard.bind((HOST, 0))
        yield Server(unheard.getsockname()[1])


@contextmanager
def hanging() -> Iterator[Server]:
    """Accept connections, read requests, and never answer."""

    def talk(server: Server, connection: socket.socket) -> None:
        for _ in requests(server, connection):
            pass
        server.stopping.wait()

    with serving(talk) as server:
        yield server


@contextmanager
def dripping(every: float = 1.0) -> Iterator[Server]:
    """Answer one byte at a time, 80 of them, and break off."""

    def talk(server: Server, connection: socket.socket) -> None:
        for _ in requests(server, connection):
            for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 50:
                connection.sendall(bytes([byte]))
                if server.stopping.wait(every):
                    break
            return

    with serving(talk) as server:
        yield server


@contextmanager
def resetting(*, times: int | None = None, then: int | None = None) -> Iterator[Server]:
    """Reset connections at their first request; after so many of them, port ``then`` answers."""

    def talk(server: Server, connection: socket.socket) -> None:
        number = server.accepted
        for request in requests(server, connection):
            if times is None or then is None or number <= times:
                reset(connection)
                return
            connection.sendall(forwarded(request, then))

    with serving(talk) as server:
        yield server


@contextmanager
def closing() -> Iterator[Server]:
    """Close connections after a request, without an answer."""

    def talk(server: Server, connection: socket.socket) -> None:
        next(requests(server, connection), None)

    with serving(talk) as server:
        yield server


@contextmanager
def blackhole(then: int) -> Iterator[tuple[Server, Callable[[], None]]]:
    """Let connection attempts hang, as a firewall does that drops packets.

    The queue of the listening socket is full, so that the kernel leaves SYNs unanswered. The
    function that comes beside it empties the queue; from then on, requests pass to port ``then``.
    An attempt that hangs goes on when its SYN is sent again: after 1, 3, 7 … seconds.
    """
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind((HOST, 0))
        listening.listen(0)
        fillers: list[socket.socket] = []
        while not fillers or _connects(fillers[-1], listening.getsockname()):
            assert len(fillers) < MOST_PENDING, "no attempt hangs here"
            fillers.append(stack.enter_context(socket.socket()))
        fillers[-1].close()
        server = Server(listening.getsockname()[1])

        def open_up() -> None:
            listening.listen(MOST_PENDING)
            stack.enter_context(accepting(server, listening, _passing_on(then)))

        yield server, open_up


def _connects(client: socket.socket, address: tuple[str, int]) -> bool:
    client.settimeout(0.1)
    try:
        client.connect(address)
    except TimeoutError:
        return False
    return True


def _passing_on(port: int) -> Callable[[Server, socket.socket], None]:
    def talk(server: Server, connection: socket.socket) -> None:
        for request in requests(server, connection):
            connection.sendall(forwarded(request, port))

    return talk


@contextmanager
def answering(  # noqa: PLR0913  (all but the statuses are by keyword, and a test names one or two)
    *statuses: int,
    then: int | None = None,
    headers: Mapping[str, str] | None = None,
    text: str = "",
    before: Callable[[Request], None] | None = None,
    tls: ssl.SSLContext | None = None,
    closes_after: int | None = None,
) -> Iterator[Server]:
    """Answer with the statuses, one after the other; the last one stays, or port ``then`` answers from there on.

    ``before`` is called with each request before it is answered. A connection is closed, without
    a word of warning, after ``closes_after`` answers.
    """
    to_come = list(statuses)
    lock = threading.Lock()

    def status() -> int | None:
        with lock:
            if len(to_come) == 1 and then is None:
                return to_come[0]
            return to_come.pop(0) if to_come else None

    def talk(server: Server, connection: socket.socket) -> None:
        for number, request in enumerate(requests(server, connection), start=1):
            if before is not None:
                before(request)
            chosen = status()
            if chosen is None:
                assert then is not None
                connection.sendall(forwarded(request, then))
            else:
                connection.sendall(response(chosen, text.encode(), headers or {}))
            if number == closes_after:
                return

    with serving(talk, tls) as server:
        yield server


@contextmanager
def proxy() -> Iterator[Server]:
    """Run a proxy that works: absolute targets for http, CONNECT for https; to loopback only."""

    def talk(server: Server, connection: socket.socket) -> None:
        for request in requests(server, connection):
            port = int((urlsplit(request.target).netloc or request.target).rpartition(":")[2])
            if request.method == "CONNECT":
                connection.sendall(response(200, b"", {}))
                with socket.create_connection((HOST, port), CONNECT_SECONDS) as far:
                    pump(connection, far, broken=server.stopping.is_set)
                return
            connection.sendall(forwarded(request, port))

    with serving(talk) as server:
        yield server


class Relay:
    """What stands in front of a server on loopback; ``mode`` and ``target_port`` may change at any time.

    ``pass`` passes bytes on; ``hang`` accepts, and holds everything back until it passes again
    (of a client that gave up meanwhile nothing is passed on); ``refuse`` no longer listens;
    ``reset`` resets. The latter two also reset what is connected.
    """

    MODES = ("pass", "hang", "refuse", "reset")

    def __init__(self, target_port: int) -> None:
        """Take the port of the server behind, and listen."""
        self.target_port = target_port
        self._mode = "pass"
        self._listening = ExitStack()
        self._server = Server(0)
        self._listen()

    @property
    def port(self) -> int:
        """The port in front: the same in every mode."""
        return self._server.port

    @property
    def url(self) -> str:
        """The address in front."""
        return self._server.url

    @property
    def accepted(self) -> int:
        """How many connections it took."""
        return self._server.accepted

    @property
    def mode(self) -> str:
        """What it does."""
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        assert mode in self.MODES, mode
        before, self._mode = self._mode, mode
        if mode == "refuse":
            self._listening.close()
        elif before == "refuse":
            self._listen()

    def close(self) -> None:
        """Stop listening, and end what is connected."""
        self._listening.close()

    def _listen(self) -> None:
        listening = self._listening.enter_context(socket.create_server((HOST, self._server.port)))
        self._server = Server(listening.getsockname()[1], accepted=self._server.accepted)
        self._listening.enter_context(accepting(self._server, listening, self._talk))

    def _talk(self, server: Server, connection: socket.socket) -> None:
        def broken() -> bool:
            return server.stopping.is_set() or self._mode in {"refuse", "reset"}

        def flows() -> bool:
            return self._mode == "pass"

        while not (broken() or flows() or left(connection)):
            server.stopping.wait(TICK_SECONDS)
        if flows() and not broken():
            try:
                with socket.create_connection((HOST, self.target_port), CONNECT_SECONDS) as far:
                    pump(connection, far, broken=broken, flows=flows)
            except OSError:
                reset(connection)
        if broken():
            reset(connection)


@contextmanager
def relay(target_port: int) -> Iterator[Relay]:
    """Run a relay in front of a server on loopback."""
    running = Relay(target_port)
    try:
        yield running
    finally:
        running.close()
