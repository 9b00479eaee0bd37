"""Each fault of a gateway: the sweep ends, says so, and touches nothing that it must not."""

from __future__ import annotations

import http.client
import itertools
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from dashgen_sweeper.listing import ListingError
from dashgen_sweeper.sweep import Result, sweep
from tests import faulty, servers, wire
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import EXPIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.sweeper.gateways import Answer, Held
    from tests.servers import Pushgateway
    from tests.wire import Request

TIMEOUT = 0.8
# A fault that is not noticed takes many times as long.
IN_TIME = 5.0
SLOW = {"hangs", "drips"}
DATE = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}
HTML = b"<html><body>welcome</body></html>\n"
SAMPLE = b'push_time_seconds{instance="",job="airflow_task_runs"} '


def ok(body: bytes, **headers: str) -> bytes:
    """Return an answer that a listing might have."""
    return wire.response(200, body, {**DATE, **headers})


def drip() -> Iterator[bytes]:
    """Yield an answer byte by byte, each before the timeout of a wait."""
    for byte in itertools.islice(itertools.cycle(b"HTTP/1.1 202 Accepted\r\nX: "), 200):
        time.sleep(TIMEOUT / 5)
        yield bytes([byte])


def flood() -> Iterator[bytes]:
    """Yield an answer without an end, fast."""
    until = time.monotonic() + 4 * IN_TIME
    while time.monotonic() < until:
        yield b"x" * 10_000


def hang() -> Iterator[bytes]:
    """Yield nothing for a while."""
    time.sleep(TIMEOUT * 3)
    yield b""


LISTINGS: dict[str, Callable[[], Answer]] = {
    "401": lambda: wire.response(401, b"Unauthorized\n", DATE),
    "404": lambda: wire.response(404, b"", DATE),
    "500": lambda: wire.response(500, b"An error has occurred", DATE),
    "301": lambda: wire.response(301, b"", {**DATE, "Location": "/metrics"}),
    "html": lambda: ok(HTML),
    "nothing": lambda: ok(b""),
    "no gateway": lambda: ok(b"# TYPE go_goroutines gauge\ngo_goroutines 8\n"),
    "prometheus": lambda: ok(b'{"status":"success","data":{}}\n'),
    "json of another": lambda: ok(b'{"status":"success","data":[{"a":1}]}'),
    "wrong labels": lambda: ok(SAMPLE.replace(b'"} ', b'",x"} ') + b"1\n"),
    "no number": lambda: ok(SAMPLE + b"x\n"),
    "no value": lambda: ok(SAMPLE.rstrip(b"} ") + b"\n"),
    "no text": lambda: ok(b'push_time_seconds{instance="",job="\xff"} 1\n'),
    "no gzip": lambda: ok(b"nonsense", **{"Content-Encoding": "gzip"}),
    "cut gzip": lambda: ok(b"\x1f\x8b\x08\0", **{"Content-Encoding": "gzip"}),
    "no date": lambda: wire.response(200, SAMPLE + b"1\n", {}),
    "wrong date": lambda: wire.response(200, SAMPLE + b"1\n", {"Date": "today"}),
    "too short": lambda: ok(SAMPLE + b"1\n").replace(b"Content-Length: ", b"Content-Length: 9"),
    "without length": lambda: b"HTTP/1.0 200 OK\r\nDate: " + DATE["Date"].encode() + b"\r\n\r\n" + SAMPLE + b"1\n",
    "in a line": lambda: ok(SAMPLE + b"1\n" + SAMPLE[:9]),
    "no http": lambda: b"SSH-2.0-OpenSSH\r\n\r\n",
    "closes": lambda: b"",
    "hangs": hang,
    "drips": drip,
}


@pytest.fixture(scope="module")
def spared(aged_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pushgateway, Held]]:
    """Return a gateway from which nothing may go, and what it holds."""
    folder = tmp_path_factory.mktemp("spared")
    shutil.copy(aged_store, folder / "groups")
    with servers.pushgateway(folder) as gateway:
        yield gateway, gateways.held(gateway)


@pytest.mark.parametrize("fault", LISTINGS)
def test_fault_of_the_listing(spared: tuple[Pushgateway, Held], fault: str) -> None:
    """Whatever is wrong with the listing is an error in time, and nothing is deleted."""
    gateway, before = spared
    began = time.monotonic()
    with gateways.front(gateway.port, lambda _: LISTINGS[fault]()) as server:
        with pytest.raises((ListingError, OSError, http.client.HTTPException)):
            gateways.swept(server.url, timeout=TIMEOUT, any_clock=True)
        assert time.monotonic() - began < IN_TIME
    assert "DELETE" not in {request.method for request in server.requests}
    assert gateways.held(gateway) == before


