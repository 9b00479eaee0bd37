"""Prometheus' HTTP API, as Mimir, Thanos and VictoriaMetrics have it too.

The API: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from dashgen.pushgateway.connection import Connection, refusal
from dashgen.redaction import redacted

if TYPE_CHECKING:
    from dashgen.pushgateway.address import Address

# A longer query goes into the body of a POST: servers and proxies limit the length of a line.
_LONGEST_TARGET = 4000
_MOST_BYTES = 256 * 1024**2
_PIECE = 1 << 16
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_MOST_SHOWN = 200
# VictoriaMetrics repeats the query and its time before it says what is wrong with it.
_REPEATED = re.compile(r'^error when executing query="(?:[^"\\]|\\.)*".*?\): ', re.DOTALL)

_OK = http.client.OK
# What answers queries only, such as Mimir without a ruler, or a proxy before it, has no such path.
_NO_RULES = (http.client.NOT_FOUND, http.client.NOT_IMPLEMENTED)
_OVERLOADED = {http.client.TOO_MANY_REQUESTS, http.client.BAD_GATEWAY, http.client.GATEWAY_TIMEOUT}

_WHICH_URL = "Is it the address of a Prometheus, with its path prefix (Mimir's ends in /prometheus)?"
_READY = "Try again when it is ready: curl its /-/ready."
_OTHER_JSON = "answers with JSON that is not Prometheus'"

Parameters = Mapping[str, str] | Sequence[tuple[str, str]]
Labels = Mapping[str, str]
# The status, the headers, the body.
_Answer = tuple[int, Mapping[str, str], bytes]


class QueryError(Exception):
    """The server did not answer one query; others may go well."""


class UnreachableError(Exception):
    """The server at ``address`` can't be asked at all; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str, address: str = "") -> None:
        """Hold what is wrong, and the hint."""
        super().__init__(message)
        self.hint = hint
        self.address = address


@dataclass(frozen=True)
class Access:
    """How to get in: the address, authorities to trust, a client's certificate, further headers."""

    address: Address
    ca_file: str = ""
    client_cert: tuple[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Client:
    """What asks one server; each thread that uses it has a connection of its own.

    Every method raises QueryError and UnreachableError; no request takes longer than ``timeout`` seconds.
    """

    def __init__(self, access: Access, timeout: float) -> None:
        """Take the address; nothing is connected yet.

        Raises:
            AddressError: the environment's proxy has no valid address.

        """
        self.timeout = timeout
        self._access = access
        self._local = threading.local()
        self._all: list[Connection] = []
        self._connection()

    def close(self) -> None:
        """Close the connections of all threads."""
        for each in self._all:
            each.close()

    def clock(self) -> float:
        """Return the server's time in unix seconds, and so learn whether it answers as it should."""
        where = str(self._access.address)
        try:
            data = self._get("query", {"query": "time()"})
        except QueryError as error:
            raise UnreachableError(str(error), _READY, where) from None
        try:
            result = data["result"]
            return float(result[1] if data["resultType"] == "scalar" else result[0]["value"][1])
        except (LookupError, TypeError, ValueError):
            raise UnreachableError(_OTHER_JSON, _WHICH_URL, where) from None

    def query(self, expr: str, at: float) -> list[Labels]:
        """Return the labels of the series that an expression gives at an instant (unix seconds)."""
        return [series for series, _ in self.samples(expr, at)]

    def samples(self, expr: str, at: float) -> list[tuple[Labels, tuple[float, str]]]:
        """Return the series that an expression gives at an instant, each with its time and value."""
        data = self._get("query", {"query": expr, "time": f"{at:.3f}", "timeout": self._server_timeout})
        result = data["result"] if isinstance(data, Mapping) else []
        if data.get("resultType") in {"scalar", "string"}:
            return [({}, (float(result[0]), str(result[1])))]
        return [(each["metric"], tuple(each.get("value") or each["values"][-1])) for each in result]

    def query_range(self, expr: str, start: float, end: float, step: float) -> list[Labels]:
        """Return the labels of the series that an expression gives in a range, each ``step`` seconds."""
        return [labels for labels, _ in self.points(expr, start, end, step)]

    def points(self, expr: str, start: float, end: float, step: float) -> list[tuple[Labels, list[Any]]]:
        """Return the series that an expression gives in a range, each with its points, oldest first."""
        when = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}", "timeout": self._server_timeout}
        data = self._get("query_range", {"query": expr, **when})
        return [(each["metric"], each["values"]) for each in data["result"]]

    def label_values(self, label: str, selector: str, start: float, end: float) -> list[str]:
        """Return the values of a label on the series of a selector; of all series where it is empty."""
        path = f"label/{quote(label, safe='')}/values"
        return [str(each) for each in self._get(path, _when(selector, start, end)) or ()]

    def label_names(self, selector: str, start: float, end: float) -> list[str]:
        """Return the names of the labels on the series of a selector; of all series where it is empty."""
        return [str(each) for each in self._get("labels", _when(selector, start, end)) or ()]

    def series(self, selector: str, start: float, end: float) -> list[Labels]:
        """Return the labels of the series of a selector, their names among them."""
        return list(self._get("series", _when(selector, start, end)) or ())

    def rule_groups(self) -> list[Mapping[str, Any]] | None:
        """Return the rule groups that it evaluates; None where it has no answer to that."""
        try:
            data = self._get("rules", {}, absent=_NO_RULES)
        except QueryError:
            return None
        groups = data.get("groups") if isinstance(data, Mapping) else None
        return [each for each in groups if isinstance(each, Mapping)] if isinstance(groups, list) else None

    def passed_on(self, path: str, parameters: Parameters) -> tuple[int, bytes]:
        """Return the status and the body as they came, its own refusal of a query among them."""
        try:
            status, headers, body = self._answer(path, parameters)
            _envelope(status, headers, body)
        except UnreachableError as error:
            error.address = str(self._access.address)
            raise
        return status, body

    @property
    def _server_timeout(self) -> str:
        return f"{max(self.timeout, 1):.0f}s"

    def _connection(self) -> Connection:
        if not hasattr(self._local, "connection"):
            access = self._access
            self._local.connection = Connection(access.address, access.ca_file, access.client_cert)
            self._all.append(self._local.connection)
        connection: Connection = self._local.connection
        return connection

    def _get(self, path: str, parameters: Parameters, *, absent: Sequence[int] = ()) -> Any:  # noqa: ANN401  (JSON is anything)
        """Return what an answer holds; None where its status is one of ``absent``."""
        try:
            status, headers, body = self._answer(path, parameters)
            return None if status in absent else _data(status, headers, body)
        except UnreachableError as error:
            error.address = str(self._access.address)
            raise

    def _answer(self, path: str, parameters: Parameters) -> _Answer:
        deadline = time.monotonic() + self.timeout
        try:
            try:
                return self._ask(path, parameters, deadline)
            except (ConnectionResetError, BrokenPipeError, http.client.HTTPException):
                # A connection that was kept may have been closed meanwhile: once more on a new one.
                return self._ask(path, parameters, deadline)
        except TimeoutError:
            raise _timed_out(path, self.timeout) from None
        except http.client.IncompleteRead:
            raise UnreachableError("breaks off in the middle of its answer", _WHICH_URL) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise UnreachableError(
                f"can't be reached: {reason}", "Does it run, and is it reachable from here?"
            ) from None

    def _ask(self, path: str, parameters: Parameters, deadline: float) -> _Answer:
        form = urlencode(parameters)
        target = f"/api/v1/{path}"
        post = len(form) > _LONGEST_TARGET and not path.startswith("label/")
        if form and not post:
            target = f"{target}?{form}"
        headers = {"Accept": "application/json", **self._access.headers, **(_FORM if post else {})}
        body = form.encode() if post else b""
        with self._connection().stream(target, deadline=deadline, body=body, headers=headers) as response:
            return response.status, dict(response.headers), _read(response)


