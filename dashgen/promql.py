"""PromQL: what an expression selects and compares, read from its syntax tree.

Prometheus' grammar as ``promql-parser`` implements it; regular expressions never touch it.
What labels an expression can return is :mod:`dashgen.promql_labels`'s part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from promql_parser import (
    AggregateExpr,
    BinaryExpr,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    ParenExpr,
    SubqueryExpr,
    UnaryExpr,
    VectorSelector,
)
from promql_parser import parse as parse_tree

from dashgen.catalog.terms import Matcher
from dashgen.promql_variables import NUMBER, interpolate

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME_LABEL = "__name__"
SET_OPERATORS = frozenset({"and", "or", "unless"})
# What ``x unless x offset 5m`` leaves: the series that were not there before.
NEW_SERIES = "new series"
_SET_OPERATORS = frozenset({"and", "unless"})
COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">="})

# The parser and the walks over its tree recurse: 4,000 operators still fit its stack.
_MOST_OPERATORS = 2000
_DEEPEST = 200
_OPERATORS = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_KEEP_VALUES = frozenset(
    {
        *("min", "max", "topk", "bottomk", "limitk", "limit_ratio"),
        *("min_over_time", "max_over_time", "last_over_time", "first_over_time"),
        *("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"),
        *("label_replace", "label_join", "scalar"),
    }
)
_UNEXPLAINED = "invalid promql query"


class PromqlError(ValueError):
    """An expression does not parse; the text is the reason."""


@dataclass(frozen=True)
class Selector:
    """A selector: the metric's name, its other matchers, and what stands around it.

    ``name`` is empty when only a pattern of names is given; that matcher is then among
    ``matchers``. ``around`` names the functions, aggregations and set operators that the
    series go through, innermost first; of set operators only those that drop its values, and
    ``NEW_SERIES`` where only those come through that were not there before.
    """

    name: str
    matchers: tuple[Matcher, ...]
    around: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Read as PromQL, without a range."""
        inner = ",".join(map(str, self.matchers))
        return f"{self.name}{{{inner}}}" if inner else self.name


@dataclass(frozen=True)
class Comparison:
    """A selector whose values are compared, unchanged, with a number: ``selector op number``."""

    selector: Selector
    op: str
    number: float


@dataclass(frozen=True, eq=False)
class Query:
    """An expression that parses.

    ``results`` are the selectors whose values come out of it unchanged. ``or_constant`` holds
    what stands before each ``or vector(…)``. ``variables`` are the Grafana variables that it
    names.
    """

    root: Expr
    selectors: tuple[Selector, ...]
    results: tuple[Selector, ...]
    comparisons: tuple[Comparison, ...]
    or_constant: tuple[Expr, ...]
    variables: frozenset[str]


def parse(text: str) -> Query:
    """Parse an expression in which Grafana's variables may stand.

    Raises:
        PromqlError: it does not parse, whatever a variable of the user's may stand for.

    """
    found = attempt(text)
    if isinstance(found, PromqlError):
        raise found
    return found


@lru_cache(maxsize=8192)
def attempt(text: str) -> Query | PromqlError:
    """Parse an expression as :func:`parse` does, and return the error instead of raising it."""
    try:
        return _parse(text)
    except PromqlError as error:
        return error.with_traceback(None)


def _parse(text: str) -> Query:
    interpolated = interpolate(text)
    if interpolated.operators > _MOST_OPERATORS:
        raise PromqlError(f"it has more than {_MOST_OPERATORS} operators and brackets")
    try:
        root = parse_tree(interpolated.text)
    except ValueError as error:
        try:
            root = parse_tree(interpolate(text, names=True).text)
        except ValueError:
            raise PromqlError(_reason(str(error))) from None
    return _query(root, interpolated.variables)


def _reason(message: str) -> str:
    if message == _UNEXPLAINED:
        return "an operand, an operator or a comma is missing or out of place"
    return message


def _query(root: Expr, variables: frozenset[str]) -> Query:
    """Walk the tree once, without recursion, and note what the checks ask for."""
    selectors: list[Selector] = []
    comparisons: list[Comparison] = []
    or_constant: list[Expr] = []
    waiting: list[tuple[Expr, tuple[str, ...], int]] = [(root, (), 1)]
    while waiting:
        node, around, depth = waiting.pop()
        if depth > _DEEPEST:
            raise PromqlError(f"it nests deeper than {_DEEPEST} levels")
        if isinstance(node, VectorSelector):
            selectors.append(selector_of(node, around))
        elif isinstance(node, BinaryExpr):
            comparisons += _comparisons(node)
            or_constant += _or_constant(node)
        inside = ((child, around_child, depth + 1) for child, around_child in _inside(node, around))
        waiting += reversed(list(inside))
    return Query(root, tuple(selectors), tuple(_unchanged(root)), tuple(comparisons), tuple(or_constant), variables)


