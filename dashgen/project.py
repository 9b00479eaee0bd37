"""Loading a project: the built-in definitions and those of the user's own modules."""

from __future__ import annotations

import importlib
import re
import sys
import traceback
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgen.catalog.terms import Unit, closest
from dashgen.definitions import Definitions, Project, combine
from dashgen.durations import Seconds
from dashgen.problems import EXIT_USAGE, DashgenError, Place, Problem
from dashgen.redaction import redacted
from dashgen.rules.adjust import adjusted
from dashgen.rules.model import Alert
from dashgen.strict_toml import RULE as SETTINGS_RULE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dashgen.settings import Settings

RULE = "module"

_DEFINE = "Write a function define(settings) that returns dashgen.definitions.Definitions(…)."


def load(settings: Settings, base: Path) -> Project:
    """Join the built-in definitions and those of the settings' modules, in order.

    The modules are imported with the folder ``base`` first on the import path.

    Raises:
        DashgenError: modules that can't be used, or settings that name what is not defined.

    """
    from dashgen import builtin  # noqa: PLC0415  (grafanalib and all: not for --help)

    parts = [builtin.define(settings)]
    problems: list[Problem] = []
    with _importable(base):
        for name in settings.modules:
            try:
                parts.append(_definitions(name, settings, base))
            except DashgenError as error:  # noqa: PERF203  (all problems at once)
                problems += error.problems
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    project = combine(settings, parts)
    problems = [*_thresholds(project), *_alerts(project), *_extra_labels(project)]
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    return replace(project, alerts=adjusted(project.alerts, settings))


@contextmanager
def _importable(base: Path) -> Iterator[None]:
    """Let modules be imported from a folder, and leave no trace of it in the interpreter."""
    folder = str(base.resolve())
    path, before = list(sys.path), set(sys.modules)
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in sys.modules.keys() - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if Path(folder) in Path(file).parents:
                del sys.modules[name]


def _definitions(name: str, settings: Settings, base: Path) -> Definitions:
    """Return what one module defines.

    Raises:
        DashgenError: it does not import, has no ``define``, or ``define`` raises or returns
            something else.

    """
    place = settings.source.place("modules")
    with _told(f"module {name} does not import", place, base, name):
        module = importlib.import_module(name)
    define = getattr(module, "define", None)
    if not callable(define):
        at = Place(getattr(module, "__file__", None) or place.file)
        raise DashgenError([Problem(at, RULE, f"module {name} has no define", _DEFINE)], EXIT_USAGE)
    line = define.__code__.co_firstlineno if hasattr(define, "__code__") else 0
    place = Place(getattr(module, "__file__", None) or place.file, line)
    with _told(f"define of module {name} fails", place, base):
        found = define(settings)
    if not isinstance(found, Definitions):
        message = f"define of module {name} returns {_a(found)}, not Definitions"
        raise DashgenError([Problem(place, RULE, message, _DEFINE)], EXIT_USAGE)
    problems = list(ill_typed(found, place))
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    return found


@contextmanager
def _told(what: str, place: Place, base: Path, module: str = "") -> Iterator[None]:
    """Turn whatever the user's code raises into one problem at the user's line.

    ``place`` is for what was not raised in the user's code: that ``module`` is not there.
    """
    try:
        yield
    except (Exception, SystemExit) as error:  # noqa: BLE001  (any failure of the user's code)
        reason = error.msg if isinstance(error, SyntaxError) else error
        before, scheme, address = str(reason).partition("://")
        message = f"{what}: {type(error).__name__}: {before}{scheme}{redacted(address)}"
        # The module's package may be what is missing; what the module imports is another matter.
        missing = isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}.")
        hint = f"It is looked for beside {Path(place.file).name}." if missing and place.file else ""
        problem = Problem(_users_line(error, base) or place, RULE, message, hint)
        raise DashgenError([problem], EXIT_USAGE) from None