def _read(response: http.client.HTTPResponse) -> bytes:
    found = bytearray()
    while piece := response.read(_PIECE):
        found += piece
        if len(found) > _MOST_BYTES:
            raise QueryError(f"its answer is larger than {_MOST_BYTES >> 20} MiB")
    if response.length:
        raise http.client.IncompleteRead(bytes(found), response.length)
    return bytes(found)


def _data(status: int, headers: Mapping[str, str], body: bytes) -> Any:  # noqa: ANN401  (JSON is anything)
    """Return what an answer holds.

    Raises:
        QueryError: the server refuses the query, or has no time for it.
        UnreachableError: it is no answer of a Prometheus.

    """
    found = _envelope(status, headers, body)
    if found["status"] == "error":
        said = str(found.get("error") or found.get("errorType") or _phrase(status))
        raise QueryError(_line(_REPEATED.sub("", said)))
    return found.get("data")


def _envelope(status: int, headers: Mapping[str, str], body: bytes) -> Mapping[str, Any]:
    """Return an answer, which tells whether it holds data or an error.

    Raises:
        QueryError: the server has no time for the query.
        UnreachableError: it is no answer of a Prometheus.

    """
    if refused := refusal(status):
        hint = "Give credentials: USER:PASSWORD@ in the URL, --bearer-token-file or --header; and check them."
        raise UnreachableError(refused, hint)
    if http.client.MULTIPLE_CHOICES <= status < http.client.BAD_REQUEST:
        raise UnreachableError(
            f"redirects to {redacted(_header(headers, 'Location') or 'nowhere')}", "Name that address instead."
        )
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise _no_json(status, headers, body) from None
    if not isinstance(found, Mapping) or found.get("status") not in {"success", "error"}:
        raise UnreachableError(_OTHER_JSON, _WHICH_URL)
    return found


def _no_json(status: int, headers: Mapping[str, str], body: bytes) -> Exception:
    """Say what an answer is that holds no JSON."""
    kind = _header(headers, "Content-Type").partition(";")[0] or "no content type"
    shown = _line(body[:_MOST_SHOWN].decode(errors="replace"))
    if status == http.client.SERVICE_UNAVAILABLE:
        return QueryError(f"is not ready: {_phrase(status)}{f' ({shown})' if kind == 'text/plain' and shown else ''}")
    if status in _OVERLOADED:
        return QueryError(f"answers {_phrase(status)}")
    what = "no valid JSON" if "json" in kind else kind
    return UnreachableError(f"answers {_phrase(status)} with {what}, not with Prometheus' JSON", _WHICH_URL)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for each, value in headers.items() if each.lower() == name.lower()), "")


def _phrase(status: int) -> str:
    return f"{status} {http.client.responses.get(status, '')}".rstrip()


def _line(text: str) -> str:
    shown = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return shown if len(shown) <= _MOST_SHOWN else f"{shown[: _MOST_SHOWN - 1]}…"


def _when(selector: str, start: float, end: float) -> Parameters:
    chosen = {"match[]": selector} if selector else {}
    return {**chosen, "start": f"{start:.3f}", "end": f"{end:.3f}"}


def _timed_out(path: str, timeout: float) -> QueryError:
    return QueryError(f"no answer within {timeout:g} s (--timeout)" + ("" if "query" in path else f" about {path}"))


def first(found: Sequence[tuple[Labels, tuple[float, str]]]) -> float:
    """Return the value of the first sample, 0 without any."""
    return float(found[0][1][1]) if found else 0.0
