"""Lint: one module per rule, each with its reason; see the modules' docstrings.

A rule has a ``NAME`` and ``check(context)``, which yields findings. Exceptions stand in the
settings only (``[[lint.ignore]]``), each with a reason; one that matches nothing is a finding.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from dashgen.checks import (
    alert_complete,
    count_or_vector,
    counter_rate,
    datasource,
    duplicate,
    gauge_rate,
    grafana_schema,
    group_interval,
    overlap,
    panel_description,
    panel_unit,
    promql_syntax,
    recorded_series,
    result_label,
    selector_job,
    uid,
    unbounded_label,
    unknown_label,
    unknown_metric,
    unknown_variable,
    value_code,
)
from dashgen.checks.context import Context
from dashgen.checks.recorded import with_recorded
from dashgen.checks.unreadable import RULE as UNREADABLE
from dashgen.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from dashgen.catalog.model import Catalog
    from dashgen.checks.document import Document, Finding
    from dashgen.settings import Ignore, Settings


class Rule(Protocol):
    """What a rule's module offers."""

    NAME: str

    def check(self, context: Context) -> Iterator[Finding]:
        """Yield what the rule finds."""


_MODULES: tuple[Rule, ...] = (
    promql_syntax,
    unknown_metric,
    unknown_label,
    selector_job,
    unbounded_label,
    value_code,
    result_label,
    counter_rate,
    gauge_rate,
    count_or_vector,
    unknown_variable,
    datasource,
    duplicate,
    uid,
    overlap,
    panel_unit,
    panel_description,
    alert_complete,
    group_interval,
    recorded_series,
    grafana_schema,
)
RULES = MappingProxyType({rule.NAME: rule for rule in _MODULES})
LINT_ONLY = frozenset({grafana_schema.NAME})
"""The rules that a build leaves out: they take longer than the build itself."""

UNUSED_IGNORE = "unused-ignore"


def run(
    documents: Iterable[Document],
    catalog: Catalog,
    settings: Settings,
    *,
    skip: Collection[str] = (),
    foreign: bool = False,
) -> list[Problem]:
    """Return what the rules find in the documents, looked at together, sorted by place.

    To ``foreign`` documents our own conventions don't apply, and what their rules record is
    known besides the catalog.

    The settings' exceptions are taken out; one that matches nothing is a problem itself, unless
    its rule is one to ``skip``.
    """
    context = Context(tuple(documents), catalog, settings, foreign=foreign)
    if foreign:
        context = with_recorded(context)
    ignores = [ignore for ignore in settings.ignores if ignore.rule not in skip]
    used: set[int] = set()
    problems: set[Problem] = set()
    for rule, finding in _findings(context, skip):
        matching = [index for index, ignore in enumerate(ignores) if _matches(ignore, rule, finding)]
        used.update(matching)
        if not matching:
            problems.add(Problem(finding.element.place, rule, finding.message, finding.hint))
    problems.update(_unused(ignore) for index, ignore in enumerate(ignores) if index not in used)
    return sorted(problems)


def _findings(context: Context, skip: Collection[str]) -> Iterator[tuple[str, Finding]]:
    for document in context.documents:
        yield from ((UNREADABLE, finding) for finding in document.malformed)
    for name, rule in RULES.items():
        if name not in skip:
            yield from ((name, finding) for finding in rule.check(context))


def _matches(ignore: Ignore, rule: str, finding: Finding) -> bool:
    element = finding.element
    return (
        ignore.rule == rule
        and fnmatchcase(element.document, ignore.dashboard or "*")
        and fnmatchcase(element.name, ignore.panel or "*")
    )


def _unused(ignore: Ignore) -> Problem:
    where = ", ".join(
        f'{what} "{pattern}"' for what, pattern in (("dashboard", ignore.dashboard), ("panel", ignore.panel)) if pattern
    )
    message = f"the exception to {ignore.rule} matches nothing" + (f" ({where})" if where else "")
    hint = "Take it out of [[lint.ignore]]: what it was for is gone."
    return Problem(ignore.place, UNUSED_IGNORE, message, hint)
