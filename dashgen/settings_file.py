"""Reading the settings: ``dashgen.toml``, or ``[tool.dashgen]`` in ``pyproject.toml``."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from dashgen import durations
from dashgen.catalog.labels import DAG_ID
from dashgen.catalog.model import FLEET, PER_RUN, Generation
from dashgen.catalog.terms import closest
from dashgen.problems import EXIT_UNREACHABLE, EXIT_USAGE, DashgenError, Place, Problem
from dashgen.settings import EIGHT_DAYS, EVERY_DAG, AlertSettings, Ignore, Settings, SuccessAge
from dashgen.settings_addresses import data_source, optional, page, target
from dashgen.settings_statsd import statsd
from dashgen.strict_toml import (
    RULE,
    Node,
    Source,
    WrongValueError,
    array,
    filled,
    mapping,
    matching,
    named_type,
    one_of,
    parse,
    quoted,
    record,
    string,
    switch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OWN_FILE = "dashgen.toml"
SHARED_FILE = "pyproject.toml"
SHARED_TABLE = ("tool", "dashgen")

SEVERITIES = ("critical", "warning", "info")
AIRFLOW_VERSIONS = ("2.11", "3")
_GENERATIONS = {generation.name: generation for generation in (FLEET, PER_RUN)}


def find(path: Path | None, start: Path) -> Path | None:
    """Return the settings' file: ``path``, or the one in the folder ``start`` if there is one.

    ``dashgen.toml`` goes before a ``pyproject.toml`` beside it.
    """
    if path is not None:
        return path
    candidates = (start / OWN_FILE, start / SHARED_FILE)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def load(path: Path | None, start: Path) -> Settings:
    """Return the settings of ``path``, or of the folder ``start``; the defaults without a file.

    Raises:
        DashgenError: the file can't be read, or some of its settings are wrong: all of them.

    """
    file = find(path, start)
    if file is None:
        return Settings()
    data, lines = parse(_text(file), str(file))
    root = SHARED_TABLE if file.name == SHARED_FILE else ()
    table: Any = data
    for key in root:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    problems: list[Problem] = []
    node = Node(table, Source(str(file), lines, root), problems)
    try:
        values = _SETTINGS(node)
    except WrongValueError as wrong:
        node.refuse(wrong.message, wrong.hint)
    if problems:
        raise DashgenError(problems, EXIT_USAGE)
    return _settings(values, node.source)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte {error.object[error.start]:#04x} at offset {error.start}"
        problem = Problem(Place(str(file)), RULE, message)
        raise DashgenError([problem], EXIT_USAGE) from None
    except (FileNotFoundError, IsADirectoryError) as error:
        reason = str(error.strerror)
        problem = Problem(Place(str(file)), RULE, reason, "--config takes a TOML file.")
        raise DashgenError([problem], EXIT_USAGE) from None
    except OSError as error:
        problem = Problem(Place(str(file)), RULE, f"can't be read: {error.strerror}")
        raise DashgenError([problem], EXIT_UNREACHABLE) from None


def _settings(values: dict[str, Any], source: Source) -> Settings:
    """Make the settings of what was read, under the names that the code uses."""
    lint = values.pop("lint", {})
    return Settings(**values, ignores=lint.get("ignore", ()), source=source)


def _duration(node: Node) -> int:
    value = string(node)
    try:
        return durations.parse(value)
    except ValueError:
        raise WrongValueError(f"{quoted(value)} is no duration", 'Write it as in "90m", "24h" or "7d".') from None


def _age(node: Node) -> int:
    seconds = _duration(node)
    if not seconds:
        raise WrongValueError("must be longer than 0")
    return seconds


def _hold(node: Node) -> str:
    return durations.text(_duration(node))


def _limit(node: Node) -> float:
    if isinstance(node.value, str):
        return durations.Seconds(_age(node))
    if isinstance(node.value, bool) or not isinstance(node.value, int | float):
        raise WrongValueError(f'must be a number, or a duration as in "6h", not {named_type(node.value)}')
    if not math.isfinite(node.value) or node.value <= 0:
        raise WrongValueError("must be above 0")
    return float(node.value)


def _regex(node: Node) -> str:
    value = filled(node)
    import promql_parser  # noqa: PLC0415  (a shared library that most commands don't need)

    try:
        promql_parser.parse(f"any{{{DAG_ID % value}}}")
    except ValueError:
        raise WrongValueError(
            f"{quoted(value)} is no regular expression of Prometheus",
            "It has no look-around and no back references.",
        ) from None
    return value


def _generations(node: Node) -> tuple[Generation, ...]:
    names = array(one_of(_GENERATIONS))(node)
    if FLEET.name not in names:
        raise WrongValueError(f"{FLEET.name} is missing", "The V3 dashboard and the alerts are made from it.")
    return tuple(generation for name, generation in _GENERATIONS.items() if name in names)


def _alert(node: Node) -> AlertSettings:
    fields = {"for": _hold, "severity": one_of(SEVERITIES), "enabled": switch}
    values = record(fields)(node)
    if "for" in values:
        values["hold"] = values.pop("for")
    return AlertSettings(**values)


def _success_ages(node: Node) -> tuple[SuccessAge, ...]:
    """Read the list, and end it with an entry for every DAG: the default, if it has none."""
    ages = array(_success_age)(node)
    if all(age.dag_id != EVERY_DAG for age in ages):
        return (*ages, SuccessAge(EVERY_DAG, EIGHT_DAYS))
    if ages[-1].dag_id != EVERY_DAG:
        raise WrongValueError(f"what follows the entry for {EVERY_DAG!r} never applies", "Move that entry to the end.")
    return ages


def _success_age(node: Node) -> SuccessAge:
    values = record({DAG_ID.name: _regex, "age": _age}, required=(DAG_ID.name, "age"))(node)
    return SuccessAge(values.get(DAG_ID.name, ""), values.get("age", 0))


def _ignore(node: Node) -> Ignore:
    fields = {"rule": _rule, "reason": filled, "dashboard": string, "panel": string}
    values = record(fields, required=("rule", "reason"))(node)
    return Ignore(**{"rule": "", "reason": "", **values}, place=node.place)


def _rule(node: Node) -> str:
    from dashgen.checks import RULES  # noqa: PLC0415  (the rules, only where an exception names one)

    name = string(node)
    if name not in RULES:
        near = closest(name, RULES)
        hint = f"Did you mean {near}?" if near else f"Known: {', '.join(RULES)}."
        raise WrongValueError(f"there is no rule {quoted(name)}", hint)
    return name


def _pushgateways(node: Node) -> tuple[str, ...]:
    if node.value == []:
        raise WrongValueError(
            "must not be empty", "All metrics come from a Pushgateway; without one its alert always fires."
        )
    return array(target)(node)


def _extra_labels(node: Node) -> Mapping[str, str]:
    labels = mapping(string)(node)
    for name in labels:
        if not re.fullmatch("(?!__)[A-Za-z_][A-Za-z0-9_]*", name):
            node.child(name, None).refuse("is no name of a label")
    return labels


_MODULE = matching(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", "the dotted name of a module")
# Grafana's own limits on the uid of anything.
_UID = matching(r"[A-Za-z0-9_-]{1,40}", "a uid: at most 40 letters, digits, - and _")

_SETTINGS = record(
    {
        "modules": array(_MODULE),
        "out": filled,
        "generations": _generations,
        "datasource_uid": _UID,
        "grafana_folder": filled,
        "grafana_url": optional(page),
        "prometheus_url": data_source,
        "airflow_url": page,
        "airflow_version": one_of(AIRFLOW_VERSIONS),
        "runbook_base_url": optional(page),
        "source_url": optional(page),
        "pushgateway_targets": _pushgateways,
        "alertmanager_targets": array(target),
        "thresholds": mapping(_limit),
        "alerts": mapping(_alert),
        "success_age": _success_ages,
        "extra_labels": _extra_labels,
        "statsd": statsd,
        "lint": record({"ignore": array(_ignore)}),
    }
)
