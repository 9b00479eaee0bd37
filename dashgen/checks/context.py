"""What a rule is given: the documents, and the catalog's answers about a selector."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from dashgen.catalog.model import PARTS
from dashgen.catalog.terms import JOB_LABEL, Cardinality, MetricType, closest
from dashgen.promql import NAME_LABEL, Query, Selector, attempt
from dashgen.promql_labels import Labels, Trace, trace
from dashgen.promql_variables import NAME, references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.catalog.model import Catalog, Job, Metric
    from dashgen.catalog.terms import Matcher
    from dashgen.checks.document import Document, Element
    from dashgen.checks.expressions import Expression
    from dashgen.settings import Settings

_BUCKET_LABEL = "le"
_QUANTILE_LABEL = "quantile"
_ALTERNATION = re.compile(r"[\w:.-]+(?:\|[\w:.-]+)*")


def series(metric: Metric, name: str | None = None) -> tuple[str, ...]:
    """Return the names of a metric's series, or were it called ``name``: its own, and its parts if it has any."""
    own = name or metric.name
    return (own, *(f"{own}{suffix}" for suffix in PARTS.get(metric.type, ())))


nearest = lru_cache(maxsize=4096)(closest)


@dataclass(frozen=True)
class Context:
    """The documents that are looked at together, the catalog and the settings.

    ``foreign`` documents are those that someone else wrote: our own conventions don't bind them.
    """

    documents: tuple[Document, ...]
    catalog: Catalog
    settings: Settings
    foreign: bool = False

    def queries(self) -> Iterator[tuple[Element, Expression, Query]]:
        """Iterate over the expressions that parse; those that don't are one rule's matter."""
        for document in self.documents:
            for element, expression in document.queries:
                query = attempt(expression.text)
                if isinstance(query, Query):
                    yield element, expression, query

    def selectors(self) -> Iterator[tuple[Element, Selector]]:
        """Iterate over all selectors of the expressions that parse."""
        for element, _, query in self.queries():
            for selector in query.selectors:
                yield element, selector

    def metric(self, name: str) -> Metric | None:
        """Return the metric that a series of this name belongs to."""
        return self.catalog.metric(name)

    def is_counter(self, name: str) -> bool:
        """Whether the series of this name only ever grow: counters, and parts of histograms."""
        metric = self.metric(name)
        return metric is not None and (metric.type is MetricType.COUNTER or metric.name != name)

    def names(self, selector: Selector) -> tuple[str, ...]:
        """Return the names that a selector can match: those that it says, or a pattern matches.

        Empty when a Grafana variable is the name, or stands in it.
        """
        if selector.name:
            return () if is_variable(selector.name) else (selector.name,)
        said: list[str] = []
        for matcher in selector.matchers:
            if matcher.label == NAME_LABEL and matcher.op == "=~" and not is_variable(matcher.value):
                said += alternatives(matcher) or self._matched(matcher.value)
        return tuple(said)

    def _matched(self, pattern: str) -> list[str]:
        try:
            return [name for name in self.catalog.by_name if re.fullmatch(pattern, name)]
        except re.error:  # Go's syntax has what Python's does not
            return []

    def metrics(self, selector: Selector) -> tuple[Metric, ...]:
        """Return the catalog's metrics that a selector can match."""
        found = map(self.metric, self.names(selector))
        return tuple(dict.fromkeys(metric for metric in found if metric is not None))

    def jobs(self, metric: Metric, selector: Selector) -> tuple[Job, ...]:
        """Return the jobs of a metric that a selector names; all of them when it names none."""
        named = [matcher for matcher in selector.matchers if matcher.label == JOB_LABEL and matcher.value]
        chosen = tuple(job for job in metric.jobs if all(_admits(matcher, job.name) for matcher in named))
        return chosen or metric.jobs

    def labels(self, metric: Metric, selector: Selector) -> frozenset[str]:
        """Return the names of the labels that a metric's series in the selected jobs can have."""
        jobs = self.jobs(metric, selector)
        found = {label.name for job in jobs or (None,) for label in metric.labels_in(job)}
        found.update(self.settings.extra_labels, [NAME_LABEL], [JOB_LABEL] if jobs else [])
        if metric.type is MetricType.HISTOGRAM:
            found.add(_BUCKET_LABEL)
        if metric.type is MetricType.SUMMARY:
            found.add(_QUANTILE_LABEL)
        return frozenset(found)

    def labels_of(self, selector: Selector) -> Labels:
        """Return the labels that a selector's series can have; None when they are not known."""
        metrics = self.metrics(selector)
        # What we generate names nothing but what the catalog lists, open or not.
        if not metrics or (self.foreign and any(metric.open_labels for metric in metrics)):
            return None
        return frozenset().union(*(self.labels(metric, selector) for metric in metrics))

    @cached_property
    def _traces(self) -> dict[Query, Trace]:
        return {}

    def trace(self, query: Query) -> Trace:
        """Follow the labels through a query, once for all the rules that ask."""
        found = self._traces.get(query)
        if found is None:
            found = self._traces[query] = trace(query, self.labels_of)
        return found

    def forbidden(self, label: str, selector: Selector) -> Metric | None:
        """Return the metric whose series may not have an unbounded label in the selected jobs."""
        known = self.catalog.labels.get(label)
        if known is None or known.cardinality is not Cardinality.UNBOUNDED:
            return None
        return next(
            (
                metric
                for metric in self.metrics(selector)
                for job in self.jobs(metric, selector)
                if job.generation and not job.generation.run_isolated
            ),
            None,
        )


def is_variable(text: str) -> bool:
    """Whether a name or a pattern is, or holds, a Grafana variable."""
    return NAME in text or any(not name[0].isdigit() for name in references(text))


def alternatives(matcher: Matcher) -> list[str]:
    """Return the values that a matcher lists (``a`` or ``a|b``); none for a pattern."""
    if matcher.op in {"=", "!="}:
        return [matcher.value]
    return matcher.value.split("|") if _ALTERNATION.fullmatch(matcher.value) else []


def _admits(matcher: Matcher, value: str) -> bool:
    """Whether a matcher lets a value through; patterns that are no list always do."""
    listed = alternatives(matcher)
    if not listed or is_variable(matcher.value):
        return True
    return (value in listed) == matcher.op.startswith("=")


def did_you_mean(name: str, known: frozenset[str] | tuple[str, ...]) -> str:
    """Suggest the nearest name; empty when none is near."""
    near = nearest(name, tuple(sorted(known)))
    return f"Did you mean {near}?" if near else ""