def _inside(node: Expr, around: tuple[str, ...]) -> Iterator[tuple[Expr, tuple[str, ...]]]:
    """Give the operands of a node, each with what stands around it."""
    match node:
        case BinaryExpr():
            op = str(node.op)
            if op in COMPARISONS:  # reads the value that `and` and `unless` would only ask for being there
                around = tuple(each for each in around if each not in _SET_OPERATORS)
            yield node.lhs, (NEW_SERIES, *around) if _leaves_new(node) else around
            yield node.rhs, (op, *around) if op in _SET_OPERATORS else around
        case AggregateExpr():
            if isinstance(node.param, Expr):
                yield node.param, around
            yield node.expr, (str(node.op), *around)
        case Call():
            for argument in node.args:
                yield argument, (node.func.name, *around)
        case ParenExpr() | UnaryExpr() | SubqueryExpr():
            yield node.expr, around
        case MatrixSelector():
            yield node.vector_selector, around


def _leaves_new(node: BinaryExpr) -> bool:
    match str(node.op), without_parens(node.lhs), without_parens(node.rhs):
        case "unless", VectorSelector() as now, VectorSelector() as before:
            return bool(before.offset) and not now.offset and selector_of(now) == selector_of(before)
    return False


def selector_of(node: VectorSelector, around: tuple[str, ...] = ()) -> Selector:
    """Read a selector from its node.

    Raises:
        PromqlError: it has what Prometheus does not.

    """
    if node.matchers.or_matchers:
        raise PromqlError("`or` between matchers is not PromQL: only VictoriaMetrics has it")
    name = node.name or ""
    matchers: list[Matcher] = []
    for each in node.matchers.matchers:
        op = _OPERATORS[str(each.op).rpartition(".")[2]]
        if each.name == NAME_LABEL and op == "=" and not name:
            name = each.value
        else:
            matchers.append(Matcher(each.name, op, each.value))
    return Selector(name, tuple(matchers), around)


def without_parens(node: Expr) -> Expr:
    """Return what stands inside the parentheses around a node."""
    while isinstance(node, ParenExpr):
        node = node.expr
    return node


def _number(node: Expr) -> float | None:
    """Return the number that a literal is, signs and parentheses included."""
    node = without_parens(node)
    if isinstance(node, NumberLiteral):
        return node.val
    if isinstance(node, UnaryExpr):
        inner = _number(node.expr)
        return None if inner is None else -inner
    return None


def threshold(query: Query) -> tuple[str, float] | None:
    """Return what an expression compares as a whole, operator included, and the number: its limit."""
    root = without_parens(query.root)
    if not isinstance(root, BinaryExpr) or str(root.op) not in COMPARISONS:
        return None
    number = _number(root.rhs)
    return None if number is None else (f"{root.lhs.prettify()} {root.op}", number)


def _comparisons(node: BinaryExpr) -> Iterator[Comparison]:
    op = str(node.op)
    if op not in COMPARISONS:
        return
    number, values = _number(node.rhs), node.lhs
    if number is None:
        number, values = _number(node.lhs), node.rhs
        op = _MIRRORED.get(op, op)
    if number is not None and abs(number) != NUMBER:
        for selector in _unchanged(values):
            yield Comparison(selector, op, number)


def _unchanged(node: Expr) -> Iterator[Selector]:
    """Find the selectors whose values come out of a node as they went in."""
    match without_parens(node):
        case VectorSelector() as found:
            yield selector_of(found)
        case MatrixSelector(vector_selector=found):
            yield selector_of(found)
        case SubqueryExpr(expr=inner):
            yield from _unchanged(inner)
        case AggregateExpr(op=op, expr=inner) if str(op) in _KEEP_VALUES:
            yield from _unchanged(inner)
        case Call(func=function, args=arguments) if function.name in _KEEP_VALUES:
            yield from _unchanged(arguments[0])
        case BinaryExpr() as binary:
            yield from _unchanged_operands(binary)


def _unchanged_operands(node: BinaryExpr) -> Iterator[Selector]:
    op = str(node.op)
    filters = op in COMPARISONS and not (node.modifier and node.modifier.return_bool)
    if op in SET_OPERATORS or filters:
        yield from _unchanged(node.lhs)
    if op == "or" or (filters and _number(node.lhs) is not None):
        yield from _unchanged(node.rhs)


def _or_constant(node: BinaryExpr) -> Iterator[Expr]:
    fallback = without_parens(node.rhs)
    if str(node.op) == "or" and isinstance(fallback, Call) and fallback.func.name == "vector":
        yield without_parens(node.lhs)
