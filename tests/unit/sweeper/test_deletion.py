"""The paths by which groups are deleted."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgen_sweeper import deletion, series

if TYPE_CHECKING:
    from dashgen.pushgateway.connection import Answer, Connection

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,5}", fullmatch=True).filter(lambda name: name != "job")
VALUES = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(["", ".", "..", "/", "a/b"])


def labels_of(path: str) -> dict[str, str]:
    """Read a path as a gateway does: split at slashes, then each part decoded."""
    assert path.isascii()
    empty, metrics, *parts = path.split("/")
    assert (empty, metrics) == ("", "metrics")
    assert not {"", ".", ".."} & set(parts)
    pairs = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        plain, at, encoding = name.partition("@")
        assert encoding == ("base64" if at else "")
        pairs[plain] = base64.urlsafe_b64decode(value.strip("=") + "===").decode() if at else unquote(value)
    assert parts[0].partition("@")[0] == "job"
    return pairs


@given(st.dictionaries(NAMES, VALUES, max_size=5), VALUES.filter(bool))
def test_path_is_read_as_the_same_labels(labels: dict[str, str], job: str) -> None:
    """Any labels survive the way into a path and out of it."""
    key = {"job": job, **labels}
    assert [labels_of(path) for path in deletion.paths(series.write(key), exact=True)] == [key]


def test_empty_instance_of_a_scrape_may_be_none() -> None:
    """A scrape's empty instance is deleted both ways, any other only as it is."""
    empty = b'dag_id="x",instance="",job="j"'
    told = [labels_of(path) for path in deletion.paths(empty, exact=False)]
    assert told == [{"job": "j", "dag_id": "x", "instance": ""}, {"job": "j", "dag_id": "x"}]
    assert len(deletion.paths(empty, exact=True)) == 1
    assert len(deletion.paths(b'dag_id="",instance="y",job="j"', exact=False)) == 1


def test_what_is_no_label_has_no_path() -> None:
    """Labels that can't be read are an error, and never another group's path."""
    with pytest.raises(series.LabelsError):
        deletion.paths(b'job="x",dag_id="y" z', exact=True)


class _Unreachable:
    """A connection to nobody that counts its requests."""

    def __init__(self, asked: list[str]) -> None:
        self._asked = asked

    def request(self, _method: str, path: str, *, deadline: float) -> Answer:
        self._asked.append(path)
        raise ConnectionRefusedError(f"refused, {deadline:.0f}")

    def close(self) -> None:
        pass


def test_nobody_is_asked_for_ever() -> None:
    """After a few failures to reach the gateway the rest is not tried, and is said to have failed."""
    asked: list[str] = []
    connection = cast("Connection", _Unreachable(asked))
    told: list[int] = []
    paths = [f"/metrics/job/{number}" for number in range(1000)]
    failed = deletion.one_by_one(lambda: connection, iter(paths), timeout=1.0, tell=told.append)
    assert failed.keys() == set(paths)
    assert len(asked) <= 3 * deletion.CONNECTIONS
    assert sum(why.startswith("not tried") for why in failed.values()) == len(paths) - len(asked)
    assert told == []
