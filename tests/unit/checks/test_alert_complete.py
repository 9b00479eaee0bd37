"""Rule alert-complete."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import alert, messages, rules


def test_a_complete_alert_passes() -> None:
    """All parts are there; `for` may be missing, and a record needs none of them."""
    without_hold = alert()
    del without_hold["for"]
    record = {"record": "a:b:c", "expr": "x"}
    assert messages("alert-complete", rules(alert(), without_hold, record)) == []


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("labels", "severity"),
        ("labels", "owner"),
        ("annotations", "summary"),
        ("annotations", "description"),
        ("annotations", "runbook_url"),
    ],
)
@pytest.mark.parametrize("empty", [None, "", " "])
def test_each_missing_part_is_told(part: str, key: str, empty: object) -> None:
    """The message names the part, the hint where it goes."""
    broken = alert()
    broken[part][key] = empty
    assert messages("alert-complete", rules(broken)) == [f"the alert has no {key}. Add it to its {part}."]


def test_parts_that_are_no_objects_have_nothing() -> None:
    """Malformed labels and annotations are five missing parts."""
    assert len(messages("alert-complete", rules(alert(labels=[], annotations="x")))) == 5


@pytest.mark.parametrize("key", ["for", "keep_firing_for"])
def test_a_hold_must_be_a_duration(key: str) -> None:
    """The hold is in Prometheus' notation."""
    assert messages("alert-complete", rules(alert(**{key: "soon"}))) == [
        f"`{key}: soon` is no duration. Write 5m or 1h."
    ]
