"""The labels that come out of an expression, by PromQL's rules, and those it names on the way.

The rules: https://prometheus.io/docs/prometheus/latest/querying/operators/ (aggregation and
vector matching) and …/functions/ (which functions drop, add or keep labels).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from promql_parser import (
    AggModifierType,
    AggregateExpr,
    BinaryExpr,
    Call,
    LabelModifierType,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    StringLiteral,
    SubqueryExpr,
    UnaryExpr,
    ValueType,
    VectorMatchCardinality,
    VectorSelector,
)

from dashgen.promql import (
    COMPARISONS,
    NAME_LABEL,
    SET_OPERATORS,
    Selector,
    selector_of,
    without_parens,
)
from dashgen.promql_variables import NAME

if TYPE_CHECKING:
    from promql_parser import BinModifier, Expr

    from dashgen.promql import Query

# The labels that series can carry; None where nothing is known of them.
Labels = frozenset[str] | None
LabelsOf = Callable[[Selector], Labels]

_NO_LABELS: Labels = frozenset()
_KEEP_NAME = frozenset(
    {
        *("last_over_time", "first_over_time", "sort", "sort_desc"),
        *("sort_by_label", "sort_by_label_desc", "label_replace", "label_join"),
    }
)
_PICK_SERIES = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_ABSENT = frozenset({"absent", "absent_over_time"})
_SORT_BY_LABEL = frozenset({"sort_by_label", "sort_by_label_desc"})
_QUANTILES = frozenset({"histogram_quantile", "histogram_fraction"})


@dataclass(frozen=True)
class Named:
    """A label that a clause names, and the labels that are there for it to name.

    ``implied`` is one that no clause names, but that two vectors are matched by without any.
    """

    label: str
    clause: str
    available: Labels
    implied: bool = False

    @property
    def missing(self) -> bool:
        """Whether no series can have the label there."""
        return self.available is not None and self.label not in self.available


@dataclass(frozen=True)
class Trace:
    """The labels that the result can carry, and every label that a clause names."""

    result: Labels
    named: tuple[Named, ...]


def trace(query: Query, labels_of: LabelsOf) -> Trace:
    """Follow the labels from the selectors, whose labels ``labels_of`` tells, to the result."""
    tracer = _Tracer(labels_of)
    result = tracer.labels(query.root)
    return Trace(result, tuple(tracer.named))


def _without(labels: Labels, gone: Iterable[str]) -> Labels:
    return None if labels is None else labels.difference(gone)


def _only(labels: Labels, kept: Iterable[str]) -> Labels:
    kept = frozenset(kept)
    if any(NAME in label for label in kept):
        return None
    return kept if labels is None else labels & kept


def _union(left: Labels, right: Labels) -> Labels:
    return None if left is None or right is None else left | right


def _both(left: Labels, right: Labels) -> Labels:
    if left is None or right is None:
        return right if left is None else left
    return left & right


class _Tracer:
    """One walk over a tree; ``named`` collects the labels that clauses name."""

    def __init__(self, labels_of: LabelsOf) -> None:
        self.labels_of = labels_of
        self.named: list[Named] = []

    def labels(self, node: Expr) -> Labels:
        """Return the labels of a node's result."""
        result = _NO_LABELS
        match node:
            case VectorSelector():
                result = self.labels_of(selector_of(node))
            case MatrixSelector():
                result = self.labels_of(selector_of(node.vector_selector))
            case ParenExpr() | SubqueryExpr():
                result = self.labels(node.expr)
            case UnaryExpr():
                result = _without(self.labels(node.expr), [NAME_LABEL])
            case AggregateExpr():
                result = self._aggregate(node)
            case Call():
                result = self._call(node)
            case BinaryExpr():
                result = self._binary(node)
        return result

    def _name(self, labels: Iterable[str], clause: str, available: Labels) -> None:
        self.named += (Named(label, clause, available) for label in labels if NAME not in label)

    def _aggregate(self, node: AggregateExpr) -> Labels:
        inner = self.labels(node.expr)
        op = str(node.op)
        result = _NO_LABELS
        if node.modifier is not None:
            excludes = node.modifier.type == AggModifierType.Without
            listed = node.modifier.labels
            self._name(listed, "without" if excludes else "by", inner)
            result = _without(inner, (*listed, NAME_LABEL)) if excludes else _only(inner, listed)
        if op in _PICK_SERIES:
            return inner
        if op == "count_values":
            return _union(result, frozenset({_text(node.param)}))
        return result

    def _call(self, node: Call) -> Labels:
        name = node.func.name
        if name in _ABSENT:
            return _equal_labels(node.args[0])
        series = [
            argument
            for argument, kind in zip(node.args, node.func.arg_types, strict=False)
            if kind in (ValueType.Vector, ValueType.Matrix)
        ]
        if not series or node.func.return_type == ValueType.Scalar or name == "vector":
            for argument in node.args:
                self.labels(argument)
            return _NO_LABELS
        inner = self.labels(series[0])
        if name == "info":
            return None
        if name == "label_replace":
            return self._label_replace(node.args, inner)
        if name == "label_join":
            self._name(map(_text, node.args[3:]), name, inner)
            return _union(inner, frozenset({_text(node.args[1])}))
        if name in _SORT_BY_LABEL:
            self._name(map(_text, node.args[1:]), name, inner)
        if name in _QUANTILES:
            inner = _without(inner, ["le"])
        return inner if name in _KEEP_NAME else _without(inner, [NAME_LABEL])

    def _label_replace(self, arguments: list[Any], inner: Labels) -> Labels:
        target, replacement, source = map(_text, arguments[1:4])
        self._name([source] if source else [], "label_replace", inner)
        return _union(inner, frozenset({target})) if replacement else inner

    def _binary(self, node: BinaryExpr) -> Labels:
        op, modifier = str(node.op), node.modifier
        left, right = self.labels(node.lhs), self.labels(node.rhs)
        keeps_name = op in COMPARISONS and not (modifier and modifier.return_bool)
        if is_scalar(node.lhs) or is_scalar(node.rhs):
            result = right if is_scalar(node.lhs) else left
            return result if keeps_name else _without(result, [NAME_LABEL])
        if modifier is not None and modifier.matching is not None:
            self._matching(modifier, left, right)
        elif op != "or" and not _is_filled(modifier) and left is not None and right is not None:
            one_sided = sorted((left ^ right) - {NAME_LABEL})
            self.named += (Named(label, f"the match of `{op}`", left & right, implied=True) for label in one_sided)
        if op in SET_OPERATORS:
            return _union(left, right) if op == "or" else left
        result = _matched(modifier, left, right)
        return result if keeps_name else _without(result, [NAME_LABEL])

    def _matching(self, modifier: BinModifier, left: Labels, right: Labels) -> None:
        matching = modifier.matching
        if matching is None:
            return
        if matching.type == LabelModifierType.Include:
            self._name(matching.labels, "on", _both(left, right))
        else:
            self._name(matching.labels, "ignoring", _union(left, right))
        if modifier.card == VectorMatchCardinality.ManyToOne:
            self._name(modifier.group_labels or (), "group_left", right)
        elif modifier.card == VectorMatchCardinality.OneToMany:
            self._name(modifier.group_labels or (), "group_right", left)


