"""A gateway's answers as bytes, given to the sweeper without a gateway."""

from __future__ import annotations

import gzip
import http.client
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from dashgen_sweeper import series

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dashgen.pushgateway.connection import Connection

DATE = "Sun, 22 Nov 2026 12:00:00 GMT"
NOW = 1795348800.0


class _Bytes:
    """What http.client reads an answer from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._content)


class Recorded:
    """A connection whose every answer is the same bytes."""

    def __init__(self, content: bytes) -> None:
        """Take the answer."""
        self._content = content

    @contextmanager
    def stream(self, *_: object, **__: object) -> Iterator[http.client.HTTPResponse]:
        """Hand over the answer."""
        response = http.client.HTTPResponse(cast("Any", _Bytes(self._content)))
        response.begin()
        yield response


def recorded(content: bytes) -> Connection:
    """Return a connection whose every answer is these bytes."""
    return cast("Connection", Recorded(content))


def answer(body: bytes, *, zipped: bool = False, chunk: int = 0, date: str = DATE) -> bytes:
    """Return an answer as a gateway writes it, in chunks of so many bytes or with its length."""
    lines = ["HTTP/1.1 200 OK", f"Date: {date}"]
    if zipped:
        body = gzip.compress(body)
        lines.append("Content-Encoding: gzip")
    lines.append("Transfer-Encoding: chunked" if chunk else f"Content-Length: {len(body)}")
    if chunk:
        parts = [body[at : at + chunk] for at in range(0, len(body), chunk)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    return "\r\n".join([*lines, "", ""]).encode() + body


def as_text(groups: Sequence[Mapping[str, str]], *, pushed: float = 1e9) -> bytes:
    """Write groups as a scrape has them."""
    lines = ["# HELP push_time_seconds Last Unix time.", "# TYPE push_time_seconds gauge"]
    written = [series.write({"instance": "", **labels}).decode() for labels in groups]
    lines += [f"{name}{{{labels}}} {value!r}" for labels in written for name, value in _samples(pushed).items()]
    return ("\n".join(lines) + "\n").encode()


def as_json(groups: Sequence[Mapping[str, str]], *, pushed: float = 1e9, ascii_only: bool = False) -> bytes:
    """Write groups as a gateway's API has them."""
    data = [
        {"labels": labels, **{name: _metric(labels, value) for name, value in _samples(pushed).items()}}
        for labels in groups
    ]
    whole = {"status": "success", "data": data}
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=ascii_only).encode()


def _samples(pushed: float) -> dict[str, float]:
    return {"push_time_seconds": pushed, "push_failure_time_seconds": 0.0, "task_status": 1.0}


def _metric(labels: Mapping[str, str], value: float) -> dict[str, object]:
    return {"type": "GAUGE", "metrics": [{"labels": {"instance": "", **labels}, "value": repr(value)}]}
