"""Check dashboards and provisioning files against what Grafana itself accepts.

The schemas stand in ``dashgen/schemas``; its README tells where they come from. Grafana says
nothing about an option that it does not know: the panel just looks wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, cast

from dashgen.catalog.terms import closest
from dashgen.schema_lenient import lenient, without_nulls

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

GRAFANA_VERSIONS = ("11.6", "12.4", "13.2")

# Grafana's own dashboards stay below 20; Python's recursion ends at 1,000.
_DEEPEST = 100
_SHOWN = 60
_NAMES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


@dataclass(frozen=True)
class Finding:
    """One thing that Grafana does not accept.

    ``where`` is the path in the file, with title and id of a panel and the name of a variable
    (``panels[3] "Tasks failed" (id 12): options.colorMode``); ``versions`` are Grafana's
    versions that refuse it, empty where the version makes no difference.
    """

    where: str
    message: str
    versions: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Read as one line."""
        versions = f" (Grafana {', '.join(self.versions)})" if self.versions else ""
        return f"{self.where}: {self.message}{versions}"


@dataclass(frozen=True)
class _Part:
    """A piece of a dashboard that is checked by itself, so that messages stay near the cause.

    ``kind`` is the schema's definition for the piece, or for a union of which ``type`` chooses.
    """

    where: str
    kind: str
    value: object


def check_dashboard(data: object, version: str | None = None, *, strict: bool = True) -> Iterator[Finding]:
    """Find what Grafana does not accept in a dashboard (the content of its JSON file).

    Checks against one of ``GRAFANA_VERSIONS``, or all of them; what several versions refuse is
    one finding. Accepts anything that JSON can hold. Raises ValueError for another version.

    The schemas hold what we write ourselves. What Grafana or a plugin saved has more, and less:
    unless ``strict``, only a known key with a value of the wrong type, or that is none of those
    allowed, is a finding, and null is the same as no value at all.
    """
    versions = GRAFANA_VERSIONS if version is None else (version,)
    if unknown := set(versions) - set(GRAFANA_VERSIONS):
        raise ValueError(f"no schema for Grafana {unknown.pop()}; there are {', '.join(GRAFANA_VERSIONS)}")
    parts = list(_parts(data))
    merged: dict[tuple[str, str], Finding] = {}
    for each in versions:
        for part in parts:
            for finding in _check_part(part, f"grafana-{each}", strict=strict):
                # The same mistake may be explained by different lists of what is allowed.
                mistake = (finding.where, finding.message.partition(";")[0])
                known = merged.setdefault(mistake, finding)
                if each not in known.versions:
                    merged[mistake] = replace(known, versions=(*known.versions, each))
    yield from merged.values()


def check_provisioning(data: object, kind: Literal["dashboards", "datasources"]) -> Iterator[Finding]:
    """Find what Grafana does not accept in a provisioning file (the content of its YAML file).

    The reader of the YAML must have refused aliases, which can stand for endless data.
    """
    yield from _check_part(_Part("", kind, data), "provisioning")


def _parts(data: object) -> Iterator[_Part]:
    """Take a dashboard apart: itself, its variables, its panels, and those in its rows."""
    if not isinstance(data, dict):
        yield _Part("", "Dashboard", data)
        return
    shell = dict(data)
    templating = data.get("templating")
    variables = templating.get("list") if isinstance(templating, dict) else None
    if isinstance(templating, dict) and isinstance(variables, list):
        shell["templating"] = {**templating, "list": []}
    panels = data.get("panels")
    if isinstance(panels, list):
        shell["panels"] = []
    yield _Part("", "Dashboard", shell)
    for index, variable in enumerate(variables if isinstance(variables, list) else ()):
        yield _Part(_label(f"templating.list[{index}]", variable, "name"), "Variable", variable)
    for index, panel in enumerate(panels if isinstance(panels, list) else ()):
        yield from _panel_parts(f"panels[{index}]", panel)


def _panel_parts(path: str, panel: object) -> Iterator[_Part]:
    where = _label(path, panel, "title")
    if isinstance(panel, dict) and panel.get("type") == "row" and isinstance(panel.get("panels"), list):
        yield _Part(where, "PanelOrRow", {**panel, "panels": []})
        # Rows hold panels only, so there is nothing further down to walk to.
        for index, child in enumerate(panel["panels"]):
            yield _Part(_label(f"{path}.panels[{index}]", child, "title"), "Panel", child)
    else:
        yield _Part(where, "PanelOrRow", panel)


def _label(path: str, value: object, name_key: str) -> str:
    if not isinstance(value, dict):
        return path
    name, number = value.get(name_key), value.get("id")
    label = f'{path} "{name[:_SHOWN]}"' if isinstance(name, str) else path
    return f"{label} (id {number})" if isinstance(number, int) else label


def _check_part(part: _Part, schema: str, *, strict: bool = True) -> Iterator[Finding]:
    if _deeper_than(_DEEPEST, part.value):
        yield Finding(part.where or "the file", f"nested more than {_DEEPEST} levels deep")
        return
    name = part.kind
    choices = _choices(schema, part.kind)
    if choices and isinstance(part.value, dict):
        chosen = part.value.get("type")
        if not isinstance(chosen, str) or chosen not in choices:
            if strict:
                yield Finding(part.where, _unknown_type(chosen, choices))
            return
        name = choices[chosen]
    elif choices:
        yield Finding(part.where, f"{_show(part.value)} is not an object")
        return
    value = part.value if strict else without_nulls(part.value)
    for error in _validator(schema, name, strict=strict).iter_errors(value):
        for path, message in _explain(error):
            yield Finding(": ".join(filter(None, (part.where, path))) or "the file", message)