def _users_line(error: BaseException, base: Path) -> Place | None:
    """Return where the user's code was last: nearer to the mistake than where it surfaced."""
    if isinstance(error, SyntaxError) and error.filename and not error.filename.startswith("<"):
        return Place(error.filename, error.lineno or 0)
    frames = traceback.extract_tb(error.__traceback__)
    folder = base.resolve()
    return next(
        (Place(frame.filename, frame.lineno or 0) for frame in reversed(frames) if _is_users(frame.filename, folder)),
        None,
    )


def _is_users(file: str, folder: Path) -> bool:
    """Whether code is the project's: not the interpreter's, nor an environment's inside the project."""
    if file.startswith("<"):
        return False
    inner = {folder, Path(sys.prefix).resolve(), Path(__file__).resolve().parent}
    parents = Path(file).resolve().parents
    # The nearest of these folders is what the code belongs to.
    return next((parent for parent in parents if parent in inner), None) == folder


def _a(value: object) -> str:
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"


def ill_typed(thing: Any, place: Place) -> Iterator[Problem]:  # noqa: ANN401  (a dataclass of the models)
    """Find the fields, all the way down, whose values are not of the type that they declare.

    Only a type checker would tell the user of a tuple's forgotten comma; without one it would
    surface far from the mistake. ``place`` is for what has no place of its own.
    """
    place = getattr(thing, "place", place)
    for field in fields(thing):
        value = getattr(thing, field.name)
        declared = str(field.type)
        what = f"{_named(thing)}: {field.name}"
        if not declared.startswith("tuple["):
            if not _is_one_of(declared, value):
                yield Problem(place, RULE, f"{what} is {_a(value)}, not {declared}")
            continue
        if not isinstance(value, tuple):
            hint = f"Write {field.name}=(…,)."
            yield Problem(place, RULE, f"{what} is {_a(value)}, not a tuple", hint)
            continue
        of = declared.removeprefix("tuple[").removesuffix("]").removesuffix(", ...")
        for item in value:
            if not _is_one_of(of, item):
                yield Problem(place, RULE, f"{what} holds {_a(item)}, not {of}")
            elif is_dataclass(item):
                yield from ill_typed(item, place)


def _named(thing: Any) -> str:  # noqa: ANN401  (a dataclass of the models)
    """Name a definition: the first field of each model is its name or key."""
    kind = type(thing).__name__
    return kind if isinstance(thing, Definitions) else f"{kind} {getattr(thing, fields(thing)[0].name)}"


def _is_one_of(declared: str, value: object) -> bool:
    """Hold a value against an annotation, by the names of its classes."""
    if declared.startswith("Mapping["):
        return isinstance(value, Mapping)
    if isinstance(value, type):
        return True  # declared by an alias, which has another name than the class
    names = {kind.__name__ for kind in type(value).__mro__}
    if value is None:
        names.add("None")
    if isinstance(value, int):
        names.add("float")
    return not names.isdisjoint(re.findall(r"\w+", declared))


def _thresholds(project: Project) -> Iterator[Problem]:
    known = {limit.name: limit for metric in project.catalog for limit in metric.thresholds}
    for name, value in project.settings.thresholds.items():
        place = project.settings.source.place("thresholds", name)
        if name not in known:
            yield _unknown(place, "no metric has such a threshold", name, known)
        elif isinstance(value, Seconds) and known[name].unit is not Unit.SECONDS:
            yield Problem(place, SETTINGS_RULE, "must be a number: this threshold is no time")


def _alerts(project: Project) -> Iterator[Problem]:
    known = {rule.name for group in project.alerts for rule in group.rules if isinstance(rule, Alert)}
    for name in project.settings.alerts:
        if name not in known:
            place = project.settings.source.place("alerts", name)
            yield _unknown(place, "there is no such alert", name, known)


def _extra_labels(project: Project) -> Iterator[Problem]:
    for name in project.settings.extra_labels:
        place = project.settings.source.place("extra_labels", name)
        if name in project.catalog.labels:
            yield Problem(place, SETTINGS_RULE, "the catalog's series have this label already")


def _unknown(place: Place, message: str, name: str, known: Iterable[str]) -> Problem:
    near = closest(name, known)
    hint = f"Did you mean {near}?" if near else f"Known: {', '.join(sorted(known))}."
    return Problem(place, SETTINGS_RULE, message, hint)
