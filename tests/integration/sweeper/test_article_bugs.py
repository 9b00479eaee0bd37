"""The faults of the article's sweeper, each found by running it: ours has none of them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

from dashgen_sweeper.listing import ListingError
from dashgen_sweeper.sweep import RefusedError
from tests import faulty, wire
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, EXPIRED, HOUR, MAX_AGE, Group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.sweeper.gateways import Held
    from tests.servers import Pushgateway
    from tests.wire import Request

DATE = {"Date": "Sun, 22 Nov 2026 12:00:00 GMT"}
NOW = 1795348800.0
OLD = NOW - 2 * DAY


def told(labels: dict[str, str], **more: object) -> dict[str, object]:
    """Return a group as a gateway's API tells it, pushed long ago."""
    times = {"push_time_seconds": OLD, "push_failure_time_seconds": 0}
    metrics = {name: {"metrics": [{"labels": labels, "value": str(value)}]} for name, value in times.items()}
    return {"labels": labels, **metrics, **more}


def api_of(*groups: dict[str, object]) -> Callable[[Request], bytes]:
    """Make a gateway of the API alone, in whose answers each key may be wrong; it forgets nothing."""
    body = json.dumps({"status": "success", "data": groups}, separators=(",", ":")).encode()

    def answer(request: Request) -> bytes:
        if request.method == "GET":
            return wire.response(200 if request.target == "/api/v1/metrics" else 404, body, DATE)
        return wire.response(202, b"", DATE)

    return answer


def test_1_what_is_reported_is_gone(pushgateway: Pushgateway) -> None:
    """What is reported as deleted is gone, whatever its values."""
    values = ("a/b", "a?b", "a#b", "%41", "a%2Fb", ".", "..", "a//b", "s3://bucket/key")
    gateways.filled(pushgateway, [Group({"job": "airflow_task_runs", "path": value}) for value in values])
    with gateways.front(pushgateway.port, shift=2 * DAY) as server:
        result = gateways.swept(server.url, any_clock=True)
    assert len(result.deleted) == len(values)
    assert gateways.held(pushgateway) == {}


def test_2_no_innocent_group_goes(tmp_path: Path) -> None:
    """Of each pair only the stale one goes, which a careless path would leave for the other."""
    pairs: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"l": "a#b"}, {"l": "a"}),
        ({"m": "a?x=1"}, {"m": "a"}),
        ({"n": "%41"}, {"n": "A"}),
        ({"path": "x/dag_id/y"}, {"path": "x", "dag_id": "y"}),
        ({"o": ""}, {}),
        ({"z": ".."}, {}),
    ]
    job = {"job": "airflow_task_runs"}
    stale = [Group({**job, **labels}, 2 * DAY) for labels, _ in pairs]
    innocent = [Group({**job, **labels}) for _, labels in pairs]
    with gateways.holding(tmp_path, [*stale, *innocent]) as gateway:
        gateways.swept(gateway.url)
        assert gateways.held(gateway).keys() == gateways.keys(innocent)


@pytest.mark.parametrize("time", [None, {}, {"metrics": []}, {"metrics": [{"labels": {}, "value": "no"}]}, 7])
def test_3_group_without_its_time_stops_nothing(time: object) -> None:
    """One group whose time is missing or empty stays; the others are swept."""
    labels = {"job": "airflow_task_runs", "dag_id": "odd"}
    odd = {**told(labels), "push_time_seconds": time, "push_failure_time_seconds": time}
    answer = api_of(odd, told({"job": "airflow_task_runs", "dag_id": "stale"}))
    with gateways.front(0, answer) as server:
        result = gateways.swept(server.url, any_clock=True, dry_run=True)
    assert result.seen == 2
    assert result.deleted == [b'dag_id="stale",job="airflow_task_runs"']


def test_4_group_never_pushed_well_ages_by_its_failure(tmp_path: Path) -> None:
    """A group whose first push failed is evidence: it stays until its failure is old."""
    wrong = "# TYPE task_status counter\ntask_status 1\n"
    young, old = (gateways.task_run(number, age=age, text=wrong) for number, age in enumerate((HOUR, 2 * DAY)))
    fresh = gateways.task_run(5)
    with gateways.holding(tmp_path, [fresh, young, old], consistency_check=True) as gateway:
        before = gateways.held(gateway)
        assert before[old.key]["push_time_seconds"]["metrics"][0]["value"] == "0"
        result = gateways.swept(gateway.url)
        assert gateways.held(gateway).keys() == gateways.keys([fresh, young])
    assert result.clean


def test_5_other_jobs_are_not_touched(gateway: Pushgateway, assert_swept: Callable[[], None]) -> None:
    """A backup's group stays, however old."""
    assert gateways.swept(gateway.url).clean
    assert_swept()


