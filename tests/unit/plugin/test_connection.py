"""One connection, and the deadline that holds for all that it does."""

from __future__ import annotations

import socket
import ssl
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.pushgateway.address import Address, AddressError
from dashgen.pushgateway.connection import Connection
from tests import certificates, faulty, wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEADLINE = 0.6
SLACK = 1.0
PATIENT = 10.0


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the machine's own proxies out."""
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def connected(url: str, ca_file: str = "") -> Iterator[Connection]:
    """Yield a connection to an address, closed afterwards."""
    connection = Connection(Address.parse(url), ca_file)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def times_out() -> Iterator[None]:
    """Assert that what is done ends by the deadline, and not before, by a timeout."""
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        yield
    assert DEADLINE - 0.05 < time.monotonic() - started < DEADLINE + SLACK


def soon(seconds: float = PATIENT) -> float:
    """Return a deadline."""
    return time.monotonic() + seconds


def test_hanging() -> None:
    """An answer that never comes is waited for until the deadline."""
    with faulty.hanging() as server, connected(server.url) as connection, times_out():
        connection.request("GET", "/", deadline=soon(DEADLINE))


def test_dripping() -> None:
    """An answer that comes byte by byte is read until the deadline, not for as long as bytes come."""
    with faulty.dripping(0.1) as server, connected(server.url) as connection, times_out():
        connection.request("GET", "/", deadline=soon(DEADLINE))


def test_dropped_packets() -> None:
    """An attempt to connect that nobody answers ends by the deadline."""
    with faulty.blackhole(0) as (server, _), connected(server.url) as connection, times_out():
        connection.open(soon(DEADLINE))


def test_next_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host's address that swallows everything leaves time for the next one."""
    real = socket.getaddrinfo

    def resolve(host: str, *others: Any, **options: Any) -> list[Any]:  # noqa: ANN401  (the system's own signature)
        hosts = ("127.0.0.1", "127.0.0.2") if host == "two.invalid" else (host,)
        return [found for each in hosts for found in real(each, *others, **options)]

    with faulty.blackhole(0) as (server, _):
        port = int(server.url.rpartition(":")[2])
        with socket.create_server(("127.0.0.2", port)), connected(f"http://two.invalid:{port}") as connection:
            monkeypatch.setattr(socket, "getaddrinfo", resolve)
            connection.open(soon(DEADLINE))


def test_reader_that_stops() -> None:
    """A body that the server does not read is sent until the deadline."""

    def talk(server: wire.Server, _: socket.socket) -> None:
        server.stopping.wait(PATIENT)

    with wire.serving(talk) as server, connected(server.url) as connection, times_out():
        connection.request("POST", "/", body=b"x" * 50_000_000, deadline=soon(DEADLINE))


def test_hanging_handshake() -> None:
    """A server that never answers to TLS is waited for until the deadline."""
    with (
        faulty.hanging() as server,
        connected(server.url.replace("http", "https")) as connection,
        times_out(),
    ):
        connection.open(soon(DEADLINE))


def test_dripping_over_tls(tmp_path: Path) -> None:
    """The deadline holds over TLS, too."""
    made = certificates.made(tmp_path)

    def talk(server: wire.Server, plain: socket.socket) -> None:
        for _ in wire.requests(server, plain):
            for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 50:
                plain.sendall(bytes([byte]))
                if server.stopping.wait(0.1):
                    return

    with wire.serving(talk, made.server) as server, connected(server.url, str(made.authority)) as connection:
        connection.open(soon())
        with times_out():
            connection.request("GET", "/", deadline=soon(DEADLINE))


def test_deadline_that_has_passed() -> None:
    """What is due already is not tried."""
    with faulty.answering(200) as server, connected(server.url) as connection:
        with pytest.raises(TimeoutError):
            connection.request("GET", "/", deadline=time.monotonic())
        connection.open(soon())
        with pytest.raises(TimeoutError):
            connection.request("GET", "/", deadline=time.monotonic())
    assert server.requests == []


def test_deadline_of_each_request() -> None:
    """A later request on the same connection has its own deadline."""
    with faulty.answering(200, before=lambda _: time.sleep(0.3)) as server, connected(server.url) as connection:
        for _ in range(3):
            assert connection.request("GET", "/", deadline=soon(DEADLINE)).status == 200
    assert server.accepted == 1


def test_after_a_timeout() -> None:
    """A request whose answer came too late does not leave that answer to the next one."""
    waits = iter([0.5, 0])
    with (
        faulty.answering(500, 200, before=lambda _: time.sleep(next(waits))) as server,
        connected(server.url) as connection,
    ):
        with pytest.raises(TimeoutError):
            connection.request("GET", "/first", deadline=soon(0.1))
        time.sleep(DEADLINE)
        assert connection.request("GET", "/second", deadline=soon()).status == 200
    assert server.accepted == 2


