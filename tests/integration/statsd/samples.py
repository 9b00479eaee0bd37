"""For each StatsD line of the catalog, what Airflow would send, and the series that must come of it.

Written from the catalog's lines alone, without the rules that the mapping is made of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashgen.catalog.statsd import AIRFLOW_METRICS
from dashgen.catalog.statsd.sent import Line, StatsdType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dashgen.catalog.model import Metric
    from tests import servers

SYMBOLS = {StatsdType.COUNTER: "c", StatsdType.GAUGE: "g", StatsdType.TIMER: "ms"}
# What a label is in a sample; the others are their own name.
VALUES = {"dag_id": "etl-daily", "task_id": "group.sub_group.load", "state": "success", "file_name": "a.b"}

Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass
class Sent:
    """What a sender sends, and what each series must hold after it: seconds for a timer."""

    prefix: str
    version: str
    lines: list[str] = field(default_factory=list)
    values: dict[Key, float] = field(default_factory=dict)

    def add(self, name: str, line: Line, metric: Metric | None, tags: Mapping[str, str]) -> None:
        """Send a line with a value of its own; without a metric nothing may come of it."""
        value = float(len(self.lines) + 1)
        # Milliseconds, unless this version sends seconds and calls them so.
        sent = value * 1000 if line.type is StatsdType.TIMER and self.version not in line.seconds_as_ms else value
        told = "".join(f",{label}={text}" for label, text in tags.items())
        self.lines.append(f"{self.prefix}.{name}{told}:{sent:.0f}|{SYMBOLS[line.type]}")
        if metric:
            labels = {**_labels(name, line), **tags, **{label.name: text for label, text in line.fixed}}
            kept = frozenset((label, text) for label, text in labels.items() if label not in line.dropped_tags)
            before = 0 if line.type is StatsdType.GAUGE else self.values.get((metric.name, kept), 0)
            self.values[metric.name, kept] = before + value * line.scale


def without_tags(prefix: str, version: str) -> Sent:
    """Return what a sender without tags sends, legacy names on."""
    sent = Sent(prefix, version)
    for metric, line in _lines(version):
        if line.legacy:
            sent.add(filled(line.legacy), line, metric, {})
        if version in line.bare_in:
            sent.add(filled(line.name), line, None if line.legacy else metric, {})
        if line.dropped_legacy:
            sent.add(filled(line.dropped_legacy), line, None, {})
    return sent


def with_tags(prefix: str, version: str, *, legacy_names: bool) -> Sent:
    """Return what a sender with tags sends."""
    sent = Sent(prefix, version)
    for metric, line in _lines(version):
        bare = version in line.bare_in
        tags = {label.name: VALUES.get(label.name, label.name) for label in (*metric.labels, *metric.tags)}
        tags |= dict.fromkeys(line.dropped_tags, "unbounded")
        for name in (*(label.name for label, _ in line.fixed), *_placeholders(line.name)):
            del tags[name]
        if bare:
            sent.add(filled(line.name), line, metric, tags)
        for name in filter(None, (line.legacy, line.dropped_legacy)):
            if legacy_names or not bare:
                sent.add(filled(name), line, None if bare else metric, {})
    return sent


def found(samples: Iterable[servers.Sample]) -> dict[Key, float]:
    """Return what the series hold: of a timer, the sum."""
    summed = {
        sample.labels["__name__"].removesuffix("_sum")
        for sample in samples
        if sample.labels["__name__"].endswith("_sum")
    }
    values = {}
    for sample in samples:
        labels = {name: text for name, text in sample.labels.items() if text and name != "__name__"}
        name = sample.labels["__name__"]
        if name in summed or name.removesuffix("_count").removesuffix("_bucket") in summed:
            continue
        values[name.removesuffix("_sum"), frozenset(labels.items())] = sample.value
    return values


def filled(form: str) -> str:
    """Write a name with values in the places of its labels."""
    return re.sub(r"\{(\w+)\}", lambda label: VALUES.get(label[1], label[1]), form)


def _lines(version: str) -> Iterator[tuple[Metric, Line]]:
    return ((metric, line) for metric in AIRFLOW_METRICS for line in metric.statsd if version in line.versions)


def _placeholders(form: str) -> list[str]:
    return re.findall(r"\{(\w+)\}", form)


def _labels(name: str, line: Line) -> dict[str, str]:
    """Return the labels that a name carries: those of the form that it was filled from."""
    form = next(form for form in (line.legacy, line.name, line.dropped_legacy) if form and filled(form) == name)
    return {label: VALUES.get(label, label) for label in _placeholders(form)}
