"""A scrape target that is only made up: its series now, and how each came to be so."""

from __future__ import annotations

import bisect
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from dashgen.catalog.terms import JOB_LABEL, MetricType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dashgen.catalog.model import Job, Metric

Labels = tuple[tuple[str, str], ...]

# Of the last so many observations a timer tells the quantiles.
_REMEMBERED = 20
_QUANTILES = (0.5, 0.9, 0.99)


def series(metric: Metric | str, job: Job, labels: Labels) -> str:
    """Write a series; the labels' values hold nothing that the text format escapes."""
    return _written(str(metric), job.name, labels)


@lru_cache(maxsize=1 << 15)
def _written(name: str, job: str, labels: Labels) -> str:
    inner = ",".join(f'{label}="{value}"' for label, value in ((JOB_LABEL, job), *labels))
    return f"{name}{{{inner}}}"


class Timer(NamedTuple):
    """A timer: a summary, with or without ``quantiles``, or a histogram of ``buckets`` (seconds, ascending)."""

    metric: Metric
    job: Job
    labels: Labels
    buckets: tuple[float, ...] = ()
    quantiles: bool = True


class Target:
    """The series by their text, each with its value; and their changes, until they are forgotten."""

    def __init__(self) -> None:
        """Start without any."""
        self.values: dict[str, float] = {}
        self._changes: dict[str, tuple[list[float], list[float | None]]] | None = {}
        self._observed: dict[str, list[float]] = {}
        self._turn = False

    def set(self, name: str, value: float, at: float) -> None:
        """Give a series its value from then on (unix seconds, never before an earlier call's)."""
        self.values[name] = value
        self._changed(name, value, at)

    def end(self, name: str, at: float) -> None:
        """Let a series be no more from then on."""
        del self.values[name]
        self._changed(name, None, at)

    def add(self, name: str, number: float, at: float) -> None:
        """Let a series be so much more from then on; one that is not there yet starts at 0."""
        self.set(name, self.values.get(name, 0) + number, at)

    def observe(self, timer: Timer, seconds: float, at: float) -> None:
        """Let a timer measure something, as statsd_exporter tells it."""
        metric, job, labels = timer.metric, timer.job, timer.labels
        if metric.type is MetricType.HISTOGRAM:
            for bound in (*timer.buckets, float("inf")):
                le = ("le", "+Inf" if bound == float("inf") else f"{bound:g}")
                self.add(series(f"{metric}_bucket", job, (*labels, le)), seconds <= bound, at)
        elif timer.quantiles:
            observed = self._observed.setdefault(series(metric, job, labels), [])
            bisect.insort(observed, seconds)
            if len(observed) > _REMEMBERED:
                # In turn from both ends, so that what is usual stays.
                self._turn = not self._turn
                observed.pop(0 if self._turn else -1)
            for quantile in _QUANTILES:
                value = observed[min(int(quantile * len(observed)), len(observed) - 1)]
                self.set(series(metric, job, (*labels, ("quantile", f"{quantile:g}"))), value, at)
        self.add(series(f"{metric}_sum", job, labels), seconds, at)
        self.add(series(f"{metric}_count", job, labels), 1, at)

    def exposition(self) -> bytes:
        """Write what a scrape finds now."""
        return "".join(f"{name} {value:.15g}\n" for name, value in self.values.items()).encode()

    def history(self, times: Sequence[int]) -> Iterator[str]:
        """Write what scrapes at these times (unix seconds, ascending) would have found, as OpenMetrics lines.

        The changes are forgotten: a history is told once.
        """
        changes, self._changes = self._changes or {}, None
        ends = [f" {at}\n" for at in times]
        for name, (ats, values) in changes.items():
            begin = bisect.bisect_left(times, ats[0])
            for number, value in enumerate(values):
                end = bisect.bisect_left(times, ats[number + 1], begin) if number + 1 < len(ats) else len(times)
                if begin < end and value is not None:
                    text = f"{name} {value:.15g}"
                    yield "".join([text + each for each in ends[begin:end]])
                begin = end

    def _changed(self, name: str, value: float | None, at: float) -> None:
        if self._changes is not None:
            times, values = self._changes.setdefault(name, ([], []))
            times.append(at)
            values.append(value)
