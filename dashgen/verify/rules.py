"""The rules that a server evaluates, against those of the rule files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dashgen.checks.document import dicts, text_of
from dashgen.promql import Query, attempt
from dashgen.verify.outcome import Cause, Outcome, Reason, Status
from dashgen.verify.queries import Asked, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LOAD = "Name the file under rule_files, and reload (SIGHUP, or POST /-/reload). Other rulers: --rules-url."
_RULES = frozenset({Kind.RECORDING, Kind.ALERT})


@dataclass(frozen=True)
class Loaded:
    """The rules that a server evaluates, by group and by what they record or alert.

    ``told`` says whether it has any: some servers answer with none when others evaluate the rules.
    """

    rules: Mapping[str, Mapping[str, tuple[Mapping[str, Any], ...]]]

    @classmethod
    def of(cls, groups: Iterable[Mapping[str, Any]]) -> Loaded:
        """Read the groups of the API. Several files may have a group of the same name."""
        found: dict[str, dict[str, tuple[Mapping[str, Any], ...]]] = {}
        for group in groups:
            rules = found.setdefault(text_of(group, "name"), {})
            for rule in dicts(group.get("rules")):
                name = text_of(rule, "name")
                rules[name] = (*rules.get(name, ()), rule)
        return cls(found)

    @property
    def told(self) -> bool:
        """Whether there is any group."""
        return bool(self.rules)

    def recording(self) -> dict[str, str]:
        """Return what is recorded, with the expression that it is recorded from."""
        return {
            name: text_of(rule, "query")
            for group in self.rules.values()
            for name, rules in group.items()
            for rule in rules
            if text_of(rule, "type") == "recording"
        }

    def why_not(self, asked: Asked) -> Reason | None:
        """Say why a rule of a file is not evaluated as it is written; None where it is."""
        if asked.group not in self.rules:
            message = f'group "{asked.group}" is not loaded'
            return Reason(Cause.NOT_LOADED, message, _LOAD, drift=True)
        rules = self.rules[asked.group].get(asked.rule, ())
        if not rules:
            message = f'group "{asked.group}" is loaded without it, from an older or another file'
            return Reason(Cause.NOT_LOADED, message, _LOAD, drift=True)
        if not any(_same(text_of(rule, "query"), asked.expr) for rule in rules):
            message = f"it is loaded with another expression: {' '.join(text_of(rules[0], 'query').split())}"
            return Reason(Cause.NOT_LOADED, message, _LOAD, drift=True)
        failing = next((rule for rule in rules if text_of(rule, "health") == "err"), None)
        if failing is not None:
            return Reason(Cause.OTHER, f"its last evaluation failed: {text_of(failing, 'lastError')}")
        return None


def compared(outcomes: list[Outcome], loaded: Loaded | None) -> list[Outcome]:
    """Add to rules that are otherwise well why the server does not evaluate them.

    A server that evaluates no rule at all, while what they record is there, is not the one that does.
    """
    if loaded is None or (not loaded.told and _recorded_elsewhere(outcomes)):
        return outcomes
    return [_compared(each, loaded) for each in outcomes]


def _recorded_elsewhere(outcomes: list[Outcome]) -> bool:
    return any(each.asked.kind is Kind.RECORDING and each.status is Status.OK for each in outcomes)


def _compared(outcome: Outcome, loaded: Loaded) -> Outcome:
    known = outcome.status.finding and outcome.reason and outcome.reason.cause is not Cause.NOT_RECORDED
    if outcome.asked.kind not in _RULES or known:
        return outcome
    reason = loaded.why_not(outcome.asked)
    if reason is None:
        return outcome
    return replace(outcome, status=Status.INCOMPLETE if reason.drift else Status.ERROR, reason=reason)


def _same(one: str, other: str) -> bool:
    """Whether two expressions differ in nothing but their layout."""
    first, second = attempt(one), attempt(other)
    if not isinstance(first, Query) or not isinstance(second, Query):
        return one.split() == other.split()
    return bool(first.root.prettify() == second.root.prettify())
