"""Rule gauge-rate."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import messages, on_panel

GAUGE = 'task_status{job="airflow_tasks"}'


@pytest.mark.parametrize(
    "expr",
    [
        f"deriv({GAUGE}[5m])",
        f"max_over_time({GAUGE}[5m])",
        f"rate(count({GAUGE})[1h:1m])",
        'rate(pushgateway_http_requests_total{job="pushgateway"}[5m])',
        "rate(unknown[5m])",
    ],
)
def test_gauges_by_other_functions_pass(expr: str) -> None:
    """Functions for gauges pass, and rates of counters or of what is made of a gauge."""
    assert messages("gauge-rate", on_panel(expr)) == []


@pytest.mark.parametrize(("function", "instead"), [("rate", "deriv"), ("irate", "idelta"), ("increase", "delta")])
def test_a_counters_function_on_a_gauge_is_told_with_the_gauges(function: str, instead: str) -> None:
    """Each function of counters has one for gauges."""
    assert messages("gauge-rate", on_panel(f"sum({function}({GAUGE}[5m]))")) == [
        f"task_status is a gauge, and {function}() is for counters. Use {instead}() instead."
    ]