@pytest.mark.parametrize("length", [0, 10, 1 << 16, (1 << 16) + 1, 1 << 20])
def test_answer(length: int) -> None:
    """The status and up to 64 KiB of the body are the answer; the connection serves again, whatever was left."""
    with faulty.answering(404, 200, text="x" * length) as server, connected(server.url) as connection:
        for status in (404, 200):
            answer = connection.request("GET", "/a", deadline=soon())
            assert answer == (status, "x" * min(length, 1 << 16))
    assert server.accepted == (1 if length <= 1 << 16 else 2)


def test_answer_that_is_no_text() -> None:
    """Bytes that are no UTF-8 are replaced."""

    def talk(server: wire.Server, connection: socket.socket) -> None:
        for _ in wire.requests(server, connection):
            connection.sendall(wire.response(200, b"\xff!", {}))

    with wire.serving(talk) as server, connected(server.url) as connection:
        assert connection.request("GET", "/", deadline=soon()).text == "\ufffd!"


def test_request() -> None:
    """Method, path below the address's own, headers, body and credentials arrive as given."""
    with faulty.answering(200) as server:
        url = server.url.replace("://", "://me:word@") + "/push"
        with connected(url) as connection:
            connection.request("PUT", "/a%2Fb?c", body=b"\x00d", headers={"X-Own": "1"}, deadline=soon())
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("PUT", "/push/a%2Fb?c", b"\x00d")
    assert request.headers["x-own"] == "1"
    assert request.headers["authorization"] == "Basic bWU6d29yZA=="
    assert request.headers["host"] == server.url.removeprefix("http://")


@pytest.mark.parametrize("closing", [faulty.closing, faulty.resetting])
def test_broken_off(closing: type) -> None:
    """A server that breaks off is an error that may be tried again, on a new connection."""
    with closing() as server, connected(server.url) as connection:
        for _ in range(2):
            with pytest.raises(ConnectionError):
                connection.request("GET", "/", deadline=soon())
    assert server.accepted == 2


def test_announced_close() -> None:
    """A server that says that it closes is connected to anew."""
    with (
        faulty.answering(200, headers={"Connection": "close"}, closes_after=1) as server,
        connected(server.url) as connection,
    ):
        for _ in range(3):
            assert connection.request("GET", "/", deadline=soon()).status == 200
    assert server.accepted == 3


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(status: int) -> None:
    """A redirect is an answer, not followed."""
    with (
        faulty.answering(200) as elsewhere,
        faulty.answering(status, headers={"Location": elsewhere.url}) as server,
        connected(server.url) as connection,
    ):
        assert connection.request("POST", "/", body=b"x", deadline=soon()).status == status
    assert elsewhere.accepted == 0


@pytest.mark.parametrize("no_proxy", ["", "127.0.0.1", "elsewhere"])
def test_proxy(monkeypatch: pytest.MonkeyPatch, no_proxy: str) -> None:
    """A proxy is asked with the whole address, unless the host is an exception."""
    with faulty.answering(200) as server, faulty.proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.removeprefix("http://"))
        monkeypatch.setenv("no_proxy", no_proxy)
        with connected(server.url + "/push") as connection:
            assert connection.request("POST", "/a?b", body=b"x", deadline=soon()).status == 200
    assert [request.target for request in server.requests] == ["/push/a?b"]
    assert proxy.targets == ([] if no_proxy == "127.0.0.1" else [f"{server.url}/push/a?b"])


@pytest.mark.parametrize("proxy", ["socks5://me:word@localhost", "http://me:word@localhost:port"])
def test_unusable_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """A proxy that can't be used is an error without its credentials."""
    monkeypatch.setenv("http_proxy", proxy)
    with pytest.raises(AddressError) as error, connected("http://gateway"):
        pass
    assert "word" not in str(error.value)


def test_certificate(tmp_path: Path) -> None:
    """A certificate must be signed by a trusted authority and be the host's."""
    made = certificates.made(tmp_path)
    with faulty.answering(200, tls=made.server) as server:
        with connected(server.url, str(made.authority)) as connection:
            assert connection.request("GET", "/", deadline=soon()).status == 200
        with connected(server.url) as connection, pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/", deadline=soon())
        other_name = server.url.replace("127.0.0.1", "localhost")
        with connected(other_name, str(made.authority)) as connection, pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/", deadline=soon())
    assert len(server.requests) == 1
