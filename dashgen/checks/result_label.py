"""A label that is expected of a query that can't return it.

It is named in a clause (``by``, ``on``, ``group_left`` …) over series without it, or in what
reads the result: a legend, a data link, a variable's regular expression, an alert's
annotation. The text shows nothing there, and a match on it joins the wrong series. Without
``on`` or ``ignoring`` two sides match by all of their labels: when only one has a label, the
result is empty, or nothing is taken away by ``unless``.

Bad::

    sum by (queue) (queue_length{job="workers"})      legend {{host}}

Good::

    sum by (queue, host) (queue_length{job="workers"})      legend {{host}}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.catalog.terms import JOB_LABEL
from dashgen.checks.context import did_you_mean
from dashgen.checks.document import Finding, shown
from dashgen.promql import NAME_LABEL, Query, attempt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.checks.context import Context
    from dashgen.checks.document import Element
    from dashgen.promql_labels import Named

NAME = "result-label"


def check(context: Context) -> Iterator[Finding]:
    """Follow the labels through each query, and compare with what is expected of it."""
    rules = frozenset(rule for document in context.documents for rule in document.rules)
    for element, expression, query in context.queries():
        traced = context.trace(query)
        # External labels are on no series where rules are evaluated.
        absent = context.settings.extra_labels.keys() if element in rules else ()
        yield from _unmatched(
            context, element, query, [each for each in traced.named if each.label not in absent or not each.implied]
        )
        expected = [(each.label, each.clause, each.available) for each in traced.named if not each.implied]
        expected += [(use.label, use.where, traced.result) for use in expression.uses]
        for label, where, available in dict.fromkeys(expected):
            if available is not None and label not in available and not _is_forbidden(context, query, label):
                yield _finding(element, label, where, available, _reason(context, label, query))
    for document in context.documents:
        for element in document.elements:
            if element.uses:
                yield from _of_all_queries(context, element)


def _unmatched(context: Context, element: Element, query: Query, named: Iterable[Named]) -> Iterator[Finding]:
    """Find the labels that only one of two sides has, which match by all of theirs."""
    for each in dict.fromkeys(named):
        known = context.catalog.labels.get(each.label)
        # Series without a label that is optional match the others.
        if each.implied and not (known and known.optional):
            message = f"label {each.label} is on one side only in {each.clause}: {_reason(context, each.label, query)}"
            common = ", ".join(sorted((each.available or frozenset()) - {NAME_LABEL, JOB_LABEL}))
            yield Finding(element, message, f"Nothing matches so. Say by what: on ({common}).")


def _is_forbidden(context: Context, query: Query, label: str) -> bool:
    """Whether the rule on unbounded labels tells of it already."""
    return any(context.forbidden(label, selector) for selector in query.selectors)


def _of_all_queries(context: Context, element: Element) -> Iterator[Finding]:
    """Look for what is expected of any query of an element; without a query, of any series."""
    queries = [query for each in element.expressions if isinstance(query := attempt(each.text), Query)]
    results = [context.trace(query).result for query in queries]
    known = [result for result in results if result is not None]
    if len(known) < len(element.expressions):
        return
    if known:
        available = frozenset[str]().union(*known)
    else:
        available = frozenset({*context.catalog.labels, *context.settings.extra_labels, JOB_LABEL, NAME_LABEL})
    for use in element.uses:
        if use.label not in available:
            yield _finding(element, use.label, use.where, available, _reason(context, use.label, *queries))


def _reason(context: Context, label: str, *queries: Query) -> str:
    """Say which metrics never had the label; when all of them have it, the query drops it."""
    having: dict[str, bool] = {}
    for selector in (selector for query in queries for selector in query.selectors):
        for metric in context.metrics(selector):
            having[metric.name] = having.get(metric.name, True) and label in context.labels(metric, selector)
    lacking = [name for name, has in having.items() if not has]
    if lacking:
        return f"{' and '.join(lacking)} {'have' if len(lacking) > 1 else 'has'} no such label"
    return f"the query over {' and '.join(having)} drops it" if having else "no metric has it"


def _finding(element: Element, label: str, where: str, available: frozenset[str], reason: str) -> Finding:
    hint = did_you_mean(label, available)
    if available and not hint:
        hint = f"The result has {', '.join(sorted(available))}."
    return Finding(element, f"label {shown(label)} in {where} can't be there: {reason}", hint)
