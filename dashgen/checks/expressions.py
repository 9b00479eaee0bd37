"""Finding the PromQL in a panel, a variable, an annotation or an alert, and what is read of it.

Texts around a query name labels of its result: a legend, a link, an alert's annotation. They
drift as easily as the query does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Data = Mapping[str, Any]


@dataclass(frozen=True)
class Use:
    """A label that a text around a query expects in its result."""

    label: str
    where: str


@dataclass(frozen=True)
class Expression:
    """A PromQL expression, with Grafana's variables in it, and the labels expected of it."""

    text: str
    uses: tuple[Use, ...] = ()


# Grafana's own data sources: a panel of several; expressions that the server computes, another
# panel's data, and Grafana itself.
MIXED = "-- Mixed --"
EXPRESSION = "__expr__"
COMPUTED = frozenset({EXPRESSION, "-100", "-- Dashboard --", "-- Grafana --", "grafana"})

_LEGEND = re.compile(r"\{\{\s*(.+?)\s*\}\}")
_ALERT_LABEL = re.compile(r"""(?:\$labels|\.Labels)(?:\.(\w+)|\s+"(\w+)")""")
# A query inside a template: {{ query "…" }}, or {{ printf "…" $x | query }} with verbs for values.
_ALERT_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_ALERT_QUERY = re.compile(
    r"""\bquery\s+(?P<given>"(?:\\.|[^"\\])*"|`[^`]*`)"""
    r"""|\bprintf\s+(?P<made>"(?:\\.|[^"\\])*"|`[^`]*`)[^|]*\|\s*query\b"""
)
_VERB = re.compile(r"%[-+# 0-9.]*([a-zA-Z])")
_LINKED = re.compile(r"""\$\{__(?P<of>field\.labels|data\.fields)(?:\.(?P<name>\w+)|\[\\?["'](?P<quoted>[^"'\\]+))""")
# The text that Grafana applies a variable's regular expression to: name{label="value"} …
_LABEL_IN_REGEX = re.compile(r"""([A-Za-z_]\w*)=\\?["']""")
_FUNCTION = re.compile(r"(label_values|query_result|label_names|metrics)\((.*)\)", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z_$]\w*")

_OWN_COLUMNS = frozenset({"Time", "Value"})
# Transformations that make no column of their own but by renaming, which is looked at.
_KEEP_COLUMNS = frozenset(
    {
        *("merge", "organize", "sortBy", "limit", "joinByField", "seriesToColumns"),
        *("filterByValue", "filterFieldsByName", "filterByRefId"),
    }
)


def strings(value: object) -> Iterator[str]:
    """Iterate over all texts in a value, however deep, keys left out."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case Mapping() as inner:
                waiting += reversed(list(inner.values()))
            case list() as inner:
                waiting += reversed(inner)


def speaks_promql(*datasources: object) -> bool:
    """Whether a query is PromQL, by its own data source, its panel's, …: the first that says."""
    for reference in datasources:
        uid, kind = uid_of(reference), kind_of(reference)
        if uid in COMPUTED or kind == EXPRESSION:
            return False
        if kind and uid != MIXED:
            return "prometheus" in kind
    return True


def uid_of(reference: object) -> str:
    """Return the uid of a data source; until Grafana 8 a reference was nothing else."""
    uid = reference.get("uid") if isinstance(reference, Mapping) else reference
    return uid if isinstance(uid, str) else ""


def kind_of(reference: object) -> str:
    """Return the type of a data source, empty when the reference does not say it."""
    kind = reference.get("type") if isinstance(reference, Mapping) else None
    return kind if isinstance(kind, str) else ""


def of_panel(panel: Data) -> Iterator[Expression]:
    """Find the expressions of a panel's targets, with the labels of their legends."""
    targets = panel.get("targets")
    for target in targets if isinstance(targets, list) else ():
        if not isinstance(target, Mapping) or not isinstance(target.get("expr"), str):
            continue
        if speaks_promql(target.get("datasource"), panel.get("datasource")):
            yield Expression(target["expr"], tuple(_in_legend(target.get("legendFormat"))))


def _in_legend(text: object, where: str = "the legend") -> Iterator[Use]:
    if isinstance(text, str):
        yield from (Use(label, where) for label in _LEGEND.findall(text))