def test_6_group_without_a_job_is_not_touched() -> None:
    """A group that has no job is none of ours, and no request is made for it."""
    with gateways.front(0, api_of(told({"dag_id": "x"}))) as server:
        result = gateways.swept(server.url, any_clock=True)
    assert result.seen == 0
    assert {request.method for request in server.requests} == {"GET"}


def test_7_metric_named_labels(tmp_path: Path) -> None:
    """A metric called labels hides a group's labels in the API; the group goes all the same."""
    stale = gateways.task_run(1, age=2 * DAY, text="labels 1\n")
    with gateways.holding(tmp_path, [stale], "--web.telemetry-path=/elsewhere") as gateway:
        assert len(gateways.swept(gateway.url).deleted) == 1
        assert gateways.held(gateway) == {}


@pytest.mark.parametrize(
    ("status", "text"), [(401, '{"status":"error"}'), (503, "<html>\n"), (200, '{"status":"success","data":null}\n')]
)
def test_8_wrong_listing_is_an_error(status: int, text: str) -> None:
    """An answer that is no listing is an error, and nothing is deleted."""
    with faulty.answering(status, text=text, headers=DATE) as server, pytest.raises(ListingError):
        gateways.swept(server.url, any_clock=True)
    assert {request.method for request in server.requests} == {"GET"}


def test_8_refused_deletion_is_reported(gateway: Pushgateway, before: Held) -> None:
    """A group whose deletion is answered with an error has failed."""
    with gateways.front(gateway.port, gateways.refusing()) as server:
        result = gateways.swept(server.url)
    assert len(result.failed) == len(EXPIRED)
    assert set(result.failed.values()) == {"500 no"}
    assert not result.clean
    assert gateways.held(gateway) == before


def test_9_server_that_never_answers() -> None:
    """A request ends by its timeout."""
    began = time.monotonic()
    with faulty.hanging() as server, pytest.raises(TimeoutError):
        gateways.swept(server.url, timeout=0.5)
    assert time.monotonic() - began < 5


def test_10_pushed_while_it_deletes(gateway: Pushgateway, before: Held) -> None:
    """A group that was pushed again before the listing is not deleted, and the listing is not old."""
    again = [Group(group.labels) for group in EXPIRED]
    gateways.push(gateway.port, again)
    assert gateways.eventually(lambda: gateways.held(gateway) != before)
    result = gateways.swept(gateway.url)
    assert result.deleted == []
    assert gateways.keys(EXPIRED) <= gateways.held(gateway).keys()


def test_11_now_is_when_the_listing_began(tmp_path: Path) -> None:
    """A listing that takes long makes no group older."""

    def slowly(request: Request) -> None:
        if request.method == "GET":
            time.sleep(1.5)

    nearly = gateways.task_run(1, age=MAX_AGE - 1)
    with gateways.holding(tmp_path, [nearly]) as gateway:
        page = gateway.request("GET", "/metrics")[1]
        now = {"Date": gateways.date(time.time())}
        with faulty.answering(200, text=page.decode(), headers=now, before=slowly) as server:
            result = gateways.swept(server.url)
    assert result.seen == 1
    assert result.deleted == []


@pytest.mark.parametrize("shift", [HOUR, -HOUR])
def test_12_gateway_whose_clock_is_wrong(tmp_path: Path, shift: float) -> None:
    """Ages are by the gateway's clock, an hour off on either side."""
    stale = [gateways.task_run(number, age=MAX_AGE + HOUR / 2 - shift) for number in range(3)]
    fresh = [gateways.task_run(number, age=MAX_AGE - HOUR / 2 - shift) for number in range(3, 6)]
    with (
        gateways.holding(tmp_path, [*stale, *fresh]) as gateway,
        gateways.front(gateway.port, shift=shift) as server,
    ):
        result = gateways.swept(server.url)
        assert gateways.held(gateway).keys() == gateways.keys(fresh)
        with pytest.raises(RefusedError, match=r"3(59|60)\d s apart"):
            gateways.swept(server.url, max_age=HOUR)
        assert gateways.held(gateway).keys() == gateways.keys(fresh)
    assert result.clean


@pytest.mark.parametrize(("pipeline", "most"), [(True, 4), (False, 7)])
def test_15_connections_are_kept(pushgateway: Pushgateway, most: int, *, pipeline: bool) -> None:
    """Many deletions need a few connections: one, or four where it is told not to pipeline."""
    gateways.filled(pushgateway, [Group({"job": "airflow_task_runs", "run_id": str(n)}) for n in range(300)])
    with gateways.front(pushgateway.port, shift=2 * DAY) as server:
        result = gateways.swept(server.url, any_clock=True, pipeline=pipeline)
    assert len(result.deleted) == 300
    assert server.accepted <= most
