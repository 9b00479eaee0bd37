"""Labels as the text format writes them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashgen_sweeper import series

NAMES = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,8}", fullmatch=True)
HOSTILE = st.text('\\"n,={}/% \n\r\u2028}', max_size=8)
VALUES = st.text(st.characters(codec="utf-8"), max_size=12) | HOSTILE
LABELS = st.dictionaries(NAMES, VALUES, max_size=6)


@given(LABELS)
@example({"a": "x,job="})
@example({"a": 'x",job="y', "b": "\\", "c": "\\n", "d": "\n"})
@example({})
def test_labels_are_read_as_they_were_written(labels: dict[str, str]) -> None:
    """What is written is read back, and written again it is the same."""
    written = series.write(labels)
    assert series.parse(written) == labels
    assert series.write(series.parse(written)) == written
    assert b"\n" not in written


@given(LABELS, NAMES)
@example({"a": "x,job=", "job": "y"}, "job")
@example({"a": '",job=', "job": "y"}, "job")
@example({"a": "\\", "job": "y"}, "job")
@example({"a": ',job="z"', "xjob": "no"}, "job")
@example({"job": "y"}, "job")
def test_one_label_is_found(labels: dict[str, str], name: str) -> None:
    """One label's value is found without reading the others, whatever they hold."""
    for each in (name, *labels):
        found = series.finder(each)(series.write(labels))
        assert series.unescaped(found) == labels.get(each, "")


@given(st.binary(max_size=40) | st.text('ab="\\,n', max_size=20).map(str.encode))
@example(b'a="1",,b="2"')
@example(b'a="1" b="2"')
@example(b'a="1"b="2"')
@example(b'a="1",')
@example(b'a="1\\"')
@example(b'a="\xff"')
@example(b'1="x"')
@example(b"a=1")
def test_anything_else_is_an_error(written: bytes) -> None:
    """Bytes are labels to their last byte, or none."""
    try:
        labels = series.parse(written)
    except series.LabelsError:
        return
    marks = 4 * len(labels) - bool(labels) + written.endswith(b",")
    # An escape that needs none, and a name that comes twice, are the only losses.
    assert sum(len(name) + len(value.encode()) for name, value in labels.items()) + marks <= len(written)


@pytest.mark.parametrize(
    "written", [b'a="1",,b="2"', b'a="1" b="2"', b'a="1"b="2"', b'a="1\\"', b'a="\xff"', b'1="x"', b"a=1", b"a", b","]
)
def test_what_is_no_label(written: bytes) -> None:
    """Each is an error, and none is skipped."""
    with pytest.raises(series.LabelsError):
        series.parse(written)


@pytest.mark.parametrize(
    ("written", "whole"),
    [
        (b'job="x"', b'instance="",job="x"'),
        (b'instance="",job="x"', b'instance="",job="x"'),
        (b'instance="y",job="x"', b'instance="y",job="x"'),
    ],
)
def test_instance_of_a_scrape(written: bytes, whole: bytes) -> None:
    """A scrape has an instance for each group."""
    assert series.with_instance(written) == whole