def uses_of_panel(panel: Data) -> Iterator[Use]:
    """Find the labels that a panel's data links read from its results."""
    look = [panel.get(key) for key in ("fieldConfig", "options", "links")]
    found = [each for text in strings(look) for each in _LINKED.finditer(text)]
    transformations = panel.get("transformations")
    steps = transformations if isinstance(transformations, list) else []
    renamed = set(strings(steps))
    own_columns = all(isinstance(step, Mapping) and str(step.get("id")) in _KEEP_COLUMNS for step in steps)
    for each in found:
        name = each["name"] or each["quoted"]
        if each["of"] == "field.labels":
            yield Use(name, "a data link")
        elif own_columns and not (name in renamed or name in _OWN_COLUMNS or name.startswith("Value #")):
            yield Use(name, "a data link's column")


def of_variable(variable: Data) -> tuple[tuple[Expression, ...], tuple[Use, ...]]:
    """Find the expression of a query variable, and the label of a bare ``label_values(label)``."""
    query: Any = variable.get("query")
    if isinstance(query, Mapping):
        query = query.get("query")
    is_query = variable.get("type") == "query" and isinstance(query, str)
    if not is_query or not speaks_promql(variable.get("datasource")):
        return (), ()
    found = _FUNCTION.fullmatch(query.strip())
    if found is None:
        return (Expression(query, tuple(_in_regex(variable))),), ()
    function, argument = found[1], found[2].strip()
    if function == "query_result":
        return (Expression(argument, tuple(_in_regex(variable))),), ()
    if function == "label_values":
        series, _, label = (each.strip() for each in argument.rpartition(","))
        uses = (Use(label, function),) if _LABEL.fullmatch(label) else ()
        return ((Expression(series, uses),), ()) if series else ((), uses)
    return (), ()


def _in_regex(variable: Data) -> Iterator[Use]:
    regex = variable.get("regex")
    if isinstance(regex, str):
        found = _LABEL_IN_REGEX.findall(regex)
        yield from (Use(label, "the variable's regular expression") for label in found)


def of_annotation(annotation: Data) -> Iterator[Expression]:
    """Find the expression of an annotation, with the labels of its texts."""
    target = annotation.get("target")
    for holder in (annotation, target if isinstance(target, Mapping) else {}):
        expr = holder.get("expr")
        if isinstance(expr, str) and speaks_promql(annotation.get("datasource")):
            yield Expression(expr, tuple(_in_annotation(annotation)))


def _in_annotation(annotation: Data) -> Iterator[Use]:
    for key in ("titleFormat", "textFormat"):
        yield from _in_legend(annotation.get(key), f"the annotation's {key}")
    tags = annotation.get("tagKeys")
    listed = tags.split(",") if isinstance(tags, str) else []
    yield from (Use(tag.strip(), "the annotation's tagKeys") for tag in listed if tag.strip())


def of_rule(rule: Data) -> Iterator[Expression]:
    """Find the expression of a rule, and those that an alert's templates query themselves."""
    expr = str(rule["expr"])
    if "alert" not in rule:
        yield Expression(expr)
        return
    texts = list(_templates(rule))
    labels = (Use(found[1] or found[2], where) for where, text in texts for found in _ALERT_LABEL.finditer(text))
    yield Expression(expr, tuple(labels))
    for action in (action for _, text in texts for action in _ALERT_ACTION.findall(text)):
        for found in _ALERT_QUERY.finditer(action):
            yield Expression(_literal(found["given"]) if found["given"] else _made(_literal(found["made"])))


def _templates(rule: Data) -> Iterator[tuple[str, str]]:
    """Give the texts of an alert's annotations and labels, each with its name."""
    for part in ("annotations", "labels"):
        texts = rule.get(part)
        for key, text in texts.items() if isinstance(texts, Mapping) else ():
            if isinstance(text, str):
                yield f"{part.removesuffix('s')} {key}", text


def _literal(quoted: str) -> str:
    """Return the text of a string of Go, whose escapes are those that a query needs."""
    return quoted[1:-1] if quoted[0] == "`" else re.sub(r"\\(.)", r"\1", quoted[1:-1])


def _made(form: str) -> str:
    """Put a variable where printf() puts a value, so that what it is stays open."""
    return _VERB.sub(lambda verb: '"$printf"' if verb[1] == "q" else "$printf", form)
