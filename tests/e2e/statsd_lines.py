"""The catalog's word on a StatsD line: which metric it is about, or why no series comes of it.

Written apart from the mapping: what a real exporter does with real lines is held against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.statsd import AIRFLOW_METRICS, EXCLUDED
from dashgen.catalog.statsd.sent import V3
from dashgen.catalog.terms import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dashgen.catalog.model import Metric
    from tests.e2e.rows import Row
    from tests.e2e.statsd import Heard
    from tests.servers import Sample

PREFIX, TAGGED = "airflow.", "airflow.tagged."
NAMES = {
    f"{metric.name}{suffix}": metric
    for metric in AIRFLOW_METRICS
    for suffix in (("_sum", "_count", "") if metric.type is MetricType.SUMMARY else ("",))
}
QUANTILE = "quantile"

Key = tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A form of a line without its prefix, and why it becomes no series; with no reason it does."""

    pattern: re.Pattern[str]
    metric: Metric
    dropped: str = ""


def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(".+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", form)))


def _kinds(version: str, *, tagged: bool) -> Iterable[Kind]:
    """Yield the forms that a version sends."""
    for metric in AIRFLOW_METRICS:
        for line in (line for line in metric.statsd if version in line.versions):
            by_legacy = bool(line.legacy) and not (tagged and version in line.bare_in)
            yield Kind(_pattern(line.name), metric, "its labels are in the legacy name" if by_legacy else "")
            if line.legacy:
                yield Kind(_pattern(line.legacy), metric, "" if by_legacy else "its labels are tags")
            if line.dropped_legacy:
                yield Kind(_pattern(line.dropped_legacy), metric, "a series for each run")


class Lines:
    """What becomes of the lines of a version of Airflow, with tags or without."""

    def __init__(self, version: str, *, tagged: bool) -> None:
        """Take the version by its name in the settings."""
        self._version, self._tagged = version, tagged
        self._prefix = TAGGED if tagged else PREFIX
        # The most literal first.
        self._kinds = sorted(_kinds(version, tagged=tagged), key=lambda kind: kind.pattern.pattern.count(".+"))

    def dropped(self, line: str) -> str:
        """Return why no series comes of a line; nothing when one does.

        Raises:
            LookupError: the catalog does not say.

        """
        name = line.partition(":")[0].partition(",")[0]
        assert name.startswith(self._prefix), line
        name = name.removeprefix(self._prefix)
        if name in EXCLUDED:
            return EXCLUDED[name]
        for kind in self._kinds:
            if kind.pattern.fullmatch(name):
                return kind.dropped
        raise LookupError(f"not in the catalog: {line}")

    def unexplained(self, heard: Heard) -> dict[str, float]:
        """Return how many lines the exporter counts among each of those lost, without those that must be."""
        dropped = sum(1 for line in heard.lines if self.dropped(line))
        return {name: count - (dropped if name == "drop" else 0) for name, count in heard.said.items()}

    def ids(self, row: Row) -> Key:
        """Return the labels of a task instance: as it is with tags, without them as its legacy name can be read."""
        found = ascii_only(row.dag_id), ascii_only(row.task_id)
        if self._tagged:
            return found
        if self._version == V3:
            return found[0].replace(".", "__"), found[1].replace(".", "__")
        dag_id, _, task_id = ".".join(found).partition(".")
        return dag_id, task_id


def ascii_only(text: str) -> str:
    """Write an id as the docs' stat name handler does."""
    return "".join(letter if letter.isascii() else "_" for letter in text)


def wrong(heard: Heard, *, tagged: bool) -> list[str]:
    """Return the series whose name or labels are not the catalog's."""
    return [str(sample.labels) for sample in heard.series if not _right(sample, tagged=tagged)]


def _right(sample: Sample, *, tagged: bool) -> bool:
    name = sample.labels["__name__"]
    metric = NAMES.get(name)
    if metric is None:
        return False
    # To Prometheus, an empty label is none.
    found = {label for label, value in sample.labels.items() if value} - {"__name__"}
    if metric.type is MetricType.SUMMARY and name == metric.name:
        if QUANTILE not in found:
            return False
        found -= {QUANTILE}
    all_of_it = {label.name for label in metric.labels}
    always = {label.name for label in metric.labels if not label.optional}
    tags = {label.name for label in metric.tags} if tagged else set[str]()
    return always <= found <= all_of_it | tags


def seen(heard: Heard) -> frozenset[str]:
    """Return the names of the metrics of which there is a series."""
    names = (NAMES.get(sample.labels["__name__"]) for sample in heard.series)
    return frozenset(metric.name for metric in names if metric)


def values(heard: Heard, name: str, *labels: str) -> Mapping[Key, float]:
    """Return the sums of the series of a name, by the values of some of their labels."""
    found: dict[Key, float] = {}
    for sample in heard.series:
        if sample.labels["__name__"] == name:
            key = tuple(sample.labels.get(label, "") for label in labels)
            found[key] = found.get(key, 0) + sample.value
    return found
