"""Label values that other cleaners lose, or by which they delete somebody else's group."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashgen_sweeper import series
from tests import servers
from tests.integration.sweeper import gateways
from tests.integration.sweeper.gateways import DAY, Group

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VALUES = (
    *("a/b", "a/", ".", "..", "a//b", "", "+", "%", "%2F", "a?b", "a#b", "a b", "a;b", "a,b", "a=b", "a:b"),
    *('a"b', "a\\b", "a\nb", "été ✓ 日本", "a\u2028b", "@base64", "="),
    *("%41", "a?x=1", "s3://bucket/key", "x/dag_id/y", "../x", "/", "//", "a\\", "\\", "\\n", "\r", "\t", "\x1b[31m"),
    *("x,job=", 'x",job="', 'x\\",job="airflow_tasks', "} 1", "}} ", ']}},{"', '{"labels":{', "A" * 5000),
    "scheduled__2026-01-01T00:00:00+00:00",
)
STORES: dict[str, dict[str, Any]] = {
    "check off": {"flags": ()},
    "check on": {"flags": (), "consistency_check": True},
    "by its API": {"flags": ("--web.telemetry-path=/elsewhere",)},
}


def confused(value: str) -> set[str]:
    """Return what careless writing or reading of a path makes of a value."""
    made = {unquote(value), value.partition("#")[0], value.partition("?")[0], value.replace("+", " "), value.strip()}
    made |= {value.strip("/"), value.replace("//", "/"), quote(value), quote(value, safe=""), value + "/"}
    made |= {value.replace("\\", ""), value.replace("\n", "n"), value.replace('"', ""), repr(value)[1:-1], value * 2}
    made |= {posixpath.normpath(value) if value else "", value.partition("/")[0], value.partition(",")[0]}
    return made - {value}


def twins(labels: dict[str, str], name: str) -> list[dict[str, str]]:
    """Return the groups that may be taken for another, as one of its labels is hostile."""
    others = [{**labels, name: value} for value in confused(labels[name])]
    if name != "job":
        others.append({other: value for other, value in labels.items() if other != name})
        parts = labels[name].strip("/").split("/")
        if len(parts) == 3 and re.fullmatch("[a-z_]+", parts[1]) and parts[1] != name:
            others.append({**labels, name: parts[0], parts[1]: parts[2]})
    return [other for other in others if other["job"]]


def stale_and_fresh() -> tuple[list[Group], list[Group]]:
    """Return each value first and last in its path, beside fresh groups that may be taken for it."""
    stale, fresh = [], []
    for number, value in enumerate(VALUES):
        for beside in ("a_case", "z_case"):
            labels = {"job": "airflow_task_runs", beside: str(number), "dag_id": value}
            stale.append(Group(labels, 2 * DAY))
            fresh += [Group(twin) for twin in twins(labels, "dag_id")]
    return stale, fresh


@pytest.mark.parametrize("store", STORES)
def test_hostile_values_go_and_their_twins_stay(tmp_path: Path, store: str) -> None:
    """Stale groups with hostile values go, fresh ones that a careless path would hit stay."""
    how = STORES[store]
    stale, fresh = stale_and_fresh()
    with gateways.holding(
        tmp_path, [*stale, *fresh], *how["flags"], consistency_check="consistency_check" in how
    ) as gateway:
        before = gateways.held(gateway)
        result = gateways.swept(gateway.url)
        after = gateways.held(gateway)

    assert len(before) == len(gateways.keys([*stale, *fresh])) > 500
    assert not gateways.keys(stale) & after.keys()
    gateways.assert_untouched(before, after, stale)
    assert result.clean
    assert len(result.deleted) == len(stale)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("age", [2 * DAY, 0.0])
def test_hostile_values_alone(tmp_path: Path, store: str, age: float) -> None:
    """The same values as the only label: all go when they are stale, none when they are fresh."""
    how = STORES[store]
    groups = [Group({"job": "airflow_task_runs", "dag_id": value}, age) for value in VALUES]
    with gateways.holding(tmp_path, groups, *how["flags"], consistency_check="consistency_check" in how) as gateway:
        before = gateways.held(gateway)
        result = gateways.swept(gateway.url, pipeline=False)
        after = gateways.held(gateway)

    assert len(before) == result.seen == len(VALUES)
    assert after == ({} if age else before)


@pytest.mark.parametrize("store", STORES)
def test_hostile_job_names(tmp_path: Path, store: str) -> None:
    """Jobs may have any name; those that are not named stay, however much alike and old they are."""
    how = STORES[store]
    named = [value for value in VALUES if value]
    stale = [Group({"job": value, "dag_id": "x"}, 2 * DAY) for value in named]
    other = [
        Group(twin, 2 * DAY) for group in stale for twin in twins(dict(group.labels), "job") if twin["job"] not in named
    ]
    patterns = tuple(re.compile(re.escape(value)) for value in named)
    with gateways.holding(
        tmp_path, [*stale, *other], *how["flags"], consistency_check="consistency_check" in how
    ) as gateway:
        before = gateways.held(gateway)
        result = gateways.swept(gateway.url, jobs=patterns)
        after = gateways.held(gateway)

    assert result.clean
    assert result.seen == len(stale)
    assert after == {key: entry for key, entry in before.items() if key not in gateways.keys(stale)}
    assert len(after) > 150


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[servers.Pushgateway, str]]:
    """Return an empty gateway, and the address at which its clock is two days ahead: all is old there."""
    with (
        servers.pushgateway(tmp_path_factory.mktemp("ahead")) as gateway,
        gateways.front(gateway.port, shift=2 * DAY) as server,
    ):
        yield gateway, server.url


NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,4}", fullmatch=True).filter(
    lambda name: not name.startswith("__") and name not in {"job", "mark"}
)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8) | st.text('\\"n,={} /.%', max_size=6)
LABELS = st.dictionaries(NAMES, TEXTS, max_size=4)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(LABELS, min_size=1, max_size=25))
def test_any_labels(ahead: tuple[servers.Pushgateway, str], drawn: list[dict[str, str]]) -> None:
    """Of groups with any labels at all go those that match, and no other."""
    gateway, url = ahead
    jobs = ("airflow_task_runs", "airflow_dag_runs", "airflow_tasks")
    groups = [
        Group({"job": job, "mark": mark, **labels})
        for labels in drawn
        for job in jobs
        for mark in ("goes", "stays")
        # Of these the gateway itself can't tell the other, which has no such label.
        if labels.get("instance") != ""
    ]
    before = gateways.filled(gateway, groups)
    page = gateway.request("GET", "/metrics")[1]
    result = gateways.swept(url, any_clock=True, match=(("mark", re.compile("goes")),))

    expected = {
        key
        for key in before
        if ("mark", "goes") in key and key & {("job", "airflow_task_runs"), ("job", "airflow_dag_runs")}
    }
    assert result.clean
    assert result.seen == len(expected)
    assert gateways.held(gateway) == {key: entry for key, entry in before.items() if key not in expected}
    _assert_read_back(page, set(before))


def _assert_read_back(page: bytes, expected: set[gateways.Key]) -> None:
    """Assert that the labels on a gateway's own page are read, and written, as it does."""
    samples = [line for line in page.split(b"\n") if line.startswith(b"push_time_seconds{")]
    written = [line.partition(b"{")[2].rpartition(b"} ")[0] for line in samples]
    read = [series.parse(labels) for labels in written]
    assert [series.write(labels) for labels in read] == written
    whole = {frozenset({"instance": "", **labels}.items()) for labels in read}
    assert whole == {frozenset({"instance": "", **dict(key)}.items()) for key in expected}


