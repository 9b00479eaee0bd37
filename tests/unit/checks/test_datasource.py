"""Rule datasource."""

from __future__ import annotations

import pytest

from dashgen.checks.document import Document
from tests.unit.checks.examples import DATASOURCE, dashboard, messages, on_panel, target, variable

MIXED = {"type": "datasource", "uid": "-- Mixed --"}
BUILT_IN = {"builtIn": 1, "name": "Annotations & Alerts", "datasource": "-- Grafana --"}


def _annotated(**fields: object) -> Document:
    data = dashboard(annotations={"list": [BUILT_IN, {"name": "Runs", "expr": "x", **fields}]})
    return Document.dashboard(data, "x.json")


def _with_variable(**fields: object) -> Document:
    other = {**variable("label_values(task_id)", name="task_id"), **fields}
    return Document.dashboard(dashboard(variables=[other]), "x.json")


@pytest.mark.parametrize(
    "document",
    [
        on_panel(),
        on_panel(datasource="$datasource"),
        on_panel(datasource=MIXED),
        on_panel(targets=[target("x", datasource=None)]),
        on_panel(type="row", datasource="P1809F7"),
        on_panel(targets=[], datasource=None),
        _annotated(datasource=DATASOURCE),
        _with_variable(),
        _with_variable(type="custom", datasource=None),
    ],
)
def test_references_to_a_variable_pass(document: Document) -> None:
    """A variable passes, and Grafana's own; what asks nothing needs none, and a target has its panel's."""
    assert messages("datasource", document) == []


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (on_panel(datasource=None), "the panel"),
        (on_panel(targets=[target("x", datasource=None)], datasource=MIXED), "target A"),
        (on_panel(targets=[target("x", datasource=None)], datasource=None), "the panel"),
        (on_panel(targets=[target("x", datasource={"type": "prometheus"})]), "target A"),
        (_annotated(), "the annotation"),
        (_with_variable(datasource=None), "the variable"),
        (_with_variable(datasource=5), "the variable"),
    ],
)
def test_a_missing_data_source_is_told(document: Document, what: str) -> None:
    """Panels, targets, variables and annotations all name one."""
    (message,) = messages("datasource", document)
    assert message.startswith(f"{what} names no data source. Write ")


@pytest.mark.parametrize("reference", ["Prometheus", {"type": "prometheus", "uid": "P1809F7"}])
def test_a_fixed_data_source_is_told(reference: object) -> None:
    """The uid or name of one Grafana's data source is no reference to a variable."""
    (message,) = messages("datasource", on_panel(datasource=reference))
    assert message.startswith("the panel is bound to the data source P")


def test_one_fixed_data_source_is_told_once_and_keeps_its_type() -> None:
    """A target with its panel's data source adds nothing; the hint is for a data source of that type."""
    logs = {"type": "loki", "uid": "P8E80F9"}
    (message,) = messages("datasource", on_panel(datasource=logs, targets=[target("{}", datasource=logs)]))
    assert '{"type": "loki", "uid": "${datasource}"}' in message
