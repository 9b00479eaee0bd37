"""Why an expression returns nothing: the first part of it, from the inside, that does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    SubqueryExpr,
    UnaryExpr,
    ValueType,
    VectorSelector,
)

from dashgen import report
from dashgen.promql import COMPARISONS, NAME_LABEL, Query, Selector, attempt, selector_of, without_parens
from dashgen.promql_labels import is_scalar, trace
from dashgen.verify.outcome import Cause, Reason
from dashgen.verify.selectors import EXPORTED, optional, present, why_nothing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dashgen.catalog.model import Catalog
    from dashgen.promql_labels import Labels
    from dashgen.verify.facts import Facts

_ABSENT = frozenset({"absent", "absent_over_time"})
# Of two samples at least they make something.
_NEED_TWO = frozenset({"rate", "irate", "increase", "delta", "idelta", "deriv", "predict_linear", "holt_winters"})
# What these name and no series has changes what a query means; elsewhere it does no harm.
_GROUP_BY = frozenset({"by", "on", "group_left", "group_right"})
_LONGEST_SHOWN = 120


@dataclass(frozen=True)
class Diagnosis:
    """What finds reasons: the server's facts, the catalog, and the rules that record, by what they record.

    ``loaded`` are the recording rules that the server says it evaluates.
    """

    facts: Facts
    catalog: Catalog
    recorded: Mapping[str, str]
    loaded: frozenset[str] = frozenset()

    def why(self, expr: str) -> Reason:
        """Say why an expression (without Grafana's variables) returns nothing.

        Raises:
            QueryError, UnreachableError: the server does not answer.

        """
        query = attempt(expr)
        if not isinstance(query, Query):
            return Reason(Cause.OTHER, "it returns nothing")
        return self._why(query.root, frozenset())

    def labels_missing(self, expr: str) -> Reason | None:
        """Say which label an expression filters, groups or matches by that no series of its selectors has."""
        query = attempt(expr)
        if not isinstance(query, Query):
            return None
        for selector in query.selectors:
            for matcher in selector.matchers:
                # What matches nothing as well lets everything through where the label is missing.
                if matcher.op == "=~" and matcher.value and self._lacks(selector, matcher.label):
                    message = f"it filters by {matcher.label}, which no series of {_short(str(selector))} has"
                    return Reason(Cause.LABEL_MISSING, message, self.instead(str(selector), matcher.label), drift=True)
        return self._clause(query)

    def _clause(self, query: Query) -> Reason | None:
        named = {each.label for each in trace(query, lambda _: None).named if not each.implied}

        def there(selector: Selector) -> Labels:
            if not named or not self.facts.count(str(selector)):
                return None
            return frozenset(label for label in named if not self._lacks(selector, label))

        for each in trace(query, there).named:
            if each.missing and not each.implied and each.clause in _GROUP_BY:
                selectors = ", ".join(dict.fromkeys(map(str, query.selectors)))
                message = f"`{each.clause}` names {each.label}, which no series of {_short(selectors)} has"
                hint = self.instead(str(query.selectors[0]), each.label)
                return Reason(Cause.LABEL_MISSING, message, hint, drift=True)
        return None

    def _lacks(self, selector: Selector, label: str) -> bool:
        """Whether there are series, and none of them has the label."""
        if label == NAME_LABEL or self.optional(label, selector.name):
            return False
        having = Selector(selector.name, (*selector.matchers, present(label)))
        return bool(self.facts.count(str(selector))) and not self.facts.count(str(having))

    def optional(self, label: str, name: str) -> bool:
        """Whether the series of a metric may lack a label by the catalog."""
        return optional(label, name, self.catalog)

    def instead(self, selector: str, label: str) -> str:
        """Say which label the series of a selector have in place of one that they don't."""
        there = sorted(each for each in self.facts.labels(selector) if each == EXPORTED + label)
        if there:
            return f"They have {there[0]}: Prometheus scrapes them without honor_labels."
        return "Was it dropped by whoever emits it, or by the scrape's relabeling?"

    def _why(self, node: Expr, trail: frozenset[str]) -> Reason:
        node = without_parens(node)
        match node:
            case VectorSelector():
                return self._selector(node, selector_of(node), trail)
            case MatrixSelector():
                return self._selector(node, selector_of(node.vector_selector), trail)
            case AggregateExpr() | UnaryExpr() | SubqueryExpr():
                return self._why(node.expr, trail)
            case Call():
                return self._call(node, trail)
            case BinaryExpr():
                return self._binary(node, trail)
        return Reason(Cause.OTHER, "it returns nothing")

    def _selector(self, node: Expr, selector: Selector, trail: frozenset[str]) -> Reason:
        reason = why_nothing(selector, self.facts, self.catalog)
        if reason is None:
            text = node.prettify()
            return Reason(Cause.HISTORY, f"{_short(text)} has no samples at that time: its series are younger")
        rule = self.recorded.get(selector.name)
        if reason.cause is not Cause.NEVER_SEEN or rule is None or selector.name in trail:
            return reason
        return self._not_recorded(selector.name, rule, trail | {selector.name})

    def _not_recorded(self, name: str, rule: str, trail: frozenset[str]) -> Reason:
        """Say why a rule has not recorded: it has nothing to record, or nobody evaluates it."""
        number = self.facts.count(rule)
        query = attempt(rule)
        if not number and isinstance(query, Query):
            inner = self._why(query.root, trail)
            message = f"{name} has nothing to record: {inner.message}"
            return Reason(inner.cause, message, inner.hint, inner.drift)
        return not_recorded(name, number, loaded=name in self.loaded)

    def _call(self, node: Call, trail: frozenset[str]) -> Reason:
        name = node.func.name
        if name in _ABSENT:
            return Reason(Cause.FILTERED, f"{name}(): the series is there")
        for argument, kind in zip(node.args, node.func.arg_types, strict=False):
            if kind == ValueType.Matrix and not self._has_samples(argument):
                return self._why(argument, trail)
            if kind == ValueType.Vector and not self.facts.count(argument.prettify()):
                return self._why(argument, trail)
        if name in _NEED_TWO:
            text = node.args[0].prettify()
            hint = "Is the scrape interval longer than half the range? --scrape-interval says what the data source has."
            return Reason(Cause.TOO_FEW_SAMPLES, f"{name}() needs two samples in {_short(text)}", hint)
        return Reason(Cause.FILTERED, f"{name}() makes nothing of its series")

    def _has_samples(self, node: Expr) -> bool:
        return bool(self.facts.count(f"last_over_time({without_parens(node).prettify()})"))

    def _binary(self, node: BinaryExpr, trail: frozenset[str]) -> Reason:
        op = str(node.op)
        empty = [side for side in (node.lhs, node.rhs) if not self._returns(side)]
        if op == "unless" and node.lhs not in empty:
            return Reason(Cause.FILTERED, f"`unless` leaves nothing of {_short(node.lhs.prettify())}")
        if empty:
            reasons = [self._why(side, trail) for side in empty]
            return worst(reasons)
        scalar = is_scalar(node.lhs) or is_scalar(node.rhs)
        if op in COMPARISONS and (scalar or self._matches(node)):
            vector = node.rhs if is_scalar(node.lhs) else node.lhs
            number = report.counted(self.facts.count(vector.prettify()), "value")
            return Reason(Cause.FILTERED, f"`{_short(node.prettify())}` holds for none of {number}")
        return Reason(Cause.NO_MATCH, f"`{op}` finds no two series that match: {_short(node.prettify())}")

    def _returns(self, node: Expr) -> bool:
        return is_scalar(node) or bool(self.facts.count(node.prettify()))

    def _matches(self, node: BinaryExpr) -> bool:
        """Whether any two series of a comparison match: whether it gives something when it only says 0 or 1."""
        modifier = node.modifier
        if modifier and modifier.return_bool:
            return False
        left, right = node.lhs.prettify(), node.rhs.prettify()
        return bool(self.facts.count(f"({left}) {node.op} bool {modifier or ''} ({right})"))


def not_recorded(name: str, number: int, *, loaded: bool) -> Reason:
    """Say that a rule's expression gives ``number`` series, and what it records is not there."""
    message = f"{name} is not recorded, though its rule returns {number} series"
    load = "Is the rule file loaded where rules are evaluated?"
    hint = "The rule is loaded: wait for its next evaluation." if loaded else load
    return Reason(Cause.NOT_RECORDED, message, hint, drift=True)


def worst(reasons: Iterable[Reason]) -> Reason:
    """Return the reason that most needs somebody: one that time does not mend."""
    return max(reasons, key=lambda reason: reason.drift)


def _short(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
