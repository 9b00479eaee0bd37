"""Rule unknown-metric."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.terms import MetricType
from tests.unit.checks.examples import alert, messages, on_panel, rules

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.checks.document import Document


@pytest.mark.parametrize(
    "expr",
    [
        "task_status",
        '{__name__=~"task_status|up"}',
        '{__name__=~"task_.+"}',
        '{__name__=~"$metric"}',
        "task_$kind",
        "vector(1)",
    ],
)
def test_metrics_of_the_catalog_pass(expr: str) -> None:
    """Names, lists and patterns of names that the catalog has pass, and names by variable."""
    assert messages("unknown-metric", on_panel(expr)) == []


def test_an_unknown_metric_is_told_with_the_nearest() -> None:
    """A name that is not in the catalog comes with the one that was meant."""
    assert messages("unknown-metric", on_panel("sum(task_statuss)")) == [
        "metric task_statuss is not in the catalog. Did you mean task_status?"
    ]


def test_a_metric_from_nowhere_has_no_near_one() -> None:
    """Without a near name the hint says what to do."""
    assert messages("unknown-metric", on_panel("zzz")) == [
        "metric zzz is not in the catalog. Define it, or mend its name."
    ]


def test_each_name_of_a_list_is_looked_up() -> None:
    """One wrong name in a list of names is found."""
    (message,) = messages("unknown-metric", on_panel('{__name__=~"task_status|task_duration"}'))
    assert message.startswith("metric task_duration is not in the catalog")


@pytest.mark.parametrize("pattern", ["zzz.+", r"\\pL+x", "(?i)zzz"])
def test_a_pattern_that_matches_nothing_is_told(pattern: str) -> None:
    """A pattern of names must match some metric."""
    (message,) = messages("unknown-metric", on_panel(f'{{__name__=~"{pattern}"}}'))
    assert message.startswith("no metric of the catalog is named like")


def test_a_renamed_metric_is_told_with_its_new_name() -> None:
    """A query with a metric's former name is told what it is now."""
    renamed = replace(TASK_STATUS, name="task_state", renamed_from="task_status")
    assert messages("unknown-metric", on_panel("task_status"), metrics=[renamed]) == [
        "metric task_status is not in the catalog. It is now task_state."
    ]


def _timing(kind: MetricType) -> Metric:
    return replace(TASK_STATUS, name="task_seconds", type=kind)


def test_the_series_of_histograms_and_summaries_are_known() -> None:
    """The suffixes belong to the type: a summary has no buckets, a gauge has no count."""
    both = "task_seconds_sum + task_seconds_count"
    buckets = "task_seconds_bucket"
    histogram, summary = _timing(MetricType.HISTOGRAM), _timing(MetricType.SUMMARY)
    gauge = _timing(MetricType.GAUGE)
    assert messages("unknown-metric", on_panel(both + "+" + buckets), metrics=[histogram]) == []
    assert messages("unknown-metric", on_panel(both), metrics=[summary]) == []
    assert len(messages("unknown-metric", on_panel(buckets), metrics=[summary])) == 1
    assert len(messages("unknown-metric", on_panel(both), metrics=[gauge])) == 2


def _with_text(text: str) -> Document:
    return rules(alert(annotations={"description": text}))


@pytest.mark.parametrize(
    "text",
    [
        '{{ with query "nowhere" }}{{ . | first | value }}{{ end }}',
        '{{ range query `nowhere{job="workers"}` }}{{ .Value }}{{ end }}',
        '{{ query "sum(nowhere{job=\\"workers\\"})" | first | value }}',
        """{{ printf "nowhere{job='%s'}" $labels.job | query | first | value }}""",
        '{{ printf "nowhere{job=%q} > %.0f" $labels.job $value | query }}',
    ],
)
def test_a_query_in_an_alerts_template_is_looked_at(text: str) -> None:
    """What an annotation queries itself is held against the catalog, with any value in place of printf's."""
    assert messages("promql-syntax", _with_text(text)) == []
    (message,) = messages("unknown-metric", _with_text(text))
    assert message.startswith("metric nowhere is not in the catalog")


def test_a_query_that_is_only_prose_is_not_looked_at() -> None:
    """Outside of a template's action, query is a word."""
    assert messages("unknown-metric", _with_text('The query "nowhere" failed on {{ $labels.instance }}.')) == []