def _deeper_than(limit: int, value: object) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


@cache
def _definitions(schema: str) -> dict[str, Any]:
    text = (resources.files("dashgen") / "schemas" / f"{schema}.json").read_text("utf-8")
    definitions: dict[str, Any] = json.loads(text)["definitions"]
    return definitions


@cache
def _validator(schema: str, name: str, *, strict: bool) -> Draft7Validator:
    from jsonschema import Draft7Validator  # noqa: PLC0415  (0.1 s, which a build need not spend)

    definitions = _definitions(schema)
    if not strict:
        # Until Grafana 8 a data source was a name; what it must be is a rule's matter.
        definitions = {**lenient(definitions), "DataSourceRef": {}}
    return Draft7Validator({"$ref": f"#/definitions/{name}", "definitions": definitions})


@cache
def _choices(schema: str, kind: str) -> dict[str, str]:
    """Map each ``type`` of a union (Panel, Variable) to its definition; empty for no union."""
    definitions = _definitions(schema)
    if kind == "PanelOrRow":
        return {**_choices(schema, "Panel"), "row": "RowPanel"}
    names = [branch["$ref"].rpartition("/")[2] for branch in definitions[kind].get("anyOf", ())]
    return {definitions[name]["properties"]["type"]["const"]: name for name in names}


def _explain(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Say in words what is wrong and what was expected: (path, message)."""
    path = _path(error.absolute_path)
    value, rule = cast("Any", error.instance), error.validator
    schema = cast("dict[str, Any]", error.schema)
    if rule == "additionalProperties":
        known = schema.get("properties", {})
        yield from ((path, _unknown_key(key, known)) for key in value if key not in known)
    elif rule == "required":
        yield from ((path, f"'{key}' is missing") for key in schema["required"] if key not in value)
    elif rule == "anyOf":
        yield from _explain_union(error)
    elif rule in ("enum", "const"):
        yield path, _not_allowed(value, _allowed(error))
    elif rule != "type":
        yield path, f"{_show(value)} is refused; expected {rule} {_show(error.validator_value)}"
    elif schema.keys().isdisjoint(("enum", "const")):  # whose own error says more
        yield path, f"{_show(value)} is not {_types([error])}"


def _explain_union(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Explain by the alternative that was meant: the right kind of value with fewest errors."""
    by_alternative = groupby(error.context, lambda each: each.schema_path[0])
    alternatives = [list(errors) for _, errors in by_alternative]
    if meant := [errors for errors in alternatives if not any(map(_tells_apart, errors))]:
        told = ([each for error in errors for each in _explain(error)] for errors in meant)
        yield from min(told, key=len)
        return
    apart = [each for errors in alternatives for each in errors if _tells_apart(each)]
    types = [each for each in apart if each.validator == "type"]
    if len(types) == len(alternatives):
        yield _path(error.absolute_path), f"{_show(error.instance)} is not {_types(types)}"
        return
    values = [each for each in apart if each.validator != "type"]
    allowed = [value for each in values for value in _allowed(each)]
    yield _path(values[0].absolute_path), _not_allowed(values[0].instance, allowed)


def _tells_apart(error: ValidationError) -> bool:
    """Whether the error shows that this alternative was not the one that was meant."""
    rules = {"": ("type", "const", "enum"), "type": ("const",)}
    return error.validator in rules.get(_path(error.relative_path), ())


def _allowed(error: ValidationError) -> list[Any]:
    wanted = cast("Any", error.validator_value)
    return list(wanted) if error.validator == "enum" else [wanted]


def _unknown_key(key: object, known: Collection[str]) -> str:
    hint = closest(str(key), known)
    return f"unknown key {_show(key)}" + (f"; did you mean '{hint}'?" if hint else "")


def _unknown_type(chosen: object, known: Collection[str]) -> str:
    if chosen is None:
        return "'type' is missing"
    hint = closest(chosen, known) if isinstance(chosen, str) else ""
    help_ = f"did you mean '{hint}'?" if hint else f"there are {', '.join(sorted(known))}"
    return f"no schema for the type {_show(chosen)}; {help_}"


def _not_allowed(value: object, allowed: Collection[Any]) -> str:
    hint = closest(value, map(str, allowed)) if isinstance(value, str) else ""
    hint = f"did you mean '{hint}'?" if hint else f"expected {' or '.join(map(_show, allowed))}"
    return f"{_show(value)} is not allowed; {hint}"


def _types(errors: Iterable[ValidationError]) -> str:
    wanted: list[Any] = [each.validator_value for each in errors]
    names = [name for each in wanted for name in ([each] if isinstance(each, str) else each)]
    return " or ".join(dict.fromkeys(_NAMES[name] for name in names))


def _path(steps: Iterable[str | int]) -> str:
    shown = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(shown).removeprefix(".")


def _show(value: object) -> str:
    """Write a value as JSON does, cut short."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return f"'{value[:_SHOWN]}'" + ("…" if len(value) > _SHOWN else "")
    return json.dumps(value, default=str)
