"""Airflow's own registry of metrics, and how it differs from the catalog.

An installed Airflow has it from 3.2 on, as ``metrics_template.yaml``: of each metric its name, type,
legacy name (``-`` where it has none) and the variables of the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgen.catalog.statsd import EXCLUDED
from dashgen.catalog.statsd.sent import V3, StatsdType
from dashgen.catalog.terms import closest
from dashgen.checks.unreadable import UnreadableError
from dashgen.checks.yaml_file import Lined, load_yaml
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dashgen.catalog.model import Catalog, Metric
    from dashgen.catalog.statsd.sent import Line

RULE = "airflow-registry"
# Below site-packages.
REGISTRY = "airflow/_shared/observability/metrics/metrics_template.yaml"
AIRFLOW = "airflow/__init__.py"

_NO_LEGACY = "-"
_TYPES = tuple(kind.value for kind in StatsdType)
_LARGEST = 4 * 1024**2
_NAME_ONE = "Name Airflow's Python, its virtual environment, its site-packages, or the registry itself."
_UNKNOWN_FORM = "It may be another version's form: this dashgen knows that of Airflow 3.2 and 3.3."


@dataclass(frozen=True)
class Registered:
    """One metric of the registry, and the line that it starts on."""

    name: str
    type: StatsdType
    legacy: str
    variables: frozenset[str]
    line: int


def find(path: Path) -> Path:
    """Return the registry of an installed Airflow: ``path`` is it, or leads to it.

    Raises:
        DashgenError: there is no Airflow, or one without a registry, or it may not be looked at.

    """
    try:
        path.stat()
        folders = _site_packages(path)
        if folders is None:
            return path
        registry = next((folder / REGISTRY for folder in folders if _is_there(folder / REGISTRY)), None)
        airflow = next((folder / AIRFLOW for folder in folders if _is_there(folder / AIRFLOW)), None)
    except OSError as error:
        raise _stopped(path, f"can't be read: {error.strerror}", _NAME_ONE, EXIT_UNREACHABLE) from None
    if registry:
        return registry
    if airflow:
        hint = (
            "Airflow has one from 3.2 on; what older versions send is listed nowhere, so there is nothing to compare."
        )
        raise _stopped(airflow.parent, "this Airflow has no registry of metrics", hint, EXIT_USAGE)
    raise _stopped(path, "no Airflow is installed there", _NAME_ONE, EXIT_USAGE)


def read(file: Path) -> tuple[Registered, ...]:
    """Read a registry.

    Raises:
        DashgenError: it can't be read, or is none; all that is wrong with it.

    """
    try:
        with file.open("rb") as source:
            content = source.read(_LARGEST + 1)
    except OSError as error:
        raise _stopped(file, f"can't be read: {error.strerror}", _NAME_ONE, EXIT_UNREACHABLE) from None
    if len(content) > _LARGEST:
        raise _stopped(file, "too large for a registry of metrics", _NAME_ONE, EXIT_USAGE)
    try:
        data = load_yaml(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _stopped(file, f"not UTF-8: byte {content[error.start]:#04x}", _NAME_ONE, EXIT_USAGE) from None
    except UnreadableError as error:
        problem = Problem(Place(str(file), error.line), RULE, error.message, error.hint)
        raise DashgenError([problem], EXIT_USAGE) from None
    metrics = data.get("metrics") if isinstance(data, Mapping) else None
    if not isinstance(metrics, list) or not metrics:
        raise _stopped(file, "no registry of metrics: it has no list `metrics`", _UNKNOWN_FORM, EXIT_USAGE)
    wrong = [problem for entry in metrics for problem in _malformed(entry, file)]
    if wrong:
        raise DashgenError(wrong, EXIT_USAGE)
    return tuple(map(_registered, metrics))


def differences(registered: tuple[Registered, ...], catalog: Catalog, file: Path) -> Iterator[Problem]:
    """Find what the registry adds to the catalog's lines of Airflow 3, drops, or has otherwise."""
    lines = {line.name: (metric, line) for metric in catalog for line in metric.statsd if V3 in line.versions}
    for entry in registered:
        place = Place(str(file), entry.line, entry.name)
        if entry.name in lines:
            yield from (Problem(place, RULE, *told) for told in _changed(entry, *lines[entry.name]))
        elif entry.name not in EXCLUDED:
            near = closest(entry.name, lines)
            hint = "The mapping drops it: define a metric for it." + (f" Nearest: {near}." if near else "")
            yield Problem(place, RULE, f"the catalog has no such {entry.type.value}", hint)
    names = {entry.name for entry in registered}
    for name, (metric, _) in lines.items():
        if name not in names:
            hint = "What shows it stays empty: leave it out for Airflow 3."
            yield Problem(Place(str(file), 0, name), RULE, f"it is gone; the catalog has it as {metric.name}", hint)


def _changed(entry: Registered, metric: Metric, line: Line) -> Iterator[tuple[str, str]]:
    """Say in what a metric differs, and what to do."""
    hint = f"Correct {metric.name}: the mapping does not see these lines, or names them wrongly."
    if entry.type is not line.type:
        yield f"it is a {entry.type.value}, and a {line.type.value} in the catalog", hint
    if entry.legacy != line.registered_legacy:
        ours, theirs = (legacy or _NO_LEGACY for legacy in (line.registered_legacy, entry.legacy))
        yield f"its legacy name is {theirs}, and {ours} in the catalog", hint
    known = {label.name for label in (*metric.labels, *metric.tags)} | set(line.dropped_tags)
    unknown = sorted(entry.variables - known)
    if unknown:
        yield f"it has variables that the catalog has no label for: {', '.join(unknown)}", hint


def _malformed(entry: object, file: Path) -> Iterator[Problem]:
    if not isinstance(entry, Lined):
        yield Problem(Place(str(file)), RULE, "an entry of `metrics` is no mapping", _UNKNOWN_FORM)
        return
    place = Place(str(file), entry.line, str(entry.get("name", "")))
    for key in ("name", "legacy_name"):
        if not isinstance(entry.get(key), str):
            yield Problem(place, RULE, f"`{key}` is no text", _UNKNOWN_FORM)
    if entry.get("type") not in _TYPES:
        yield Problem(place, RULE, f"`type` is none of {', '.join(_TYPES)}", _UNKNOWN_FORM)
    variables = entry.get("name_variables")
    if not isinstance(variables, list) or not all(isinstance(variable, str) for variable in variables):
        yield Problem(place, RULE, "`name_variables` is no list of names", _UNKNOWN_FORM)


def _registered(entry: Lined) -> Registered:
    legacy = entry["legacy_name"]
    return Registered(
        entry["name"],
        StatsdType(entry["type"]),
        "" if legacy == _NO_LEGACY else legacy,
        frozenset(entry["name_variables"]),
        entry.line,
    )


def _site_packages(path: Path) -> list[Path] | None:
    """Return the folders of packages that a path leads to: itself, an environment's, a Python's; None for a file."""
    if path.is_dir():
        return [path, *_packages_in(path)]
    # A Python of an environment is a link to one elsewhere, and must not be followed.
    return _packages_in(path.parent.parent) if path.name.startswith("python") else None


def _packages_in(environment: Path) -> list[Path]:
    return sorted(environment.glob("lib/python3*/*-packages"))


def _is_there(path: Path) -> bool:
    """Whether there is such a file; that it may not be looked at is an error."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _stopped(path: Path, message: str, hint: str, code: int) -> DashgenError:
    return DashgenError([Problem(Place(str(path)), RULE, message, hint)], code)
