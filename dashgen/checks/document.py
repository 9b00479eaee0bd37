"""A dashboard or a rule file, as the rules look at it: panels, variables, rules, queries.

Whatever JSON or YAML can hold is accepted: what is not of the shape that Grafana and
Prometheus expect becomes a finding, never an exception.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dashgen.checks import expressions
from dashgen.problems import Place

if TYPE_CHECKING:
    from dashgen.checks.expressions import Expression, Use

_LONGEST_SHOWN = 80
# A row holds panels, and a panel holds none: dashboard 0, row 1.
_DEEPEST_ROW = 1

_NOWHERE: Mapping[Any, Any] = MappingProxyType({})
Data = Mapping[str, Any]


class Kind(Enum):
    """What a document is."""

    DASHBOARD = "dashboard"
    RULES = "rules"


@dataclass(frozen=True, eq=False)
class Element:
    """A part of a document that a finding can be about, the document itself included.

    ``document`` is the title of its dashboard or the name of its rule file, ``name`` the
    element's own (empty for the document): by these an exception in the settings names it.
    ``uses`` are labels that it expects of the results of its queries taken together.
    """

    document: str
    name: str
    place: Place
    data: Data
    expressions: tuple[Expression, ...] = ()
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, eq=False)
class Finding:
    """What a rule finds: the element, what is wrong with it and what to do."""

    element: Element
    message: str
    hint: str = ""


@dataclass(frozen=True, eq=False)
class Document:
    """A dashboard or a rule file.

    ``panel_lists`` are the panels as they lie together: those of the dashboard, then those in
    each row. ``rules`` are those of all groups. ``malformed`` is what could not be looked at.
    ``resource`` is the kind of the Kubernetes or Grafana resource that it is the spec of, if any.
    """

    kind: Kind
    root: Element
    panel_lists: tuple[tuple[Element, ...], ...] = ()
    variables: tuple[Element, ...] = ()
    annotations: tuple[Element, ...] = ()
    groups: tuple[Element, ...] = ()
    rules: tuple[Element, ...] = ()
    malformed: tuple[Finding, ...] = ()
    resource: str = ""

    @property
    def panels(self) -> Iterator[Element]:
        """All panels, rows and what is in them included."""
        for together in self.panel_lists:
            yield from together

    @property
    def elements(self) -> Iterator[Element]:
        """All elements, the document itself first."""
        yield self.root
        yield from self.variables
        yield from self.annotations
        yield from self.panels
        yield from self.groups
        yield from self.rules

    @property
    def queries(self) -> Iterator[tuple[Element, Expression]]:
        """Every expression, with the element that it belongs to."""
        for element in self.elements:
            for expression in element.expressions:
                yield element, expression

    @classmethod
    def dashboard(
        cls,
        data: Data,
        file: str,
        *,
        places: Mapping[int, Place] = _NOWHERE,
        place: Place | None = None,
    ) -> Document:
        """Make the document of a dashboard's JSON.

        ``places`` tells by panel id where a panel is defined, ``place`` where the dashboard is;
        otherwise that is the file.
        """
        return _DashboardReader(data, place or Place(file), places).document()

    @classmethod
    def rules_file(cls, data: Data, file: str, *, places: Mapping[str, Place] = _NOWHERE) -> Document:
        """Make the document of a rule file (``groups:``).

        ``places`` tells by name where a rule is defined; otherwise that is the line that a
        rule carries as attribute ``line``, if it does.
        """
        return _RulesReader(data, Place(file), places).document()


def shown(value: object) -> str:
    """Make foreign text fit for a message: one line, printable, not too long."""
    text = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(value))
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def dicts(value: object) -> list[Data]:
    """Return the objects of a list; what is no list has none."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def text_of(data: Data, key: str) -> str:
    """Return a text by its key, empty when there is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _at(place: Place, *subjects: str) -> Place:
    return Place(place.file, place.line, ", ".join(filter(None, subjects)))


@dataclass
class _DashboardReader:
    data: Data
    place: Place
    places: Mapping[int, Place]
    malformed: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.title = text_of(self.data, "title") or self.place.shown_file
        self.subject = f'dashboard "{shown(self.title)}"'
        self.root = Element(self.title, "", _at(self.place, self.subject), self.data)

    def document(self) -> Document:
        panel_lists = tuple(tuple(map(self._panel, together)) for together in self._panel_lists())
        templating, annotations = self.data.get("templating"), self.data.get("annotations")
        return Document(
            Kind.DASHBOARD,
            self.root,
            panel_lists,
            tuple(map(self._variable, self._list_of(templating, "templating"))),
            tuple(map(self._annotation, self._list_of(annotations, "annotations"))),
            malformed=tuple(self.malformed),
        )

    def _refuse(self, message: str) -> None:
        self.malformed.append(Finding(self.root, message, "Export the dashboard anew."))

    def _objects(self, holder: Data, key: str, what: str) -> list[Data]:
        """Return the objects of a list, and refuse what else is there."""
        found = holder.get(key, [])
        if not isinstance(found, list):
            self._refuse(f"`{key}` of {what} is {_kind_of(found)}, not a list")
            return []
        objects = dicts(found)
        if len(objects) < len(found):
            odd = next(each for each in found if not isinstance(each, Mapping))
            self._refuse(f"`{key}` of {what} holds {_kind_of(odd)}, which is no object")
        return objects

    def _list_of(self, holder: object, name: str) -> list[Data]:
        if holder is None:
            return []
        if not isinstance(holder, Mapping):
            self._refuse(f"`{name}` is {_kind_of(holder)}, not an object")
            return []
        return self._objects(holder, "list", f"`{name}`")

    def _panel_lists(self) -> Iterator[list[Data]]:
        """Find the lists of panels: the dashboard's, and those in rows, old or new."""
        waiting = deque([(self.data, "the dashboard", 0)])
        too_deep = False
        while waiting:
            holder, what, depth = waiting.popleft()
            if depth > _DEEPEST_ROW and not too_deep:
                too_deep = True
                self._refuse("panels nest deeper than rows of panels, which is all that Grafana shows")
            inside = self._objects(holder, "panels", what) if "panels" in holder else []
            yield inside
            # Until Grafana 4 a dashboard was a list of rows.
            old_rows = self._objects(holder, "rows", what) if depth == 0 else []
            waiting += (
                (each, f'row "{shown(text_of(each, "title"))}"', depth + 1)
                for each in (*inside, *old_rows)
                if "panels" in each
            )

    def _panel(self, data: Data) -> Element:
        number = data.get("id")
        known = self.places.get(number) if isinstance(number, int) else None
        title = text_of(data, "title")
        name = f'panel "{shown(title)}"' if title else f"panel without title (id {shown(number)})"
        return Element(
            self.title,
            title,
            _at(known or self.place, self.subject, name),
            data,
            tuple(expressions.of_panel(data)),
            tuple(expressions.uses_of_panel(data)),
        )

    def _variable(self, data: Data) -> Element:
        name = text_of(data, "name")
        found, uses = expressions.of_variable(data)
        place = _at(self.place, self.subject, f'variable "{shown(name)}"')
        return Element(self.title, name, place, data, found, uses)

    def _annotation(self, data: Data) -> Element:
        name = text_of(data, "name")
        place = _at(self.place, self.subject, f'annotation "{shown(name)}"')
        return Element(self.title, name, place, data, tuple(expressions.of_annotation(data)))


