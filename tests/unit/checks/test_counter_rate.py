"""Rule counter-rate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.terms import MetricType
from tests.unit.checks.examples import messages, on_panel

COUNTER = 'pushgateway_http_requests_total{job="pushgateway"}'


@pytest.mark.parametrize(
    "expr",
    [
        f"sum(rate({COUNTER}[5m]))",
        f"increase({COUNTER}[5m])",
        f"irate({COUNTER}[5m]) + resets({COUNTER}[1h])",
        f"rate({COUNTER}[5m:1m])",
        f"absent({COUNTER}) or count({COUNTER})",
        f"present_over_time({COUNTER}[5m])",
        f'up{{job="pushgateway"}} and on (instance) {COUNTER}',
        'task_status{job="airflow_tasks"}',
        f"sum({COUNTER} unless {COUNTER} offset 5m or increase({COUNTER}[5m]))",
        f"{COUNTER} unless ({COUNTER} offset $__rate_interval)",
    ],
)
def test_counters_by_their_rate_pass(expr: str) -> None:
    """A rate passes, what does not read the value, and what is new; a gauge is no counter."""
    assert messages("counter-rate", on_panel(expr)) == []


@pytest.mark.parametrize(
    "expr",
    [
        COUNTER,
        f"sum({COUNTER})",
        f"max_over_time({COUNTER}[5m])",
        f"rate(x[5m]) / {COUNTER}",
        f"{COUNTER} unless x offset 5m",
        f"{COUNTER} and {COUNTER} offset 5m",
        f"{COUNTER} unless {COUNTER}",
        f'up{{job="pushgateway"}} and on (instance) {COUNTER} > 0',
        f'up{{job="pushgateway"}} unless on (instance) (max({COUNTER}) == 0)',
    ],
)
def test_a_counters_value_is_told_with_its_rate(expr: str) -> None:
    """The hint is the rate of that very selector."""
    assert messages("counter-rate", on_panel(expr)) == [
        (
            "pushgateway_http_requests_total is a counter, and its value alone says nothing. "
            f"Use rate({COUNTER}[$__rate_interval]) or increase(…)."
        )
    ]


def test_the_parts_of_a_histogram_are_counters() -> None:
    """Buckets, sums and counts only grow."""
    histogram = replace(TASK_STATUS, name="task_seconds", type=MetricType.HISTOGRAM)
    bad = on_panel("task_seconds_sum / task_seconds_count")
    good = on_panel("histogram_quantile(0.9, rate(task_seconds_bucket[5m]))")
    assert len(messages("counter-rate", bad, metrics=[histogram])) == 2
    assert messages("counter-rate", good, metrics=[histogram]) == []
