"""Taking connections on loopback, one thread each, and reading, passing on or breaking off what comes."""

from __future__ import annotations

import http.client
import io
import select
import socket
import ssl
import struct
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from _typeshed import WriteableBuffer

    Talk = Callable[["Server", socket.socket], None]

TICK_SECONDS = 0.02
CONNECT_SECONDS = 5.0
STOP_SECONDS = 10.0
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Request:
    """One request as it arrived; the names of its headers are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Server:
    """A running server of a test: how many connections it took, and the requests in their order."""

    port: int
    scheme: str = "http"
    accepted: int = 0
    requests: list[Request] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"{self.scheme}://{HOST}:{self.port}"

    @property
    def targets(self) -> list[str]:
        """The targets of the requests, in their order."""
        return [request.target for request in self.requests]


@contextmanager
def serving(talk: Talk, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Listen on a free port, and have ``talk`` deal with each connection, over TLS where there is a context."""
    with socket.create_server((HOST, 0)) as listening:
        server = Server(listening.getsockname()[1], "https" if tls else "http")
        with accepting(server, listening, talk, tls):
            yield server


@contextmanager
def accepting(
    server: Server, listening: socket.socket, talk: Talk, tls: ssl.SSLContext | None = None
) -> Iterator[None]:
    """Take the connections of a listening socket meanwhile; afterwards all of them have ended."""
    threads: list[threading.Thread] = []

    def take() -> None:
        while not server.stopping.is_set():
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                server.accepted += 1
                threads.append(threading.Thread(target=_one, args=(server, connection, talk, tls), daemon=True))
                threads[-1].start()

    listening.settimeout(TICK_SECONDS)
    taking = threading.Thread(target=take, daemon=True)
    taking.start()
    try:
        yield
    finally:
        server.stopping.set()
        for thread in (taking, *threads):
            thread.join(STOP_SECONDS)


def _one(server: Server, connection: socket.socket, talk: Talk, tls: ssl.SSLContext | None) -> None:
    # The other end may break off at any time: that is what is tested.
    with suppress(OSError):
        connection.settimeout(CONNECT_SECONDS)
        with tls.wrap_socket(connection, server_side=True) if tls else connection as plain:
            talk(server, plain)


class _Incoming(io.RawIOBase):
    """What a connection brings; ends when the server stops."""

    def __init__(self, server: Server, connection: socket.socket) -> None:
        self._server, self._connection = server, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        connection = self._connection
        while not (isinstance(connection, ssl.SSLSocket) and connection.pending()):
            if self._server.stopping.is_set():
                return 0
            if select.select([connection], [], [], TICK_SECONDS)[0]:
                break
        return connection.recv_into(buffer)


def requests(server: Server, connection: socket.socket) -> Iterator[Request]:
    """Yield the requests of a connection, and record them, until it ends, is no HTTP, or the server stops."""
    stream = io.BufferedReader(_Incoming(server, connection))
    while line := stream.readline().decode("latin-1").strip():
        if line.count(" ") != 2:
            return
        method, target, _ = line.split(" ")
        headers = {name.lower(): value for name, value in http.client.parse_headers(stream).items()}
        body = stream.read(int(headers.get("content-length", 0)))
        request = Request(method, target, headers, body)
        server.requests.append(request)
        yield request


def response(status: int, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Write a response."""
    written = {**headers, "Content-Length": str(len(body))}
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in written.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def forwarded(request: Request, port: int) -> bytes:
    """Return what the server on a port of loopback answers to a request, whose target may be absolute."""
    parts = urlsplit(request.target)
    path = request.target[len(f"{parts.scheme}://{parts.netloc}") :] if parts.scheme else request.target
    upstream = http.client.HTTPConnection(HOST, port, timeout=CONNECT_SECONDS)
    try:
        upstream.request(request.method, path, request.body, {"Content-Type": request.headers.get("content-type", "")})
        answer = upstream.getresponse()
        return response(answer.status, answer.read(), {})
    except (OSError, http.client.HTTPException) as error:
        return response(http.client.BAD_GATEWAY, str(error).encode(), {})
    finally:
        upstream.close()


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other end gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def left(connection: socket.socket) -> bool:
    """Whether the other end has closed, even if there is more to read."""
    watch = select.poll()
    watch.register(connection, select.POLLRDHUP)
    return bool(watch.poll(0))


def pump(
    near: socket.socket, far: socket.socket, *, broken: Callable[[], bool], flows: Callable[[], bool] = lambda: True
) -> None:
    """Pass bytes both ways while they flow, until one end closes or it is broken.

    What is held back is dropped where the near end leaves meanwhile.
    """
    other = {near: far, far: near}
    while not broken():
        if not flows():
            if left(near):
                return
            time.sleep(TICK_SECONDS)
            continue
        for end in select.select([near, far], [], [], TICK_SECONDS)[0]:
            chunk = end.recv(_CHUNK)
            if not chunk:
                return
            other[end].sendall(chunk)