@dataclass
class _RulesReader:
    data: Data
    place: Place
    places: Mapping[str, Place]
    malformed: list[Finding] = field(default_factory=list)

    def document(self) -> Document:
        name = self.place.shown_file
        root = Element(name, "", self.place, self.data)
        groups = [
            self._element("group", text_of(group, "name"), group) for group in self._objects(root, self.data, "groups")
        ]
        rules = [
            rule
            for group in groups
            for data in self._objects(group, group.data, "rules")
            for rule in self._rule(group, data)
        ]
        return Document(
            Kind.RULES,
            root,
            groups=tuple(groups),
            rules=tuple(rules),
            malformed=tuple(self.malformed),
        )

    def _element(self, kind: str, name: str, data: Data, within: str = "", **more: Any) -> Element:  # noqa: ANN401
        known = self.places.get(name) or Place(self.place.file, getattr(data, "line", 0))
        subject = f'{kind} "{shown(name)}"'
        return Element(self.place.shown_file, name, _at(known, within, subject), data, **more)

    def _objects(self, holder: Element, data: Data, key: str) -> Iterable[Data]:
        found = data.get(key, [])
        objects = dicts(found)
        if not isinstance(found, list) or len(objects) < len(found):
            message = f"`{key}` is not a list of objects"
            self.malformed.append(Finding(holder, message, "promtool check rules says more."))
        return objects

    def _rule(self, group: Element, data: Data) -> Iterator[Element]:
        kind = "alert" if "alert" in data else "record"
        name, expr = data.get(kind), data.get("expr")
        if not isinstance(name, str) or isinstance(expr, bool) or not isinstance(expr, str | int | float):
            place = self._element(kind, shown(name), data).place
            message = "a rule needs a text for `alert` or `record`, and one for `expr`"
            self.malformed.append(Finding(Element(group.document, "", place, data), message))
            return
        within = f'group "{shown(group.name)}"'
        yield self._element(kind, name, data, within, expressions=tuple(expressions.of_rule(data)))


def _kind_of(value: object) -> str:
    names = {type(None): "null", bool: "true or false", list: "a list", str: "a text"}
    return names.get(type(value), "an object" if isinstance(value, Mapping) else "a number")
