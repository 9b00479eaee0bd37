"""Two things of the same name where Grafana or Prometheus tells them apart by it.

Two dashboards of one uid, or of one title, stop the provisioning of all dashboards beside
them; of two panels with one id, links and alerts find the wrong one; of two queries with one
refId, one is lost; of two rules that make the same series, Prometheus keeps one sample.
A file and a resource of Kubernetes or Grafana with the same content are two ways to deploy
one thing, of which one is taken.

Bad::

    {"id": 3, "title": "Queue length"}, {"id": 3, "title": "Workers"}

Good::

    {"id": 3, "title": "Queue length"}, {"id": 4, "title": "Workers"}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, Kind, dicts, shown

if TYPE_CHECKING:
    from collections.abc import Hashable

    from dashgen.checks.context import Context
    from dashgen.checks.document import Document, Element

NAME = "duplicate"

_Named = tuple["Hashable", "Element"]


def check(context: Context) -> Iterator[Finding]:
    """Compare dashboards with each other, and what is in each document."""
    for document in context.documents:
        yield from _in_dashboard(document)
        yield from _twice(((group.name, group) for group in document.groups), "group {}")
    for resource in sorted({document.resource for document in context.documents}):
        yield from _among([document for document in context.documents if document.resource == resource])


def _among(documents: list[Document]) -> Iterator[Finding]:
    dashboards = [each.root for each in documents if each.kind is Kind.DASHBOARD]
    yield from _twice(((root.data.get("uid"), root) for root in dashboards), "uid {}")
    yield from _twice(((root.data.get("title"), root) for root in dashboards), 'title "{}"')
    yield from _rules(documents)


def _twice(named: Iterable[tuple[object, Element]], what: str) -> Iterator[Finding]:
    """Find the elements whose name an earlier one has; what is no text or number has none."""
    seen: dict[object, Element] = {}
    for name, element in named:
        if not isinstance(name, str | int) or name == "":
            continue
        first = seen.setdefault(name, element)
        if first is not element:
            message = f"{what.format(shown(name))} is taken"
            yield Finding(element, message, f"The other one: {first.place}")


def _in_dashboard(document: Document) -> Iterator[Finding]:
    panels = list(document.panels)
    yield from _twice(((panel.data.get("id"), panel) for panel in panels), "id {}")
    yield from _twice(((each.name, each) for each in document.variables), "variable {}")
    for panel in panels:
        refs = [target.get("refId") for target in dicts(panel.data.get("targets"))]
        texts = [ref for ref in refs if isinstance(ref, str)]
        for ref in dict.fromkeys(ref for ref in texts if texts.count(ref) > 1):
            yield Finding(panel, f"several of its targets have the refId {shown(ref)}")


def _rules(documents: list[Document]) -> Iterator[Finding]:
    seen: dict[object, Element] = {}
    for document in documents:
        for rule in document.rules:
            labels = rule.data.get("labels")
            pairs = sorted(labels.items(), key=str) if isinstance(labels, Mapping) else []
            key = (rule.name, rule.expressions[0].text, str(pairs))
            first = seen.setdefault(key, rule)
            if first is not rule:
                yield Finding(
                    rule,
                    f"{rule.name} is there twice, with the same labels and expression",
                    f"The other one: {first.place}",
                )