def _matched(modifier: BinModifier | None, left: Labels, right: Labels) -> Labels:
    """Return the labels of two vectors that were matched one by one, or many to one."""
    if modifier is None:
        return _both(left, right)
    copied = modifier.group_labels or ()
    if modifier.card == VectorMatchCardinality.ManyToOne:
        return _union(_without(left, copied), _only(right, copied))
    if modifier.card == VectorMatchCardinality.OneToMany:
        return _union(_without(right, copied), _only(left, copied))
    result = _union(left, right) if _is_filled(modifier) else _both(left, right)
    if modifier.matching is None:
        return result
    if modifier.matching.type == LabelModifierType.Include:
        return _only(result, modifier.matching.labels)
    return _without(_union(left, right) if _is_filled(modifier) else left, modifier.matching.labels)


def _is_filled(modifier: BinModifier | None) -> bool:
    """Whether fill() lets a series through that has no partner, with its own labels."""
    values = modifier.fill_values if modifier else None
    return values is not None and (values.lhs is not None or values.rhs is not None)


def _equal_labels(node: Expr) -> Labels:
    """Return the labels that absent() makes up: those that its selector sets to one value."""
    node = without_parens(node)
    if isinstance(node, MatrixSelector):
        node = node.vector_selector
    if not isinstance(node, VectorSelector):
        return _NO_LABELS
    matchers = selector_of(node).matchers
    return frozenset(each.label for each in matchers if each.op == "=")


def _text(node: object) -> str:
    return node.val if isinstance(node, StringLiteral) else ""


def is_scalar(node: Expr) -> bool:
    """Whether an expression gives a number rather than series."""
    match without_parens(node):
        case NumberLiteral():
            return True
        case UnaryExpr(expr=inner):
            return is_scalar(inner)
        case Call(func=function):
            return bool(function.return_type == ValueType.Scalar)
        case BinaryExpr(lhs=left, rhs=right):
            return is_scalar(left) and is_scalar(right)
    return False
