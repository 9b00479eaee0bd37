"""A Grafana variable that the dashboard does not have.

Grafana leaves its name in the query, the title or the link as it stands, which matches nothing.

Bad::

    queue_length{job="workers",queue=~"$queu"}

Good::

    queue_length{job="workers",queue=~"$queue"}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashgen.checks.context import did_you_mean
from dashgen.checks.document import Finding, Kind
from dashgen.checks.expressions import strings
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
        known = frozenset(variable.name for variable in document.variables)
        for element in (*document.panels, *document.variables, *document.annotations):
            is_variable = element in document.variables
            named = _named(element.data, whole=not is_variable)
            for name in dict.fromkeys(named):
                if name not in known and not name.startswith("__") and not name[0].isdigit():
                    message = f"there is no variable {name}"
                    listed = ", ".join(sorted(known)) or "no variable at all"
                    yield Finding(element, message, did_you_mean(name, known) or f"The dashboard has {listed}.")


def _named(data: Data, *, whole: bool) -> Iterator[str]:
    for key, value in data.items():
        if key == "options" and whole:
            # A text panel's content is prose; the other options may hold links.
            prose = value.get("content") if hasattr(value, "get") else None
            rest = {k: v for k, v in value.items() if k != "content"} if prose else value
            yield from _in(prose, bare=False)
            yield from _in(rest, bare=True)
        elif key not in _ELSEWHERE:
            yield from _in(value, bare=key not in _PROSE)


def _in(value: object, *, bare: bool) -> Iterator[str]:
    for text in strings(value):
        yield from references(text, bare=bare)
