"""Rule selector-job."""

from __future__ import annotations

import pytest

from tests.unit.checks.examples import messages, on_panel


@pytest.mark.parametrize(
    "expr",
    [
        'task_status{job="airflow_tasks"}',
        'task_status{job=~"airflow_tasks|airflow_task_runs"}',
        'task_status{job=~"$job"}',
        "instance:groups:count",
        "unknown",
        '{__name__=~"task_status|dag_run_status",job=~"airflow_tasks|airflow_dags"}',
    ],
)
def test_selectors_that_name_their_job_pass(expr: str) -> None:
    """A job, a list of jobs or a variable names it; a recorded total has none."""
    assert messages("selector-job", on_panel(expr)) == []


@pytest.mark.parametrize("matchers", ["", '{dag_id="a"}', '{job=""}'])
def test_a_selector_without_its_job_is_told_the_jobs(matchers: str) -> None:
    """Without the job, the generations are added up."""
    assert messages("selector-job", on_panel(f"sum(task_status{matchers})")) == [
        'task_status is selected without its job. Name it: job="airflow_tasks" or job="airflow_task_runs".'
    ]


@pytest.mark.parametrize("matcher", ['job!="airflow_tasks"', 'job=~".+"', 'job=~"airflow_.*"', 'job!~"a|b"'])
def test_a_job_that_is_not_named_exactly_is_told_so(matcher: str) -> None:
    """What excludes a job or leaves it to a pattern can match several generations."""
    (message,) = messages("selector-job", on_panel(f"sum(task_status{{{matcher}}})"))
    assert message.startswith(
        f"task_status is selected by {matcher}, which does not name its job exactly and can match several generations. "
    )
    (message,) = messages("selector-job", on_panel(f"pushgateway_http_requests_total{{{matcher}}}"))
    assert "does not name its job exactly. Name it" in message


def test_a_job_of_another_metric_is_told() -> None:
    """The job must be one that emits the metric."""
    assert messages("selector-job", on_panel('task_status{job=~"airflow_tasks|airflow_task"}')) == [
        "task_status is not emitted by job airflow_task. Did you mean airflow_tasks?"
    ]
    (message,) = messages("selector-job", on_panel('up{job="node"}'))
    assert message.endswith('Name it: job="pushgateway" or job="statsd_exporter" or job="prometheus".')
