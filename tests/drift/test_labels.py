"""Drift of a label: a metric loses it in the catalog; its queries, legends and texts still name it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dashgen.catalog import recorded
from dashgen.catalog.airflow import TASK_STATUS
from dashgen.catalog.labels import AIRFLOW_TASKS, DAG_ID, INSTANCE, PUSHGATEWAY, TASK_ID
from dashgen.catalog.pipeline import HEAP_IN_USE, PUSH_TIME
from dashgen.catalog.terms import Source
from tests.drift import sides

if TYPE_CHECKING:
    from dashgen.catalog.model import Job, Metric
    from dashgen.catalog.terms import Label
    from dashgen.contract import Contract
    from dashgen.definitions import Project

DROPS = [
    (metric, job, label)
    for metric in sides.CATALOG
    for job in metric.jobs or (None,)
    for label in metric.labels_in(job)
    if metric.source not in (Source.STATSD, Source.STATSD_EXPORTER)
]
# Those over StatsD are alike: one metric for each label of each module, since a build for each would take minutes.
DROPS += {
    (metric.place.file, label): (metric, job, label)
    for metric in reversed(sides.CATALOG.metrics)
    if metric.source in (Source.STATSD, Source.STATSD_EXPORTER)
    for job in metric.jobs
    for label in metric.labels_in(job)
}.values()


def _without(metric: Metric, label: Label, *jobs: Job | None) -> Project:
    """Return the project with a metric that has not this label in these jobs."""
    kept = tuple(
        replace(job, grouping=tuple(each for each in job.grouping if each != label)) if job in jobs else job
        for job in metric.jobs
    )
    labels, tags = (tuple(each for each in several if each != label) for several in (metric.labels, metric.tags))
    return sides.instead(metric, jobs=kept, labels=labels, tags=tags)


def _naming(metric: Metric, label: Label, *jobs: Job | None) -> list[sides.Spot]:
    """Return the expressions that read a label of a metric, in these jobs only.

    They match on it; or name it in a clause, a legend or a text around them, and there is no
    other metric that it could come from.
    """
    found = []
    for spot in sides.spots_of(metric):
        selectors = [inside for name in sides.named(spot, metric) for inside in _selectors(spot.text, name)]
        nameless = re.search(r"\(\{", spot.text)
        others = nameless or [each for each in sides.CATALOG if each != metric and sides.named(spot, each)]
        matched = any(re.search(rf"\b{label}(?:=|!)", inside) for inside in selectors)
        named = not others and (spot.names(label.name) or _shows(sides.holder(spot), label))
        if all(_only_in(inside, jobs) for inside in selectors) and (matched or named):
            found.append(spot)
    return found


def _selectors(text: str, name: str) -> list[str]:
    """Return what stands between the braces of each selector of a metric."""
    plain = re.sub(r"\$\{[^}]*\}", "$variable", text)
    return [found or "" for found in re.findall(rf"{sides.word(name)}(?:{{([^}}]*)}})?", plain)]


def _only_in(selector: str, jobs: tuple[Job | None, ...]) -> bool:
    """Whether a selector names no other jobs."""
    named = re.search(r'\bjob=~?"([^"]*)"', selector)
    return named is None or set(named[1].split("|")) <= {job.name for job in jobs if job}


def _shows(holder: Any, label: Label) -> bool:  # noqa: ANN401  (JSON)
    texts = (holder.get("legendFormat", ""), *holder.get("annotations", {}).values())
    return any(re.search(rf"{{{{ ?(?:\$labels\.)?{label}\b", text) for text in texts)


@pytest.mark.parametrize(
    ("metric", "job", "label"),
    DROPS,
    ids=[f"{metric}-{job.name if job else 'no job'}-{label}" for metric, job, label in DROPS],
)
def test_dropped(metric: Metric, job: Job | None, label: Label, committed: Contract) -> None:
    """A label that goes breaks the contract, which says the job too, and each query that reads it there."""
    project = _without(metric, label, job)
    place = replace(metric.place, subject=f"metric {metric.name}")
    broken = sides.broken(project, committed)
    sides.caught(broken, place, metric.name, label.name, job.name if job else "job")
    _assert_caught(project, metric, label, _naming(metric, label, job))


@pytest.mark.parametrize("metric", [metric for metric in sides.CATALOG if len(metric.jobs) > 1], ids=str)
def test_dropped_in_all_jobs(metric: Metric) -> None:
    """A label that goes everywhere is told by queries over several jobs as well."""
    for label in dict.fromkeys(label for job in metric.jobs for label in job.grouping):
        several = _naming(metric, label, *metric.jobs)
        seen = [spot for job in metric.jobs for spot in _naming(metric, label, job)]
        left = [spot for spot in several if spot not in seen]
        _assert_caught(_without(metric, label, *metric.jobs), metric, label, left)


@pytest.mark.parametrize("label", [DAG_ID, INSTANCE, TASK_ID], ids=str)
def test_dropped_from_one_side_of_a_match(label: Label) -> None:
    """Two sides that match by all of their labels are told when one of them loses a label."""
    problems = sides.told(_without(TASK_STATUS, label, AIRFLOW_TASKS))
    spots = [spot for spot in sides.spots_of(TASK_STATUS) if spot.subject == f'record "{recorded.TASK_RUNNING_AGE}"']
    assert spots
    for spot in spots:
        sides.caught_at(problems, spot, TASK_STATUS.name, label.name)


def test_every_way_of_naming_a_label_is_met() -> None:
    """What is looked at are matchers, clauses and texts, of one job and of several."""
    assert len(_naming(TASK_STATUS, DAG_ID, AIRFLOW_TASKS)) > 10
    assert {spot.subject for spot in _naming(PUSH_TIME, INSTANCE, *PUSH_TIME.jobs)} > {f'record "{recorded.GROUPS}"'}
    assert [spot.subject for spot in _naming(HEAP_IN_USE, INSTANCE, PUSHGATEWAY)] == ['panel "Pushgateway\'s memory"']


def _assert_caught(project: Project, metric: Metric, label: Label, spots: list[sides.Spot]) -> None:
    problems = sides.told(project) if spots else ()
    for spot in spots:
        sides.caught_at(problems, spot, metric.name, label.name)
