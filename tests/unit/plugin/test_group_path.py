"""The path of a group: what the gateway reads from it is what was written."""

from __future__ import annotations

import base64
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgen.pushgateway import group

SUFFIX = "@base64"


def read(path: str) -> list[tuple[str, str]]:
    """Read a path as a Pushgateway does: component by component, never an empty one or a dot."""
    start, *components = path.removeprefix("/").split("/")
    assert start == "metrics"
    assert not {"", ".", ".."} & {unquote(component) for component in components}
    pairs = []
    for name, value in zip(components[::2], components[1::2], strict=True):
        if name.endswith(SUFFIX):
            padded = "" if value == "=" else value
            pairs.append((name.removesuffix(SUFFIX), base64.urlsafe_b64decode(padded).decode()))
        else:
            pairs.append((name, unquote(value)))
    return pairs


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("etl", "dag_id/etl"),
        ("manual__2026-11-22T09:03:59+00:00", "dag_id/manual__2026-11-22T09%3A03%3A59%2B00%3A00"),
        ("", "dag_id@base64/="),
        (".", "dag_id@base64/Lg=="),
        ("..", "dag_id@base64/Li4="),
        ("a/b", "dag_id@base64/YS9i"),
        ("/?>", "dag_id@base64/Lz8-"),
        ("50%", "dag_id/50%25"),
        ("a b", "dag_id/a%20b"),
        ("ü", "dag_id/%C3%BC"),
    ],
)
def test_written(value: str, written: str) -> None:
    """A value is percent-encoded, and in base64 where a path could not hold it so."""
    assert group.path([("job", "tasks"), ("dag_id", value)]) == f"/metrics/job/tasks/{written}"


@given(st.lists(st.tuples(st.sampled_from(["dag_id", "task_id"]), st.text(st.characters(exclude_categories=["Cs"])))))
def test_read_back(pairs: list[tuple[str, str]]) -> None:
    """Any labels are read back as they were, from a path of plain ASCII without a query."""
    path = group.path([("job", "tasks"), *pairs])
    assert path.isascii()
    assert path.isprintable()
    assert not {"?", "#", " "} & set(path)
    assert read(path) == [("job", "tasks"), *pairs]


@pytest.mark.parametrize("value", ["\udc80", "/\udc80"])
def test_no_text(value: str) -> None:
    """What can't be written as UTF-8 is an error."""
    with pytest.raises(UnicodeEncodeError):
        group.path([("job", value)])
