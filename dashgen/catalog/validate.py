"""All rules that the catalog itself must keep, checked in one place, all problems at once.

The naming rules are those of Prometheus' promlint (``client_golang`` ``promlint``: help text,
base units, unit abbreviations, type in the name, reserved characters, camel case, ``_total``).
They hold for the names that are ours to choose; what others emit is taken as it is.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from typing import TYPE_CHECKING

from dashgen.catalog.statsd.validate import faults
from dashgen.catalog.terms import Cardinality, MetricType, Source, Unit
from dashgen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.catalog.model import Catalog, Metric

RULE = "catalog"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RECORDED_NAME = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RESERVED_LABELS = frozenset({"__name__", "le", "quantile"})
_FOREIGN_UNITS = {
    **dict.fromkeys(("milliseconds", "ms", "microseconds", "minutes", "hours", "days", "s", "sec", "secs"), "seconds"),
    **dict.fromkeys(("kilobytes", "megabytes", "gigabytes", "kb", "mb", "gb", "bits"), "bytes"),
    **dict.fromkeys(("percent", "percentage"), "ratio"),
}
_DERIVED_SUFFIXES = ("_sum", "_count", "_bucket")


def validate(catalog: Catalog) -> list[Problem]:
    """Return every problem of the catalog, sorted by place; empty when it is sound."""
    found = (*_names(catalog), *_each_metric(catalog), *_labels(catalog), *_renames(catalog), *_events(catalog))
    return sorted({*found, *(_problem(*fault) for fault in faults(catalog))})


def _problem(metric: Metric, message: str, hint: str = "") -> Problem:
    return Problem(metric.place, RULE, f"metric {metric.name}: {message}", hint)


def _names(catalog: Catalog) -> Iterator[Problem]:
    counts = Tally(metric.name for metric in catalog)
    for metric in catalog:
        if counts[metric.name] > 1:
            yield _problem(metric, "defined more than once", "Keep one definition and import it where it is used.")


def _each_metric(catalog: Catalog) -> Iterator[Problem]:
    for metric in catalog:
        if not metric.help.strip() or not metric.read.strip():
            yield _problem(metric, "help and read must both say something")
        if metric.source.named_here:
            yield from _naming(metric)
        if metric.source is Source.RECORDING_RULE and not _RECORDED_NAME.fullmatch(metric.name):
            yield _problem(metric, "a recorded series is named level:metric:operation")
        if metric.source.ours and not metric.jobs:
            yield _problem(metric, "has no job: every pushed group has one")
        yield from _thresholds(metric)
        yield from _fleet_labels(metric)


def _naming(metric: Metric) -> Iterator[Problem]:
    if not _NAME.fullmatch(metric.name):
        yield _problem(metric, "a name is lower case letters, digits and underscores, and starts with a letter")
        return
    words = metric.name.split("_")
    for word in words:
        if word in _FOREIGN_UNITS:
            yield _problem(metric, f"{word} is no base unit", f"Use {_FOREIGN_UNITS[word]}.")
    if metric.type.value in words:
        yield _problem(metric, f"the name repeats the type {metric.type.value}")
    if (metric.type is MetricType.COUNTER) != metric.name.endswith("_total"):
        yield _problem(metric, "a counter's name ends in _total, and no other does")
    if metric.name.endswith(_DERIVED_SUFFIXES):
        yield _problem(metric, "the suffix is reserved for the series of histograms and summaries")
    if metric.unit is not Unit.NONE and not metric.name.removesuffix("_total").endswith(f"_{metric.unit.value}"):
        yield _problem(metric, f"the unit is {metric.unit.value} but the name does not end so")


def _thresholds(metric: Metric) -> Iterator[Problem]:
    if metric.codes is None:
        return
    known = {int(code) for code in metric.codes}
    for threshold in metric.thresholds:
        if threshold.value not in known:
            yield _problem(metric, f"threshold {threshold.name} is {threshold.value:g}, which is no code of its states")


def _fleet_labels(metric: Metric) -> Iterator[Problem]:
    for job in metric.jobs:
        if job.generation is None or job.generation.run_isolated:
            continue
        for label in metric.labels_in(job):
            if label.cardinality is Cardinality.UNBOUNDED:
                message = f"label {label.name} is unbounded and may not be in generation {job.generation.name}"
                yield _problem(metric, message, f"Leave {label.name} to the jobs of the per-run generation.")


def _labels(catalog: Catalog) -> Iterator[Problem]:
    for metric in catalog:
        for job in metric.jobs or (None,):
            labels = metric.labels_in(job)
            for name, count in Tally(label.name for label in labels).items():
                if count > 1:
                    yield _problem(metric, f"label {name} is there twice")
            for label in labels:
                if label.cardinality is None:
                    yield _problem(
                        metric, f"label {label.name} does not say its cardinality", "Say BOUNDED or UNBOUNDED."
                    )
                if not _LABEL_NAME.fullmatch(label.name) or label.name in _RESERVED_LABELS:
                    yield _problem(metric, f"{label.name!r} can't be the name of a label")
                if catalog.labels[label.name] != label:
                    yield _problem(metric, f"label {label.name} is defined in two ways")


def _renames(catalog: Catalog) -> Iterator[Problem]:
    origins = Tally(metric.renamed_from for metric in catalog if metric.renamed_from)
    for metric in catalog:
        if metric.renamed_from is None:
            continue
        if metric.renamed_from in catalog.by_name:
            yield _problem(metric, f"renamed_from {metric.renamed_from}, but that metric is still there")
        if origins[metric.renamed_from] > 1:
            yield _problem(metric, f"renamed_from {metric.renamed_from}, which another metric claims too")


def _events(catalog: Catalog) -> Iterator[Problem]:
    for event in catalog.events:
        for generation, metrics in event.sets.items():
            for metric in metrics:
                if catalog.by_name.get(metric.name) != metric:
                    message = f"event {event.name} sets {metric.name}, which the catalog does not have"
                    yield Problem(event.place, RULE, message)
                elif generation not in metric.generations:
                    message = f"event {event.name} sets {metric.name} in generation {generation.name}"
                    yield Problem(event.place, RULE, f"{message}, which does not carry it")
