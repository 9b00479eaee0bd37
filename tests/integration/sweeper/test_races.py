"""Pushes while groups are deleted, two sweeps at once, and a sweep that is killed."""

from __future__ import annotations

import http.client
import signal
import subprocess
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from dashgen_sweeper import listing, sweep
from tests import servers, wire
from tests.command import BIN
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, EXPIRED, STAYING, Group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.integration.sweeper.gateways import Held
    from tests.servers import Pushgateway
    from tests.wire import Request

MANY = 2000
PUSHES_PER_SECOND = 300


def many(age: float) -> list[Group]:
    """Return many groups of one age."""
    return [Group({"job": "airflow_task_runs", "dag_id": "etl", "run_id": f"r/{n}"}, age) for n in range(MANY)]


@pytest.fixture(scope="module")
def full_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a gateway with many stale groups beside those that must stay."""
    folder = tmp_path_factory.mktemp("full")
    gateways.store(folder, [*many(2 * DAY), *STAYING])
    return (folder / "groups").read_bytes()


@pytest.fixture
def full(full_store: bytes, tmp_path: Path) -> Iterator[Pushgateway]:
    """Return a gateway that holds them."""
    (tmp_path / "groups").write_bytes(full_store)
    with servers.pushgateway(tmp_path) as gateway:
        yield gateway


@pytest.fixture
def before(full: Pushgateway) -> Held:
    """Return what it holds at first."""
    return gateways.held(full)


def assert_swept(gateway: Pushgateway, before: Held) -> None:
    """Assert that all that was stale is gone, and nothing else."""
    after = gateways.held(gateway)
    assert not gateways.keys(many(0)) & after.keys()
    gateways.assert_untouched(before, after, many(0))


@dataclass
class Pushes:
    """When each group was pushed again: asked for, and answered, by ``time.monotonic``."""

    times: dict[gateways.Key, tuple[float, float]] = field(default_factory=dict)


@contextmanager
def pushing(gateway: Pushgateway, groups: Sequence[Group]) -> Iterator[Pushes]:
    """Push groups again meanwhile, one after the other, each once."""
    pushes, stop = Pushes(), threading.Event()

    def work() -> None:
        connection = http.client.HTTPConnection(servers.HOST, gateway.port, timeout=10)
        for group in groups:
            began = time.monotonic()
            connection.request("POST", gateways.path(group.labels), group.text)
            with connection.getresponse() as answer:
                answer.read()
            pushes.times[group.key] = began, time.monotonic()
            if stop.wait(max(0, began + 1 / PUSHES_PER_SECOND - time.monotonic())):
                break
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield pushes
    finally:
        stop.set()
        thread.join()


def test_groups_pushed_again_meanwhile(full: Pushgateway, before: Held) -> None:
    """Of groups pushed again while a sweep runs only those are lost that came after its listing began."""
    with pushing(full, many(0)[::-1]) as pushes:
        time.sleep(0.3)
        began = time.monotonic()
        result = gateways.swept(full.url)
        ended = time.monotonic()
        time.sleep(0.3)
    after = gateways.held(full)

    lost = {key for key in pushes.times if key not in after}
    print(f"{len(lost)} of {len(pushes.times)} lost, in {ended - began:.2f} s")  # noqa: T201  (what -s shows)
    assert len(pushes.times) > 100
    assert result.clean
    for key in lost:
        asked, answered = pushes.times[key]
        assert answered > began
        assert asked < ended
    assert all(before[key] == after[key] for key in gateways.keys(STAYING))
    assert gateways.keys(many(0)) & after.keys() == pushes.times.keys() - lost


def test_none_is_lost_where_pushes_wait(full: Pushgateway, before: Held) -> None:
    """Groups pushed before and after a sweep, and not during it, are all there."""
    groups = many(0)
    gateways.push(full.port, groups[:50])
    time.sleep(0.1)
    result = gateways.swept(full.url)
    gateways.push(full.port, groups[50:100])
    time.sleep(0.1)
    after = gateways.held(full)
    assert len(result.deleted) == MANY - 50
    assert gateways.keys(groups) & after.keys() == gateways.keys(groups[:100])
    assert all(before[key] == after[key] for key in gateways.keys(STAYING))


@pytest.mark.parametrize("slow", [False, True])
def test_pushed_again_before_a_listing(gateway: Pushgateway, monkeypatch: pytest.MonkeyPatch, *, slow: bool) -> None:
    """A group pushed again after it was deleted stays; after a slow listing, also one pushed again before."""
    listings = []
    if slow:
        monkeypatch.setattr(sweep, "SLOW_LISTING_SECONDS", 0.0)

    def then(request: Request) -> None:
        if request.method == "GET":
            listings.append(request)
            if len(listings) == 2:
                gateways.push(gateway.port, [Group(EXPIRED[0].labels)])
                assert gateways.eventually(lambda: "task_status" in gateways.held(gateway).get(EXPIRED[0].key, {}))

    with gateways.front(gateway.port, then) as server:
        result = gateways.swept(server.url)
        deleted = [request for request in server.requests if request.method == "DELETE"]
    assert result.clean
    assert len(deleted) == len(EXPIRED) - slow
    assert gateways.keys(EXPIRED) & gateways.held(gateway).keys() == {EXPIRED[0].key}
    assert len(result.deleted) == len(EXPIRED) - slow


def test_what_the_gateway_has_in_its_queue(gateway: Pushgateway) -> None:
    """Deletions that were accepted and are not yet done are waited for, not sent again."""
    queue: deque[Request] = deque()

    def then(request: Request) -> bytes | None:
        if request.method == "DELETE":
            queue.append(request)
            return wire.response(202, b"", {})
        if request.method == "GET" and queue:
            gateway.request("DELETE", queue.popleft().target)
        return None

    with gateways.front(gateway.port, then) as server:
        result = gateways.swept(server.url)
        sent = [request for request in server.requests if request.method == "DELETE"]
    assert result.clean
    assert len(sent) == len(result.deleted) == len(EXPIRED) > len(sweep.SETTLE_SECONDS)
    assert not gateways.keys(EXPIRED) & gateways.held(gateway).keys()


def test_no_more_is_held_than_needed(full: Pushgateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that verifies takes in what was to go, not all else that may be touched."""
    held: list[int] = []

    def by_scrape(*arguments: Any, **more: Any) -> listing.Listing:  # noqa: ANN401  (the real one's)
        found = real(*arguments, **more)
        held.append(len(found.pushed))
        return found

    real = listing.by_scrape
    monkeypatch.setattr(listing, "by_scrape", by_scrape)
    result = gateways.swept(full.url, limit=10)
    assert len(result.deleted) == 10
    assert held[0] > MANY
    assert max(held[1:]) <= 10


