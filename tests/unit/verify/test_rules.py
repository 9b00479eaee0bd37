"""The rules of a file against those that a server says it evaluates."""

from __future__ import annotations

from typing import Any

import pytest

from dashgen.problems import Place
from dashgen.verify.outcome import Cause, Outcome, Reason, Status
from dashgen.verify.queries import Asked, Kind
from dashgen.verify.rules import Loaded, compared
from dashgen.verify.time_range import TimeRange

RULE = {"name": "r", "type": "recording", "query": "sum by (a) (x)", "health": "ok"}


def outcome(expr: str = "sum(x) by (a)", status: Status = Status.OK, reason: Reason | None = None) -> Outcome:
    """Return what came of the rule ``r`` in the group ``g``."""
    asked = Asked(Kind.RECORDING, Place("r.yml", 3), expr, TimeRange(0, 0), rule="r", group="g")
    return Outcome(asked, status, 1, 0.1, reason)


def loaded(*rules: dict[str, Any], group: str = "g") -> Loaded:
    """Return what a server says."""
    return Loaded.of([{"name": group, "rules": list(rules)}])


@pytest.mark.parametrize("server", [None, loaded(RULE), loaded({**RULE, "query": "x"}, RULE), Loaded({})])
def test_what_is_well_stays(server: Loaded | None) -> None:
    """So does what a server that evaluates nothing knows nothing of, where it was recorded nevertheless."""
    assert compared([outcome()], server) == [outcome()]


@pytest.mark.parametrize(
    ("server", "status", "message"),
    [
        (loaded(RULE, group="h"), Status.INCOMPLETE, 'group "g" is not loaded'),
        (loaded(), Status.INCOMPLETE, 'group "g" is loaded without it, from an older or another file'),
        (loaded({**RULE, "query": "y"}), Status.INCOMPLETE, "it is loaded with another expression: y"),
        (
            loaded({**RULE, "health": "err", "lastError": "too many"}),
            Status.ERROR,
            "its last evaluation failed: too many",
        ),
    ],
)
def test_what_is_not_well(server: Loaded, status: Status, message: str) -> None:
    """A rule that is evaluated otherwise, or not at all, is a finding."""
    (found,) = compared([outcome()], server)
    assert found.reason is not None
    assert (found.status, found.reason.message) == (status, message)


def test_no_rule_at_all() -> None:
    """Where nothing is recorded either, the server is the one that should."""
    missing = outcome(status=Status.INCOMPLETE, reason=Reason(Cause.NOT_RECORDED, "x"))
    (found,) = compared([missing], Loaded({}))
    assert found.reason is not None
    assert found.reason.cause is Cause.NOT_LOADED


def test_other_findings_stay() -> None:
    """A metric that is nowhere is worse than a rule that is not loaded yet."""
    never = outcome(status=Status.EMPTY, reason=Reason(Cause.NEVER_SEEN, "x"))
    assert compared([never], loaded(group="h")) == [never]


def test_recording() -> None:
    """What is recorded, and from what; alerts are no part of it."""
    assert loaded(RULE, {"name": "A", "type": "alerting", "query": "z"}).recording() == {"r": "sum by (a) (x)"}
