"""One kept-alive HTTP connection whose every request ends by a deadline.

A timeout of a socket begins anew with each byte that arrives: a server that sends one byte a
second holds the caller for as long as it likes. Here what is left until the deadline is set
before each read. Name resolution alone can take longer: nothing can interrupt it.

Redirects are not followed. Proxies come from the environment (``http_proxy``, ``https_proxy``,
``no_proxy``), as for urllib.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple
from urllib.request import getproxies, proxy_bypass

from dashgen.pushgateway.address import Address, AddressError

TYPE_CHECKING = False  # typing's own costs the plugin's import 3 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from typing_extensions import Buffer

_MOST_BYTES_READ = 1 << 16
_REFUSED = (http.client.UNAUTHORIZED, http.client.FORBIDDEN, http.client.PROXY_AUTHENTICATION_REQUIRED)


class AccessError(Exception):
    """A server, or a proxy before it, wants other credentials; the message is :func:`refusal`'s."""


class Answer(NamedTuple):
    """What a server answered: the status, and the body's beginning as text."""

    status: int
    text: str


def refusal(status: int) -> str:
    """Say that an answer of this status refuses access; empty where it does not."""
    return f"refuses access: {status} {http.client.responses[status]}" if status in _REFUSED else ""


class Connection:
    """A connection to one server, made when it is needed and kept until :meth:`close`.

    ``ca_file`` is a PEM file of authorities to trust instead of the system's, ``client_cert`` the
    PEM files of a certificate and its key (both may be in the first).
    """

    def __init__(self, address: Address, ca_file: str = "", client_cert: tuple[str, str] | None = None) -> None:
        """Take the address; nothing is connected yet.

        Raises:
            AddressError: the environment's proxy has no valid address.

        """
        self._address = address
        self._ca_file = ca_file
        self._client_cert = client_cert
        self._proxy = _proxy(address)
        self._http: http.client.HTTPConnection | None = None
        self._deadline = 0.0

    @property
    def proxied(self) -> bool:
        """Whether requests go to a proxy, which may not pass them on as they come."""
        return self._proxy is not None

    def open(self, deadline: float) -> None:
        """Connect unless connected, by ``deadline`` (seconds of ``time.monotonic``).

        Raises:
            AddressError: a file for TLS can't be used, or the host's name can't be one.
            OSError, http.client.HTTPException: there is no connection by then.

        """
        self._deadline = deadline
        if self._http is None:
            http_connection = self._new()
            try:
                http_connection.connect()
            except BaseException:
                http_connection.close()
                raise
            self._http = http_connection

    def request(
        self, method: str, path: str, *, deadline: float, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request and read its answer, all by ``deadline`` (seconds of ``time.monotonic``).

        Raises:
            OSError, http.client.HTTPException: there is no whole answer by then; the connection is closed.

        """
        try:
            self.open(deadline)
            return self._exchange(method, path, body, headers or {})
        except BaseException:
            self.close()
            raise

    @contextmanager
    def stream(
        self, path: str, *, deadline: float, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """Hand over the answer to a request, to be read piece by piece, all by ``deadline``.

        GET, or POST where there is a body.

        The connection is closed unless the answer was read to its end.

        Raises:
            OSError, http.client.HTTPException: there is no answer by then; reading it may raise them too.

        """
        try:
            self.open(deadline)
            response = self._send("POST" if body else "GET", path, body, headers or {})
            yield response
        except BaseException:
            self.close()
            raise
        if not response.isclosed() or response.will_close:
            self.close()

    @contextmanager
    def raw(self, method: str, *, deadline: float) -> Iterator[tuple[socket.socket, Callable[..., bytes]]]:
        """Hand over the connected socket, and the function from a path, and a body if any, to a request.

        For requests that are sent before the last one is answered, which http.client can't. The
        connection is closed afterwards: who reads the socket may leave anything in it.

        Raises:
            OSError, http.client.HTTPException: there is no connection by ``deadline``.

        """
        try:
            self.open(deadline)
            connection = self._http
            if connection is None:
                raise http.client.NotConnected
            root, headers = self._target("")
            fields = {"Host": self._address.netloc, **headers}
            rest = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            before, after = f"{method} {root}", f" HTTP/1.1\r\n{rest}Content-Length: "

            def request(path: str, body: bytes = b"") -> bytes:
                return f"{before}{path}{after}{len(body)}\r\n\r\n".encode() + body

            yield connection.sock, request
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection, if there is one; the next request makes a new one."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        connection = self._http
        if connection is None:
            raise http.client.NotConnected
        if isinstance(connection.sock, _Socket | _TLSSocket):
            connection.sock.deadline = self._deadline
        connection.sock.settimeout(_left(self._deadline))
        target, more = self._target(path)
        connection.request(method, target, body or None, {**headers, **more})
        return connection.getresponse()

    def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        with self._send(method, path, body, headers) as response:
            text = response.read(_MOST_BYTES_READ).decode(errors="replace")
            whole = response.isclosed() or not response.read(1)
        if not whole or response.will_close:
            self.close()
        return Answer(response.status, text)

    def _target(self, path: str) -> tuple[str, dict[str, str]]:
        """Return the request's target and the headers that credentials make."""
        address, proxy = self._address, self._proxy
        headers = {"Authorization": address.authorization} if address.authorization else {}
        if proxy is None or address.scheme == "https":
            return address.prefix + path, headers
        if proxy.authorization:
            headers["Proxy-Authorization"] = proxy.authorization
        return f"http://{address.netloc}{address.prefix}{path}", headers

    def _new(self) -> http.client.HTTPConnection:
        address, proxy = self._address, self._proxy
        near = proxy or address
        connection: http.client.HTTPConnection
        if address.scheme == "https":
            context = _context(self._ca_file, self._client_cert)
            connection = http.client.HTTPSConnection(near.host, near.port, context=context)
        else:
            connection = http.client.HTTPConnection(near.host, near.port)
        if proxy is not None and address.scheme == "https":
            credentials = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
            connection.set_tunnel(address.host, address.port, credentials)
        # The one place where http.client lets its socket be chosen; urllib3 has its own for the same reason.
        connection._create_connection = self._dial  # type: ignore[attr-defined]  # noqa: SLF001  (see above)
        return connection

    def _dial(self, address: tuple[str, int], *_: object) -> socket.socket:
        """Connect to one of the host's addresses; none may use up the time of those after it."""
        host, port = address
        try:
            hosts = [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except UnicodeError:  # an empty part, or one of more than 63 characters
            raise AddressError(f"{host!r} can't be the name of a host") from None
        for left in range(len(hosts), 0, -1):
            try:
                plain = socket.create_connection((hosts[-left], port), _left(self._deadline) / left)
                break
            except OSError:
                if left == 1:
                    raise
        connected = _Socket(fileno=plain.detach())
        connected.deadline = self._deadline
        connected.settimeout(_left(self._deadline))
        return connected


class _Socket(socket.socket):
    """A socket that sets what is left until its deadline before each read."""

    deadline = 0.0

    def recv_into(self, buffer: Buffer, nbytes: int = 0, flags: int = 0) -> int:
        """Read as a socket does, by the deadline."""
        self.settimeout(_left(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


class _TLSSocket(ssl.SSLSocket):
    """The same over TLS: the two share no base that reads."""

    deadline = 0.0

    def recv_into(self, buffer: Buffer, nbytes: int | None = None, flags: int = 0) -> int:
        """Read as a socket does, by the deadline."""
        self.settimeout(_left(self.deadline))
        return super().recv_into(buffer, nbytes, flags)


def _context(ca_file: str, client_cert: tuple[str, str] | None) -> ssl.SSLContext:
    files = repr(ca_file)
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if client_cert is not None:
            certificate, key = client_cert
            files = f"{certificate!r} with the key {key!r}" if key else repr(certificate)
            context.load_cert_chain(certificate, key or None, password=partial(_refuse_to_ask, key or certificate))
    except OSError as error:
        raise AddressError(f"the file {files} can't be used for TLS: {error.strerror or error}") from None
    context.sslsocket_class = _TLSSocket
    return context


def _refuse_to_ask(file: str) -> str:
    """Stand in for OpenSSL's own question on the terminal, which nobody answers in a job of a night."""
    raise AddressError(
        f"the key in {file!r} is encrypted: give one that is not (openssl pkey -in ENCRYPTED -out PLAIN makes it), "
        "or leave TLS to a proxy that holds it"
    )


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def _proxy(address: Address) -> Address | None:
    proxy = getproxies().get(address.scheme)
    if not proxy or proxy_bypass(address.netloc):
        return None
    return Address.parse(proxy)
