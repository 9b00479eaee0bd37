"""Rule recorded-series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.labels import AIRFLOW_TASK_RUNS
from dashgen.catalog.recorded import GROUPS
from dashgen.settings import Settings
from tests.unit.checks.examples import alert, messages, rules

if TYPE_CHECKING:
    from dashgen.checks.document import Document

NAME = "instance:groups:count"
PUSHED = 'push_time_seconds{job="airflow_tasks"}'


def _record(expr: str, name: str = NAME, **fields: object) -> Document:
    return rules({"record": name, "expr": expr, **fields})


@pytest.mark.parametrize(
    "document",
    [
        _record(f"count by (instance) ({PUSHED})"),
        _record("count(push_time_seconds)", labels={"instance": "all"}),
        _record("unknown"),
        rules(alert()),
    ],
)
def test_series_as_in_the_catalog_pass(document: Document) -> None:
    """Name and labels are those of the catalog; of unknown series nothing is known."""
    assert messages("recorded-series", document) == []


def test_a_label_that_the_rule_drops_is_told() -> None:
    """Panels that filter by the label would be empty."""
    assert messages("recorded-series", _record(f"count({PUSHED})")) == [
        f"{NAME} should have label instance, which the rule drops."
    ]


def test_a_label_that_the_rule_leaves_is_told() -> None:
    """More labels than the catalog says are more series than it says."""
    (message,) = messages("recorded-series", _record(f"count by (instance, dag_id) ({PUSHED})"))
    assert message.startswith(f"{NAME} has no label dag_id in the catalog, which the rule leaves")


def test_a_name_of_another_form_is_told() -> None:
    """The name is level:metric:operation, and in the catalog."""
    assert messages("recorded-series", _record("x", "groups_count")) == [
        "groups_count is not named level:metric:operation.",
        f"groups_count is not in the catalog as a recorded series. Did you mean {NAME}?",
    ]


def test_a_series_that_is_not_in_the_catalog_is_told_with_the_nearest() -> None:
    """A mistyped name is told what was meant."""
    assert messages("recorded-series", _record("x", "instance:group:count")) == [
        "instance:group:count is not in the catalog as a recorded series. Did you mean instance:groups:count?"
    ]


def test_a_metric_that_someone_emits_can_not_be_recorded() -> None:
    """A metric of the listener is none of a rule's."""
    (_, message) = messages("recorded-series", _record("x", "task_status"))
    assert message.startswith("task_status is not in the catalog as a recorded series")


def test_optional_labels_may_be_there_or_not() -> None:
    """A series per task instance has its map_index only when the task is mapped."""
    metric = replace(GROUPS, labels=(), jobs=(AIRFLOW_TASK_RUNS,))
    per_run = 'task_status{job="airflow_task_runs"}'
    for expr in (per_run, f"max without (map_index) ({per_run})"):
        document = _record(expr)
        assert messages("recorded-series", document, metrics=[metric, TASK_STATUS]) == []


def test_external_labels_are_none_of_a_rules() -> None:
    """Prometheus adds the settings' extra labels itself, to what leaves it."""
    settings = Settings(extra_labels={"region": "eu"})
    (message,) = messages(
        "recorded-series", _record(f"count by (instance) ({PUSHED})", labels={"region": "eu"}), settings=settings
    )
    assert message.startswith(f"{NAME} has no label region in the catalog")
