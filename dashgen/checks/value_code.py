"""A number that is none of the value codes of the state that it is compared with, or mapped from.

The comparison is never true, so that the panel shows that all is well, or always true. A panel's
value mapping turns codes into words: one of another number never shows, and one with the word of
another code lies.

Bad::

    queue_state{job="workers"} == 7

Good::

    queue_state{job="workers"} == -1
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from dashgen.checks.document import Finding, dicts, shown
from dashgen.promql import Query, attempt

if TYPE_CHECKING:
    from dashgen.catalog.terms import CodeType
    from dashgen.checks.context import Context
    from dashgen.checks.document import Data, Element

NAME = "value-code"


def check(context: Context) -> Iterator[Finding]:
    """Hold each number that a state's value is compared with, or mapped from, against the codes."""
    for element, _, query in context.queries():
        for comparison in query.comparisons:
            for metric in context.metrics(comparison.selector):
                if metric.codes is None or comparison.number in list(metric.codes):
                    continue
                written = f"{comparison.op} {comparison.number:g}"
                message = f"{metric.name} {written}: that is none of its value codes"
                yield Finding(element, message, f"They are {_listed(metric.codes)}.")
    for document in context.documents:
        for panel in document.panels:
            yield from _mapped(context, panel)


def _listed(*states: CodeType) -> str:
    return ", ".join(dict.fromkeys(f"{code} {code.word}" for codes in states for code in codes))


def _mapped(context: Context, panel: Element) -> Iterator[Finding]:
    """Hold a panel's value mappings against the codes of all states that it shows."""
    mappings = list(_mappings(panel.data))
    states = _states(context, panel) if mappings else {}
    if not states:
        return
    words = {(int(code), code.word.casefold()) for codes in states.values() for code in codes}
    for number, text in mappings:
        if number not in {value for value, _ in words}:
            wrong = "is none of its value codes"
        elif any(text.casefold() == word for _, word in words) and (number, text.casefold()) not in words:
            wrong = "is the word of another code"
        else:
            continue
        message = f"{' or '.join(states)}: the mapping of {number:g} to {shown(text)} {wrong}"
        yield Finding(panel, message, f"They are {_listed(*states.values())}.")


def _states(context: Context, panel: Element) -> dict[str, CodeType]:
    """Return the codes of the states whose values a panel's queries return as they are, by metric."""
    queries = (attempt(expression.text) for expression in panel.expressions)
    selectors = (selector for query in queries if isinstance(query, Query) for selector in query.results)
    metrics = (metric for selector in selectors for metric in context.metrics(selector))
    return {metric.name: metric.codes for metric in metrics if metric.codes}


def _mappings(panel: Data) -> Iterator[tuple[float, str]]:
    """Give each number that a panel maps to a text, columns' own mappings included."""
    config = panel.get("fieldConfig")
    if not isinstance(config, Mapping):
        return
    defaults = config.get("defaults")
    listed = dicts(defaults.get("mappings")) if isinstance(defaults, Mapping) else []
    for setting in (each for override in dicts(config.get("overrides")) for each in dicts(override.get("properties"))):
        listed += dicts(setting.get("value")) if setting.get("id") == "mappings" else []
    for mapping in listed:
        options = mapping.get("options")
        if mapping.get("type") == "value" and isinstance(options, Mapping):
            yield from _numbers(options)


def _numbers(options: Data) -> Iterator[tuple[float, str]]:
    for key, shows in options.items():
        text = shows.get("text") if isinstance(shows, Mapping) else None
        try:
            yield float(key), text if isinstance(text, str) else ""
        except ValueError:  # a text, such as what a transformation made
            continue
