"""Reading what a gateway holds: nothing is accepted that may be cut, and nothing is misread."""

from __future__ import annotations

import http.client
import math
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashgen_sweeper import listing, series
from tests.unit.sweeper import listings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashgen_sweeper.listing import Listing

REFUSALS = (listing.ListingError, OSError, http.client.HTTPException)
HOSTILE = (
    "]}},{",
    ']}},{"',
    '{"labels":{',
    '"data":[',
    "]}",
    "}} ",
    "} 1",
    'x",job="y',
    "\\",
    "\\\\",
    "\n",
    "é\u2028",
    "",
)
GROUPS = [{"job": "airflow_task_runs", "dag_id": value, "run_id": value + "x"} for value in HOSTILE]


def by_scrape(content: bytes) -> Listing:
    """Read an answer as a scrape."""
    return listing.by_scrape(listings.recorded(content), lambda _: True, deadline=math.inf, zipped=False)


def by_api(content: bytes) -> Listing:
    """Read an answer as the API's."""
    return listing.by_api(listings.recorded(content), lambda _: True, deadline=math.inf)


ANSWERS: dict[str, tuple[Callable[[bytes], Listing], bytes]] = {
    "text": (by_scrape, listings.answer(listings.as_text(GROUPS))),
    "text in chunks": (by_scrape, listings.answer(listings.as_text(GROUPS), chunk=200)),
    "text, a line a chunk": (by_scrape, listings.answer(listings.as_text(GROUPS[:1] * 9), chunk=65)),
    "text zipped": (by_scrape, listings.answer(listings.as_text(GROUPS), zipped=True)),
    "text zipped in chunks": (by_scrape, listings.answer(listings.as_text(GROUPS), zipped=True, chunk=64)),
    "json": (by_api, listings.answer(listings.as_json(GROUPS))),
    "json in chunks": (by_api, listings.answer(listings.as_json(GROUPS), chunk=150)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_no_cut_answer_is_accepted(name: str) -> None:
    """An answer that ends early, wherever, is an error; only its last line break may be missing."""
    by, content = ANSWERS[name]
    whole = by(content)
    assert len(whole.pushed) == len({series.write(group) for group in (GROUPS if "line" not in name else GROUPS[:1])})
    accepted = 0
    for cut in range(len(content)):
        try:
            found = by(content[:cut])
        except REFUSALS:
            continue
        accepted += 1
        assert found == whole
        assert cut >= len(content) - 4
    assert accepted <= 4


@given(st.integers(1, 400), st.booleans(), st.permutations(GROUPS))
@settings(deadline=None)
def test_chunks_change_nothing(size: int, ascii_only: bool, groups: list[dict[str, str]]) -> None:  # noqa: FBT001
    """However an answer is cut into chunks, the groups are the same."""
    written = {series.write(group) for group in groups}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listing, "_CHUNK", size)
        for chunk in (0, size):
            told = by_api(listings.answer(listings.as_json(groups, ascii_only=ascii_only), chunk=chunk))
            assert told.pushed == dict.fromkeys(written, 1e9)
            text = by_scrape(listings.answer(listings.as_text(groups), chunk=chunk, zipped=ascii_only))
            assert set(text.pushed) == {series.with_instance(labels) for labels in written}


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_nonsense_is_an_error(body: bytes) -> None:
    """Whatever else comes is an error that the command can show."""
    beginnings = (b"", b'{"status":"success","data":[', b"push_time_seconds{", b'push_time_seconds{job="x"} ')
    for by in (by_scrape, by_api):
        for beginning in beginnings:
            try:
                by(listings.answer(beginning + body))
            except REFUSALS:
                continue
            assert by is by_scrape, beginning + body
            assert b"push_time_seconds{" in beginning + body


def test_now_is_the_gateways() -> None:
    """Now is what the answer's header says."""
    assert by_api(listings.answer(b'{"status":"success","data":[]}')).now == listings.NOW


def test_empty_page_is_no_listing() -> None:
    """A page without groups may be any server's: the API has to say that there are none."""
    with pytest.raises(listing.ListingError, match="tells of no groups"):
        by_scrape(listings.answer(b"# TYPE go_goroutines gauge\ngo_goroutines 8\n"))


def test_page_that_ends_in_a_line_is_no_listing() -> None:
    """A page ends with a line's end, however long it says that it is."""
    with pytest.raises(listing.ListingError, match="in the middle of a line"):
        by_scrape(listings.answer(b'push_time_seconds{job="x"} 1\npush_time_seconds{job="y"} 1.7'))


def test_failed_page_is_a_contradiction() -> None:
    """A page that answers 500 says why."""
    content = listings.answer(b"collected before\nwith the same name").replace(b"200 OK", b"500 No")
    with pytest.raises(listing.InconsistentError, match=r"^collected before with the same name$"):
        by_scrape(content)


def test_times_and_states() -> None:
    """The newest of both times counts, and a state of 0 is one that runs."""
    text = (
        b'push_time_seconds{a="1"} 0\npush_failure_time_seconds{a="1"} 1.5e+09\n'
        b'push_time_seconds{a="2"} 1.6e+09\npush_failure_time_seconds{a="2"} 1.5e+09\n'
        b'task_status{a="2"} 0\ntask_status{a="1"} 1\ndag_run_status{a="1"} -1\n'
    )
    found = by_scrape(listings.answer(text))
    assert [found.newest(labels) for labels in (b'a="1"', b'a="2"', b'a="3"')] == [1.5e9, 1.6e9, 0]
    assert found.running == {b'a="2"'}


def test_memory_is_that_of_a_chunk() -> None:
    """Reading forty megabytes of groups that nobody asked for takes a few."""
    body = listings.as_json([{"job": "other", "n": str(n), "text": "x" * 2000} for n in range(5000)])
    content = listings.answer(body)
    assert len(content) > 30_000_000
    del body
    tracemalloc.start()
    try:
        found = listing.by_api(listings.recorded(content), lambda _: False, deadline=math.inf)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.pushed == {}
    # The answer itself is one copy, in the place of a socket.
    assert peak < len(content) + 10_000_000
