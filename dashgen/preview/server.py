"""The page's server: loopback only, GET only, and no path but those of the page.

What could reach it is any page that the browser has open: by a name that resolves to loopback (so the
Host header must be ours), or by requests from another origin (so what is no page must not be asked for
from there). Prometheus' credentials never leave it.
"""

from __future__ import annotations

import http.client
import json
import re
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dashgen.pushgateway.address import AddressError
from dashgen.verify.client import Client, QueryError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dashgen.preview.state import State
    from dashgen.verify.client import Access

HOST = "127.0.0.1"
BUNDLE = Path(__file__).parent / "bundle"
INDEX = "index.html"

_NAME = "[A-Za-z0-9_-]+"
# Held against the path as it was sent: nothing in it is decoded, so nothing can hide in it.
_PAGE = re.compile(rf"/|/d/{_NAME}(?:/(?:{_NAME})?)?")
_BUNDLED = re.compile(r"/bundle/([A-Za-z0-9_][A-Za-z0-9_./-]*)")
_BOARD = re.compile(rf"/api/dashboards/({_NAME})")
_PROXIED = re.compile(r"/prometheus/api/v1/((?:query|query_range|series|labels)|label/[A-Za-z_][A-Za-z0-9_]*/values)")

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
# Grafana's components write styles into the page as they draw.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
# A page that was opened by hand or from this origin; a link elsewhere may lead to a page, to nothing else.
_OWN_REQUEST = ("same-origin", "none")
_KEEP_ALIVE_SECONDS = 15.0
_IDLE_SECONDS = 120.0

_REFUSED = "Open the address that dashgen preview printed."


