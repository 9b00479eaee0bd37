"""What dashboards and rules ask of the metrics that come over StatsD.

A StatsD counter first appears with its value: ``rate`` and ``increase`` see no increase there, and
a task that fails once in a week would never have failed. :func:`events` counts that value too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dashgen.catalog.labels import INSTANCE, STATSD_EXPORTER, UpState
from dashgen.catalog.pipeline import UP
from dashgen.catalog.terms import Matcher

if TYPE_CHECKING:
    from dashgen.catalog.model import Metric
    from dashgen.catalog.terms import Label
    from dashgen.settings import Settings

SUM, COUNT = "_sum", "_count"
# The quantiles that the mapping asks of the exporter.
HIGH, HIGHEST = 0.9, 0.99

_BUCKET = "_bucket"
_BUCKET_LABEL = "le"
_QUANTILE_LABEL = "quantile"


def part(metric: Metric, suffix: str, *matchers: Matcher) -> str:
    """Write a selector of one of a timer's counters: ``SUM`` or ``COUNT``."""
    return replace(metric, name=f"{metric.name}{suffix}").select(*matchers)


def total(of: str, *labels: Label) -> str:
    """Write a sum by labels, or of everything."""
    return f"sum {_by(*map(str, labels))}({of})"


def events(counter: str, window: str) -> str:
    """Write by how much a counter, given as a selector, grew in the window, first values included.

    A series counts as new when it was not there at the window's start although the scrape
    succeeded: what is missing in a gap is not new.
    """
    scraped = f"{UP.select(jobs=(STATSD_EXPORTER,))} offset {window} == {UpState.UP}"
    new = f"{counter} unless {counter} offset {window} and on ({INSTANCE}) {scraped}"
    return f"{new} or increase({counter}[{window}])"


def mean(metric: Metric, *matchers: Matcher, labels: tuple[Label, ...], window: str) -> str:
    """Write the mean of what a timer observed in the window; without a series where nothing was."""
    observed = total(f"increase({part(metric, COUNT, *matchers)}[{window}])", *labels)
    return f"{total(f'increase({part(metric, SUM, *matchers)}[{window}])', *labels)} / ({observed} > 0)"


def quantile(
    settings: Settings, metric: Metric, *matchers: Matcher, of: float, labels: tuple[Label, ...], window: str
) -> str:
    """Write a quantile of a timer, in the form that the settings give timers.

    A summary's covers the last ten minutes and not ``window``; quantiles of several series can't
    be put together, so that the greatest stands for all. Where nothing was observed it is NaN,
    which the comparison takes away.
    """
    if settings.statsd.timers == "histogram":
        buckets = replace(metric, name=f"{metric.name}{_BUCKET}").select(*matchers)
        grouped = f"sum {_by(*map(str, labels), _BUCKET_LABEL)}(rate({buckets}[{window}]))"
        return f"histogram_quantile({of}, {grouped}) >= 0"
    chosen = metric.select(Matcher(_QUANTILE_LABEL, "=", str(of)), *matchers)
    return f"max {_by(*map(str, labels))}({chosen} >= 0)"


def _by(*labels: str) -> str:
    return f"by ({', '.join(labels)}) " if labels else ""
