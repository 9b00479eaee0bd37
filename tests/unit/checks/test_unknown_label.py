"""Rule unknown-label."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.terms import MetricType
from dashgen.settings import Settings
from tests.unit.checks.examples import alert, messages, on_panel, rules


@pytest.mark.parametrize(
    "expr",
    [
        'task_status{job="airflow_tasks",dag_id="a",task_id!="b",instance=~"c"}',
        'task_status{job="airflow_task_runs",run_id="a",map_index="1"}',
        'task_status{job=~"$job",run_id="a"}',
        'task_status{job=~"airflow_tasks|airflow_task_runs",map_index="1"}',
        'task_status{job!="airflow_tasks",map_index="1"}',
        'task_status{job="airflow_tasks",$label="a"}',
        'unknown{whatever="a"}',
        'pushgateway_http_requests_total{job="pushgateway",code="200"}',
    ],
)
def test_labels_that_the_metric_has_pass(expr: str) -> None:
    """Labels of the selected jobs pass; of an unknown metric nothing is known."""
    assert messages("unknown-label", on_panel(expr)) == []


def test_an_unknown_label_is_told_with_the_nearest() -> None:
    """The message names the metric and the label, and the one that was meant."""
    document = on_panel('task_status{job="airflow_tasks",dagid="a"}')
    assert messages("unknown-label", document) == ["task_status has no label dagid there. Did you mean dag_id?"]


def test_without_a_near_label_the_hint_lists_them() -> None:
    """The hint lists what there is."""
    (message,) = messages("unknown-label", on_panel('task_status{job="airflow_tasks",zz="a"}'))
    assert message.endswith("It has __name__, dag_id, instance, job, task_id.")


@pytest.mark.parametrize(
    "expr",
    [
        'dag_run_status{job="airflow_dags",task_id="a"}',
        'task_status{job="airflow_tasks",map_index="1"}',
        'task_status{job!="airflow_task_runs",map_index="1"}',
        'instance:groups:count{job="pushgateway"}',
        'up{job="pushgateway",run_id="a"}',
    ],
)
def test_a_label_of_other_jobs_or_metrics_is_unknown(expr: str) -> None:
    """A label must be on this metric in the jobs that are selected."""
    assert len(messages("unknown-label", on_panel(expr))) == 1


def test_dashboards_may_ask_for_extra_labels_and_rules_may_not() -> None:
    """They are external labels: what leaves Prometheus has them, and nothing in it."""
    settings = Settings(extra_labels={"region": "eu"})
    expr = 'task_status{job="airflow_tasks",region="eu"}'
    assert messages("unknown-label", on_panel(expr, alert={}), settings=settings) == []
    for rule in (alert(expr), {"record": "a:b:c", "expr": expr}):
        (message,) = messages("unknown-label", rules(rule), settings=settings)
        assert message.startswith("label region is an external label, which no series has where rules are evaluated")


def test_parts_of_histograms_and_summaries_have_their_label() -> None:
    """Buckets have le, a summary has quantile."""
    for kind, label in ((MetricType.HISTOGRAM, "le"), (MetricType.SUMMARY, "quantile")):
        metric = replace(TASK_STATUS, type=kind)
        document = on_panel(f'task_status{{job="airflow_tasks",{label}="0.5"}}')
        assert messages("unknown-label", document, metrics=[metric]) == []
        assert len(messages("unknown-label", document, metrics=[TASK_STATUS])) == 1
