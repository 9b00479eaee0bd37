"""Rule uid."""

from __future__ import annotations

import pytest

from dashgen.checks.document import Document
from tests.unit.checks.examples import alert, dashboard, messages, rules


def _of(uid: object) -> Document:
    return Document.dashboard(dashboard(uid=uid), "x.json")


@pytest.mark.parametrize("uid", ["airflow-observability-v3", "a" * 40, "A_b-3"])
def test_uids_that_grafana_takes_pass(uid: str) -> None:
    """Forty characters are fine; a rule file needs none."""
    assert messages("uid", _of(uid), rules(alert())) == []


@pytest.mark.parametrize(
    ("uid", "message"),
    [
        (None, "the dashboard has no uid"),
        ("", "the dashboard has no uid"),
        (5, "the dashboard has no uid"),
        ("a" * 41, "has 41 characters; Grafana takes 40"),
        ("a b", "has characters that Grafana refuses"),
        ("ä", "has characters that Grafana refuses"),
    ],
)
def test_uids_that_grafana_refuses_are_told(uid: object, message: str) -> None:
    """A missing uid, a long one and odd characters are found."""
    (found,) = messages("uid", _of(uid))
    assert message in found