def test_instance_empty_and_absent(tmp_path: Path) -> None:
    """A scrape can't tell an empty instance from none: either way the stale group goes."""
    stale = [
        Group({"job": "airflow_task_runs", "dag_id": "without"}, 2 * DAY),
        Group({"job": "airflow_task_runs", "dag_id": "empty", "instance": ""}, 2 * DAY),
    ]
    with gateways.holding(tmp_path, stale) as gateway:
        result = gateways.swept(gateway.url)
        assert gateways.held(gateway) == {}
    assert len(result.deleted) == 2


def test_instance_empty_beside_absent(tmp_path: Path) -> None:
    """Where both are there the scrape fails, and the API tells them apart: the fresh one stays."""
    stale = Group({"job": "airflow_task_runs", "dag_id": "x", "instance": ""}, 2 * DAY)
    fresh = Group({"job": "airflow_task_runs", "dag_id": "x"})
    with gateways.holding(tmp_path, [stale, fresh]) as gateway:
        assert gateway.request("GET", "/metrics")[0] == 500
        result = gateways.swept(gateway.url)
        assert gateways.held(gateway).keys() == {fresh.key}
        assert gateway.request("GET", "/metrics")[0] == 200
    assert result.clean


@pytest.mark.parametrize("flags", [(), ("--web.telemetry-path=/elsewhere",)])
def test_metrics_named_as_keys(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """A pushed metric may be called as a key of the API's answer, or as the gateway's own."""
    text = "labels 1\nlast_push_successful 2\npush_time_seconds 3\npush_failure_time_seconds 4\n"
    stale = [gateways.task_run(number, age=2 * DAY, text=text) for number in range(3)]
    fresh = [gateways.task_run(number, text=text) for number in range(3, 6)]
    with gateways.holding(tmp_path, [*stale, *fresh], *flags) as gateway:
        before = gateways.held(gateway)
        result = gateways.swept(gateway.url)
        after = gateways.held(gateway)
    assert result.clean
    assert after == {key: before[key] for key in gateways.keys(fresh)}


def test_labels_that_are_no_text(tmp_path: Path) -> None:
    """Of labels that are no UTF-8 the API tells something else: the groups that it names are left alone."""
    number = range(1, 9)
    stale = [Group({"job": "airflow_task_runs", "dag_id": "\udcff" * n}, 2 * DAY) for n in number]
    innocent = [Group({"job": "airflow_task_runs", "dag_id": "\ufffd" * n}) for n in number]
    with gateways.holding(tmp_path, [*stale, gateways.task_run(1, age=2 * DAY)]) as gateway:
        gateways.push(gateway.port, innocent)
        # Without its check the gateway takes them, and its scrape fails from then on.
        assert gateways.eventually(lambda: len(gateway.get_json("/api/v1/metrics")["data"]) == 17)
        result = gateways.swept(gateway.url)
        after = gateway.get_json("/api/v1/metrics")["data"]
    assert result.inconsistent
    assert len(result.deleted) == 1
    assert len(after) == 16