class Server(ThreadingHTTPServer):
    """What answers on loopback; ``port`` 0 takes a free one.

    Raises:
        OSError: the port is taken.

    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, state: State, access: Access, timeout: float, bundle: Path = BUNDLE) -> None:
        """Listen; nothing is answered before ``serve_forever``."""
        self.state, self.access, self.seconds, self.bundle = state, access, timeout, bundle
        super().__init__((HOST, port), _Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in (HOST, "localhost")}

    @property
    def url(self) -> str:
        """The address of the page, without a slash at the end."""
        return f"http://{HOST}:{self.server_port}"

    def server_bind(self) -> None:
        """Bind, without asking a name server who we are, as the base class does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  (the base class's)
        """Keep quiet when a browser goes away in the middle of an answer."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    server: Server
    _client: Client | None = None

    def do_GET(self) -> None:
        """Answer one request."""
        target = self.requestline.split()[1]
        path, _, query = target.partition("?")
        why = self._why_refused(target, path)
        if why:
            self._tell(http.client.FORBIDDEN, why)
            return
        for pattern, answer in _ROUTES:
            if match := pattern.fullmatch(path):
                answer(self, match, query)
                return
        self._tell(http.client.NOT_FOUND, "there is nothing at this path")

    def finish(self) -> None:
        """Close what was opened for this connection."""
        if self._client is not None:
            self._client.close()
        with suppress(OSError):
            super().finish()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request, and every method but GET, in a few words."""
        del explain
        method = code == http.client.NOT_IMPLEMENTED
        self.close_connection = True
        self._tell(http.client.METHOD_NOT_ALLOWED if method else code, "only GET" if method else message or "")

    def version_string(self) -> str:
        """Name the program, and nothing of what it runs on."""
        return "dashgen"

    def log_message(self, *_: object) -> None:
        """Keep quiet: the terminal is for what the user can mend."""

    def _why_refused(self, target: str, path: str) -> str:
        headers = self.headers
        hosts = headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.server.hosts:
            return "another host than this one was asked for"
        if not target.startswith("/") or not target.isascii():
            return "no path of this server"
        if "Content-Length" in headers or "Transfer-Encoding" in headers:
            return "a GET with a body"
        if headers.get("Sec-Fetch-Site", "none") not in _OWN_REQUEST and not _PAGE.fullmatch(path):
            return "asked for by another page"
        return ""

    def _page(self, _match: re.Match[str], _query: str) -> None:
        self._file(INDEX)

    def _bundled(self, match: re.Match[str], _query: str) -> None:
        self._file(match[1])

    def _file(self, name: str) -> None:
        """Answer with a file of the bundle: one of those that are in it, whatever the name says."""
        folder = self.server.bundle
        found = {each.relative_to(folder).as_posix(): each for each in folder.rglob("*") if each.is_file()}
        if name in found:
            self._send(http.client.OK, found[name].read_bytes(), _TYPES.get(found[name].suffix, _TEXT))
        else:
            self._tell(http.client.NOT_FOUND, "there is no such file in the bundle")

    def _boards(self, _match: re.Match[str], _query: str) -> None:
        boards = self.server.state.boards
        self._json([{name: getattr(each, name) for name in ("uid", "title", "description", "file")} for each in boards])

    def _board(self, match: re.Match[str], _query: str) -> None:
        found = next((each for each in self.server.state.boards if each.uid == match[1]), None)
        if found is None:
            self._json({"error": f"there is no dashboard {match[1]}"}, http.client.NOT_FOUND)
        else:
            self._json(found.data)

    def _state(self, _match: re.Match[str], _query: str) -> None:
        self._json(self.server.state.told())

    def _events(self, _match: re.Match[str], _query: str) -> None:
        """Tell each change as it comes, until the page goes away."""
        state = self.server.state
        last = self.headers.get("Last-Event-ID", "")
        # Who comes back may have missed one.
        seen = int(last) if last.isdecimal() else state.version
        self._head(http.client.OK, "text/event-stream", {"Connection": "close"})
        self.wfile.write(b": connected\n\n")
        while state.wait(seen, _KEEP_ALIVE_SECONDS):
            told = state.told()
            if told["version"] == seen:
                self.wfile.write(b": still here\n\n")
                continue
            seen = told["version"]
            self.wfile.write(f"id: {seen}\nevent: changed\ndata: {json.dumps(told)}\n\n".encode())

    def _prometheus(self, match: re.Match[str], query: str) -> None:
        """Pass a query on, and its answer back; what keeps it from being answered is told as Prometheus would."""
        try:
            if self._client is None:
                self._client = Client(self.server.access, self.server.seconds)
            status, body = self._client.passed_on(match[1], parse_qsl(query, keep_blank_values=True))
        except QueryError as error:
            self._failed(http.client.GATEWAY_TIMEOUT, "timeout", f"{self.server.access.address}: {error}")
        except UnreachableError as error:
            self._failed(http.client.BAD_GATEWAY, "unavailable", f"{error.address}: {error}. {error.hint}")
        except AddressError as error:
            self._failed(http.client.BAD_GATEWAY, "unavailable", str(error))
        else:
            self._send(status, body, _JSON)

    def _failed(self, status: int, kind: str, message: str) -> None:
        self._json({"status": "error", "errorType": kind, "error": message}, status)

    def _tell(self, status: int, message: str) -> None:
        more = {"Allow": "GET"} if status == http.client.METHOD_NOT_ALLOWED else {}
        # What was refused may have a body, which would be read as the next request.
        self._send(status, f"{message}. {_REFUSED}\n".encode(), _TEXT, {"Connection": "close", **more})

    def _json(self, data: object, status: int = http.client.OK) -> None:
        self._send(status, json.dumps(data).encode(), _JSON)

    def _send(self, status: int, body: bytes, kind: str, more: Mapping[str, str] = _NO_HEADERS) -> None:
        self._head(status, kind, {"Content-Length": str(len(body)), **more})
        self.wfile.write(body)

    def _head(self, status: int, kind: str, more: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **_HEADERS, **more}.items():
            self.send_header(name, value)
        self.end_headers()


_ROUTES: tuple[tuple[re.Pattern[str], Callable[[_Handler, re.Match[str], str], None]], ...] = (
    (_PAGE, _Handler._page),  # noqa: SLF001  (this module's own)
    (_BUNDLED, _Handler._bundled),  # noqa: SLF001  (the same)
    (re.compile("/api/dashboards"), _Handler._boards),  # noqa: SLF001  (the same)
    (_BOARD, _Handler._board),  # noqa: SLF001  (the same)
    (re.compile("/api/state"), _Handler._state),  # noqa: SLF001  (the same)
    (re.compile("/api/events"), _Handler._events),  # noqa: SLF001  (the same)
    (_PROXIED, _Handler._prometheus),  # noqa: SLF001  (the same)
)
