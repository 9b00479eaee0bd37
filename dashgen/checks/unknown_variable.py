"""A Grafana variable that the dashboard does not have.

Grafana leaves its name in the query, the title or the link as it stands, which matches nothing.
In the language of another data source than Prometheus a plain ``$name`` may be anything.

Bad::

    queue_length{job="workers",host=~"$hots"}

Good::

    queue_length{job="workers",host=~"$host"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.context import did_you_mean
from dashgen.checks.document import Finding, Kind, dicts, text_of
from dashgen.checks.expressions import EXPRESSION, kind_of, speaks_promql, strings, uid_of
from dashgen.promql_variables import references

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashgen.checks.context import Context
    from dashgen.checks.document import Data

NAME = "unknown-variable"

# Texts for people, where a dollar may be money and a bare name prose.
_PROSE = frozenset({"description", "content"})
# What holds another element, or no text that Grafana puts values into.
_ELSEWHERE = frozenset({"panels", "regex", "transformations", "current", "options"})


def check(context: Context) -> Iterator[Finding]:
    """Look up every variable that is named anywhere in a dashboard."""
    for document in context.documents:
        if document.kind is not Kind.DASHBOARD:
            continue
        known = frozenset({*(each.name for each in document.variables), *_inputs(document.root.data)})
        for element in (*document.panels, *document.variables, *document.annotations):
            is_variable = element in document.variables
            named = _named(element.data, whole=not is_variable)
            for name in dict.fromkeys(named):
                if name not in known and not name.startswith("__") and not name[0].isdigit():
                    message = f"there is no variable {name}"
                    listed = ", ".join(sorted(known)) or "no variable at all"
                    yield Finding(element, message, did_you_mean(name, known) or f"The dashboard has {listed}.")


def _inputs(dashboard: Data) -> Iterator[str]:
    """Give the names that Grafana puts a value into when the dashboard is imported."""
    yield from (text_of(each, "name") for each in dicts(dashboard.get("__inputs")))


def _named(data: Data, *, whole: bool) -> Iterator[str]:
    for key, value in data.items():
        if key == "targets":
            yield from _in_targets(data)
        elif key == "options" and whole:
            # A text panel's content is prose; the other options may hold links.
            prose = value.get("content") if hasattr(value, "get") else None
            rest = {k: v for k, v in value.items() if k != "content"} if prose else value
            yield from _in(prose, bare=False)
            yield from _in(rest, bare=True)
        elif key not in _ELSEWHERE:
            yield from _in(value, bare=key not in _PROSE)


def _in_targets(panel: Data) -> Iterator[str]:
    targets = dicts(panel.get("targets"))
    results = {text_of(target, "refId") for target in targets}
    for target in targets:
        source = target.get("datasource")
        computed = EXPRESSION in (uid_of(source), kind_of(source))
        names = _in(target, bare=speaks_promql(source, panel.get("datasource")))
        # An expression names the results of other targets like variables: $A, ${A}.
        yield from (name for name in names if not (computed and name in results))


def _in(value: object, *, bare: bool) -> Iterator[str]:
    for text in strings(value):
        yield from references(text, bare=bare)
