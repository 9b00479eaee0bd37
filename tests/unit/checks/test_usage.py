"""Metrics that nothing uses, or nothing emits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.model import FLEET, Catalog, Event, Metric
from dashgen.catalog.recorded import GROUPS
from dashgen.checks import usage
from dashgen.checks.context import Context
from dashgen.checks.document import Document
from dashgen.rules.model import Record
from dashgen.settings import Settings
from tests.unit.checks.examples import alert, dashboard, on_panel, rules, variable

USED = on_panel("task_status")


def _check(
    metric: Metric,
    *documents: Document,
    is_set: bool = True,
    records: tuple[Record, ...] = (),
) -> list[str]:
    event = Event("task_running", "on_task_instance_running", "It starts.", {FLEET: (metric,)})
    catalog = Catalog((metric,), (event,) if is_set else ())
    context = Context(documents, catalog, Settings())
    return [f"{each.rule}: {each.message}" for each in usage.check(context, records)]


@pytest.mark.parametrize(
    "document",
    [
        USED,
        Document.dashboard(dashboard(variables=[variable("label_values(task_status, task_id)")]), "x.json"),
        Document.dashboard(dashboard(annotations={"list": [{"expr": "task_status"}]}), "x.json"),
        rules(alert("task_status == 1")),
        rules({"record": "a:b:c", "expr": '{__name__=~"task_status|up"}'}),
    ],
)
def test_a_metric_that_something_uses_passes(document: Document) -> None:
    """Panels, variables, annotations and rules use a metric, also by a pattern."""
    assert _check(TASK_STATUS, document) == []


def test_a_metric_that_nothing_uses_needs_a_reason() -> None:
    """Without a use it must say why, and not in blanks."""
    expected = ["unused-metric: metric task_status is on no dashboard and in no rule"]
    assert _check(TASK_STATUS, on_panel("up")) == expected
    assert _check(replace(TASK_STATUS, unused_because=" ")) == expected
    assert _check(replace(TASK_STATUS, unused_because="It is for people's own queries.")) == []


def test_a_reason_that_is_outdated_is_told() -> None:
    """A metric that is used is not unused."""
    assert _check(replace(TASK_STATUS, unused_because="It is new."), USED) == [
        "unused-metric: metric task_status is used, but says why it is not"
    ]


def test_a_metric_of_the_listener_that_no_event_sets_is_told() -> None:
    """The listener would never emit it."""
    assert _check(TASK_STATUS, USED, is_set=False) == ["unemitted-metric: metric task_status is set by no event"]


def test_a_recorded_series_that_no_rule_makes_is_told() -> None:
    """A recorded series needs its rule."""
    used = on_panel(GROUPS.name)
    assert _check(GROUPS, used, records=(Record(GROUPS, "x"),)) == []
    assert _check(GROUPS, used) == [f"unemitted-metric: metric {GROUPS.name} is made by no recording rule"]