def test_two_at_once(full: Pushgateway, before: Held, tmp_path: Path) -> None:
    """Two sweeps at once do no harm, and both find their work done."""
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(gateways.command, full.url, cwd=tmp_path) for _ in range(2)]
    assert [each.result().code for each in done] == [0, 0], [each.result().stderr for each in done]
    assert_swept(full, before)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("pipeline", ["--pipeline", "--no-pipeline"])
def test_killed_in_the_middle(
    full: Pushgateway, before: Held, tmp_path: Path, number: signal.Signals, pipeline: str
) -> None:
    """A sweep that is killed has deleted nothing wrong; the next one does the rest. Ctrl-C and SIGTERM are said."""
    reached = threading.Event()
    count = iter(range(10 * MANY))

    def then(request: Request) -> None:
        if request.method == "DELETE" and next(count) > 200:
            reached.set()
            time.sleep(0.01)

    with gateways.front(full.port, then) as server:
        command = (BIN / "dashgen", "sweep", "--url", server.url, pipeline)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
            assert reached.wait(20)
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=20)
    left = gateways.held(full)
    assert 0 < len(left.keys() & gateways.keys(many(0))) < MANY
    gateways.assert_untouched(before, left, many(0))
    if number != signal.SIGKILL:
        assert process.returncode == 1, stderr
        assert stdout == b""
        assert b"interrupted: " in stderr
        assert b"deletions were sent; run it again for the rest" in stderr
        assert b"Traceback" not in stdout + stderr
    else:
        assert process.returncode == -number
    assert gateways.swept(full.url).clean
    assert_swept(full, before)
