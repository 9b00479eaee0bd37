"""Where each metric is used: the way back from a name to panels, variables and rules."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dashgen.promql import PromqlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.checks.context import Context
    from dashgen.checks.document import Element


@dataclass(frozen=True)
class Uses:
    """What uses a metric, each element once and in the order of the files."""

    panels: list[Element] = field(default_factory=list)
    variables: list[Element] = field(default_factory=list)
    annotations: list[Element] = field(default_factory=list)
    alerts: list[Element] = field(default_factory=list)
    records: list[Element] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether anything uses it."""
        return any((self.panels, self.variables, self.annotations, self.alerts, self.records))


def uses(context: Context) -> defaultdict[str, Uses]:
    """Map the name of each metric that the documents use to what uses it."""
    found: defaultdict[str, Uses] = defaultdict(Uses)
    for document in context.documents:
        _add(context, found, document.panels, "panels")
        _add(context, found, document.variables, "variables")
        _add(context, found, document.annotations, "annotations")
        _add(context, found, (rule for rule in document.rules if "alert" in rule.data), "alerts")
        _add(context, found, (rule for rule in document.rules if "alert" not in rule.data), "records")
    return found


def _add(context: Context, found: defaultdict[str, Uses], elements: Iterable[Element], kind: str) -> None:
    for element in elements:
        for name in dict.fromkeys(_metrics(context, element)):
            getattr(found[name], kind).append(element)


def _metrics(context: Context, element: Element) -> Iterator[str]:
    for expression in element.expressions:
        try:
            selectors = parse(expression.text).selectors
        except PromqlError:
            continue
        for selector in selectors:
            yield from (metric.name for metric in context.metrics(selector))