DELETIONS: dict[str, Callable[[], Answer]] = {
    **{str(status): lambda status=status: wire.response(status, b"", {}) for status in (200, 401, 404, 500)},  # type: ignore[misc]
    "307": lambda: wire.response(307, b"", {"Location": "/metrics/job/backup"}),
    "html": lambda: wire.response(200, HTML, {}),
    "a promise with a body": lambda: b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\n\r\n",
    "too many promises": lambda: wire.response(202, b"", {}) * 3,
    "cut": lambda: b"HTTP/1.1 202 Accep",
    "floods": flood,
    "closes": lambda: b"",
    "hangs": hang,
    "drips": drip,
}


@pytest.mark.parametrize("fault", DELETIONS)
def test_fault_of_deletions(spared: tuple[Pushgateway, Held], fault: str) -> None:
    """Where deletions fail, the groups are there, are said to have failed, and nothing else went."""
    gateway, before = spared
    began = time.monotonic()

    def then(request: Request) -> Answer | None:
        return DELETIONS[fault]() if request.method == "DELETE" else None

    with gateways.front(gateway.port, then) as server:
        result = gateways.swept(server.url, timeout=TIMEOUT if fault in SLOW else 10.0)
        took = time.monotonic() - began
    assert gateways.held(gateway) == before
    assert len(result.failed) == len(EXPIRED)
    if fault.isdigit():
        assert set(result.failed.values()) == {fault}
    assert result.deleted == []
    assert not result.clean
    assert took < 20 * TIMEOUT
    assert {request.target.split("/")[3] for request in server.requests if request.method == "DELETE"} <= {
        "airflow_task_runs",
        "airflow_dag_runs",
    }


def test_first_deletions_fail(gateway: Pushgateway, assert_swept: Callable[[], None]) -> None:
    """What was not answered is sent again, on other connections."""
    seen = itertools.count()

    def then(request: Request) -> Answer | None:
        return b"" if request.method == "DELETE" and next(seen) in (2, 3) else None

    with gateways.front(gateway.port, then) as server:
        result = gateways.swept(server.url)
    assert result.clean
    assert_swept()


def test_promise_that_is_not_kept(gateway: Pushgateway, before: Held) -> None:
    """A 202 is only a promise: who deletes nothing is found out."""
    with gateways.front(gateway.port, accepts_only) as server:
        result = gateways.swept(server.url)
    assert set(result.failed.values()) == {"still there after it was deleted"}
    assert result.accepted == 2 * len(EXPIRED)
    assert gateways.held(gateway) == before


def accepts_only(request: Request) -> bytes | None:
    """Promise to delete, and don't."""
    return wire.response(202, b"", {}) if request.method == "DELETE" else None


def test_promise_kept_late(gateway: Pushgateway, assert_swept: Callable[[], None]) -> None:
    """What stays at first is deleted once more."""
    seen = itertools.count()

    def then(request: Request) -> bytes | None:
        late = request.method == "DELETE" and next(seen) < len(EXPIRED)
        return accepts_only(request) if late else None

    with gateways.front(gateway.port, then) as server:
        assert gateways.swept(server.url).clean
    assert_swept()


def test_one_that_can_not_be_deleted(gateway: Pushgateway, before: Held) -> None:
    """One group that fails stops no other."""
    with gateways.front(gateway.port, gateways.refusing("airflow_dag_runs", 400)) as server:
        result = gateways.swept(server.url)
    assert list(result.failed.values()) == ["400 no"]
    assert len(result.deleted) == len(EXPIRED) - 1
    gateways.assert_untouched(before, gateways.held(gateway))


@pytest.mark.parametrize("pipeline", [True, False])
def test_gateway_killed_in_the_middle(store_in: Path, *, pipeline: bool) -> None:
    """A gateway killed while it deletes, and started from its file: the next sweep does the rest."""
    with servers.pushgateway(store_in) as gateway:
        before = gateways.held(gateway)
        seen = itertools.count()

        def then(request: Request) -> bytes | None:
            if request.method == "DELETE" and next(seen) == 2:
                gateway.process.kill()
                gateway.process.wait()
            return None

        with gateways.front(gateway.port, then) as server:
            result = Result()
            with pytest.raises((ListingError, OSError, http.client.HTTPException)):
                sweep(gateways.options(server.url, pipeline=pipeline), result)
    assert not result.clean
    with servers.pushgateway(store_in) as gateway:
        # Its file is older than the deletions.
        assert gateways.held(gateway) == before
        assert gateways.swept(gateway.url).clean
        after = gateways.held(gateway)
    assert not gateways.keys(EXPIRED) & after.keys()
    gateways.assert_untouched(before, after)


@pytest.mark.parametrize("server", [faulty.refused, faulty.hanging, faulty.resetting, faulty.closing, faulty.dripping])
def test_nobody_there(server: Callable[[], object], tmp_path: Path) -> None:
    """A gateway that can't be reached is exit code 3, one message, and no traceback."""
    with server() as gateway:  # type: ignore[attr-defined]
        done = gateways.command(gateway.url, "--timeout", "1s", cwd=tmp_path)
    assert done.code == 3
    assert done.stdout == ""
    assert "can't be reached" in done.stderr
    assert "Traceback" not in done.stderr
