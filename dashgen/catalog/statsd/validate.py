"""The rules that the StatsD part of the catalog must keep, for :mod:`dashgen.catalog.validate`."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from dashgen.catalog.statsd.sent import BOTH, StatsdType
from dashgen.catalog.terms import MetricType, Source, Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.catalog.model import Metric
    from dashgen.catalog.statsd.sent import Line

    Fault = tuple[Metric, str, str]

PREFIX = "airflow_"

_TYPES = {
    StatsdType.COUNTER: (MetricType.COUNTER,),
    StatsdType.GAUGE: (MetricType.GAUGE,),
    StatsdType.TIMER: (MetricType.SUMMARY, MetricType.HISTOGRAM),
}
_PLACEHOLDER = re.compile(r"\{\w+\}")
_NAMED = re.compile(r"\{(\w+?)(?:_name)?\}")


def faults(metrics: Iterable[Metric]) -> Iterator[Fault]:
    """Yield what is wrong: the metric, the message, and what to do (may be empty)."""
    metrics = tuple(metrics)
    for metric in metrics:
        if metric.source is Source.STATSD:
            yield from _metric(metric)
        elif metric.statsd or metric.tags:
            yield metric, f"has StatsD lines or tags, but comes from {metric.source.value}", ""
    yield from _same_pattern(metrics)


def _metric(metric: Metric) -> Iterator[Fault]:
    if not metric.statsd:
        yield metric, "comes over StatsD and has no line", "Say under which name Airflow sends it."
        return
    names = dict.fromkeys(prometheus_name(line, metric) for line in metric.statsd)
    if metric.name not in names:
        yield metric, "is not named after any of its lines", f"Name it {next(iter(names))}."
    for line in metric.statsd:
        for message in (*_line(line), *_labels(line, metric)):
            yield metric, f"line {line.name}: {message}", ""
        if metric.type not in _TYPES[line.type]:
            yield metric, f"line {line.name}: a {line.type.value} cannot become a {metric.type.value}", ""
        if line.type is StatsdType.TIMER and metric.unit is not Unit.SECONDS:
            yield metric, f"line {line.name}: a timer is in seconds, not {metric.unit.value or 'without a unit'}", ""


def prometheus_name(line: Line, metric: Metric) -> str:
    """Name a line as the catalog must: its words, without those that are labels, then unit and ``_total``.

    ``ti.finish`` is ``airflow_ti_finish_total``; ``{job_name}_start`` is ``airflow_job_start_total``;
    ``dagrun.duration.success`` with a fixed state is ``airflow_dagrun_duration_seconds``.
    """
    values = {value for _, value in line.fixed}
    parts = [part for part in line.name.split(".") if not _PLACEHOLDER.fullmatch(part) and part not in values]
    words = _NAMED.sub(r"\1", "_".join(parts)).replace("-", "_").replace("seconds_ago", "age")
    name = PREFIX + words.removeprefix(PREFIX)
    unit = f"_{metric.unit.value}" if metric.unit.value else ""
    total = "_total" if metric.type is MetricType.COUNTER else ""
    return name.removesuffix(unit) + unit + total


def _line(line: Line) -> Iterator[str]:
    if not line.versions or not {*line.versions, *line.bare_in, *line.seconds_as_ms} <= set(BOTH):
        yield f"versions are some of {', '.join(BOTH)}"
    if line.legacy and line.dropped_legacy:
        yield "a legacy name is taken or dropped, not both"
    if line.legacy and _PLACEHOLDER.search(line.name):
        yield "only one of its names may carry labels"
    if line.seconds_as_ms and line.type is not StatsdType.TIMER:
        yield "only a timer can say milliseconds and mean seconds"
    if not line.legacy and not set(line.versions) <= set(line.bare_in):
        yield "it is sent neither by its bare name nor by a legacy one"


def _labels(line: Line, metric: Metric) -> Iterator[str]:
    known = {label.name: label for label in metric.labels}
    fixed = {label.name for label, _ in line.fixed}
    for name in line.placeholders:
        if name not in known:
            yield f"{{{name}}} is no label of the metric"
    for name in sorted(fixed - known.keys()):
        yield f"the fixed label {name} is no label of the metric"
    for name in sorted(fixed & set(line.placeholders)):
        yield f"label {name} is fixed and in the name"
    for name, label in known.items():
        if name not in fixed and name not in line.placeholders and not label.optional:
            yield f"nothing in it says label {name}"
    for name in line.dropped_tags:
        if any(name == label.name for label in (*metric.labels, *metric.tags)):
            yield f"the tag {name} is dropped and yet a label of the metric"


def _same_pattern(metrics: Iterable[Metric]) -> Iterator[Fault]:
    """Find the names of one version that two lines share, whatever their placeholders are called."""
    owners: defaultdict[tuple[str, str], list[Metric]] = defaultdict(list)
    for metric in metrics:
        for line in metric.statsd:
            for version in line.versions:
                bare = [line.name] if version in line.bare_in else []
                for name in (*bare, *filter(None, [line.registered_legacy])):
                    owners[version, _PLACEHOLDER.sub("*", name)].append(metric)
    for (version, pattern), found in owners.items():
        if len(found) > 1:
            others = ", ".join(dict.fromkeys(map(str, found[1:])))
            yield found[0], f"Airflow {version} would send {pattern} for {others} as well", ""
