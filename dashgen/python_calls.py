"""Calls in a Python file, by what is called, whatever it was imported as.

Python's scopes are followed: a name means what the nearest scope around it binds it to. What is
passed on in other ways (``say = report``) is not. Nothing is recursive, since generated code can
nest deeper than Python's stack.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPE = (*_FUNCTION, *_COMPREHENSION, ast.ClassDef)

_Names = dict[str, str]
"""What a scope binds: name to dotted path, empty for what does not come from the package."""


def calls(tree: ast.Module, package: str, star: Collection[str], paths: Collection[str]) -> Iterator[ast.Call]:
    """Iterate over the calls of the functions with these dotted paths, in no certain order.

    ``star`` are the names that ``from package import *`` brings.
    """
    shared = _bound(tree, package, star)
    # A scope's own names, and those of the scopes around it that it can see.
    waiting: list[tuple[ast.AST, list[_Names], list[_Names]]] = [(tree, [shared], [shared])]
    while waiting:
        node, seen, passed_on = waiting.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call) and _path(child.func, seen) in paths:
                yield child
            if isinstance(child, _SCOPE):
                names = _bound(child, package, star)
                inner = [names, *passed_on]
                # Functions in a class don't see the class's names.
                waiting.append((child, inner, passed_on if isinstance(child, ast.ClassDef) else inner))
            else:
                waiting.append((child, seen, passed_on))


def _path(function: ast.expr, scopes: list[_Names]) -> str:
    """Return the dotted path of what is called; empty when it is not known."""
    attributes: list[str] = []
    while isinstance(function, ast.Attribute):
        attributes.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        return ""
    name = function.id
    path = next((scope[name] for scope in scopes if name in scope), "")
    return ".".join((path, *reversed(attributes))) if path else ""


def _bound(scope: ast.AST, package: str, star: Collection[str]) -> _Names:
    """Return what a scope binds itself.

    An import from the package wins over everything else: the rest is what to do without it.
    """
    found: _Names = {}
    waiting = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        for name, path in _bindings(node, package, star).items():
            found[name] = path or found.get(name, "")
        if not isinstance(node, _SCOPE):
            waiting += ast.iter_child_nodes(node)
    return found


def _bindings(node: ast.AST, package: str, star: Collection[str]) -> Mapping[str, str]:
    if isinstance(node, ast.Import):
        return dict(_imported(alias, package) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        ours = not node.level and _within(node.module or "", package)
        names = [
            (name, alias.asname or name)
            for alias in node.names
            for name in (star if ours and alias.name == "*" else (alias.name,))
        ]
        return {bound: f"{node.module}.{name}" if ours else "" for name, bound in names}
    if isinstance(node, ast.Name):
        return {node.id: ""} if isinstance(node.ctx, ast.Store) else {}
    if isinstance(node, ast.arg):
        return {node.arg: ""}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name: ""}
    return {}


def _imported(alias: ast.alias, package: str) -> tuple[str, str]:
    """Return what ``import`` binds: ``import a.b`` the name a, ``import a.b as c`` the module a.b."""
    first = alias.name.partition(".")[0]
    bound, path = (alias.asname, alias.name) if alias.asname else (first, first)
    return bound, path if _within(path, package) else ""


def _within(module: str, package: str) -> bool:
    return f"{module}.".startswith(f"{package}.")
