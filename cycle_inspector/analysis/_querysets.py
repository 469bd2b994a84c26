"""Finds the expression that made a queryset in a piece of source, by its syntax tree.

Only what is certain counts: the one expression of the model that the line which ran the query
leads to, by the names it uses. Two that might be it are none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from cycle_inspector.analysis._chains import ENDS, SAME, Queryset, Search, last_name
from cycle_inspector.analysis._sources import Block, nodes_of

# Methods that leave out no row by what it holds.
_AS_IT_IS = (SAME | ENDS) - {"filter", "exclude", "complex_filter", "extra", "get", "aget"}

_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a queryset is looked for by: classes of models, and names of related managers."""

    models: frozenset[str]
    accessors: frozenset[str] = frozenset()  # `books`, for the objects of `author.books`

    def fits(self, queryset: Queryset) -> bool:
        """Whether the queryset may have asked so: by a foreign key, if there are accessors."""
        is_related = isinstance(queryset.root, ast.Attribute) and (
            queryset.root.attr in self.accessors
        )
        is_narrowed = any(step.name not in _AS_IT_IS for step in (*queryset.steps, *queryset.later))
        is_other = isinstance(queryset.root, ast.Call) or queryset.is_shortcut
        return not self.accessors or is_related or is_narrowed or is_other

    def search(self, block: Block, tree: ast.AST, scope: ast.AST, line: int) -> Search:
        return Search(block, self.models, self.accessors, _parents(tree), scope, line)


def at_line(
    block: Block, line: int, function: str, wanted: Wanted, words: frozenset[str] | None
) -> Queryset | None:
    """Return the queryset that was run at `line`, in a function of this name.

    If the statement seems to render a template, its queryset may be any that the template is
    given: one that `words`, of the template's line, name. None are given where there is none.
    """
    tree, scope, statement = _around(block, line, function)
    if tree is None or scope is None or statement is None:
        return None
    search = wanted.search(block, tree, scope, line)
    header = _header(statement)
    search.of(header)
    text = "".join(map(ast.unparse, header))
    renders = "render" in text or "Response" in text
    return search.only(line, words if renders else None)


def passed_at(
    block: Block, line: int, function: str, callee: str, wanted: Wanted
) -> Queryset | None:
    """Return the queryset that `callee` was given as an argument, called at `line`."""
    tree, scope, statement = _around(block, line, function)
    if tree is None or scope is None or statement is None:
        return None
    search = wanted.search(block, tree, scope, line)
    for node in [inner for one in _header(statement) for inner in ast.walk(one)]:
        if isinstance(node, ast.Call) and last_name(node.func) == callee:
            search.of((*node.args, *(one.value for one in node.keywords)))
    return search.only(line)


def returned_by(
    block: Block, line: int, wanted: Wanted, words: frozenset[str] | None = None
) -> Queryset | None:
    """Return the queryset that the function around `line` returns, in whatever it returns."""
    tree, scope, _ = _around(block, line, "")
    if tree is None or scope is None:
        return None
    search = wanted.search(block, tree, scope, getattr(scope, "end_lineno", 0))
    search.of(node for node in nodes_of(scope) if isinstance(node, ast.Return))
    return search.only(0, words)


def in_class(block: Block, line: int, wanted: Wanted) -> Queryset | None:
    """Return the queryset that the class at `line` says its views are to read.

    That of get_queryset(), else of the attribute `queryset`, else the class in `model`.
    """
    found, tree = class_at(block, line), block.tree()
    if found is None or tree is None:
        return None
    method = next(
        (one for one in found.body if isinstance(one, _FUNCTION) and one.name == "get_queryset"),
        None,
    )
    if method is not None:
        return returned_by(block, method.lineno, wanted)
    queryset, model = attribute_of(found, "queryset"), attribute_of(found, "model")
    if queryset is not None:
        search = wanted.search(block, tree, found, 0)
        search.of([queryset])
        return search.only(0)
    if model is not None and last_name(model) in wanted.models:
        return Queryset(block, model, (), (), is_attribute=True)
    return None


def in_admin(block: Block, line: int, wanted: Wanted) -> Queryset | None:
    """Return the queryset of the change list of the admin's class at `line`.

    That of get_queryset(), else the place where list_select_related can be set.
    """
    found = class_at(block, line)
    if found is None or attribute_of(found, "list_select_related") is not None:
        return None
    if any(isinstance(one, _FUNCTION) and one.name == "get_queryset" for one in found.body):
        return in_class(block, line, wanted)
    values = [value for _, value in _attributes(found)]
    root = attribute_of(found, "list_display") or (values[-1] if values else None)
    return None if root is None else Queryset(block, root, (), (), is_admin=True)


def class_at(block: Block, line: int) -> ast.ClassDef | None:
    """Return the innermost class that `line` stands in."""
    tree = block.tree()
    found = None if tree is None else _innermost(tree, line, ast.ClassDef)
    return found if isinstance(found, ast.ClassDef) else None


def attribute_of(found: ast.ClassDef, name: str) -> ast.expr | None:
    """Return what a class sets an attribute to in its body."""
    return next((value for target, value in _attributes(found) if target == name), None)


def _attributes(found: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for node in found.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            if isinstance(node.targets[0], ast.Name):
                yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _around(
    block: Block, line: int, function: str
) -> tuple[ast.AST | None, ast.AST | None, ast.AST | None]:
    """Return the tree, the function and the statement around `line`.

    No function if it is not of the name given: the file is not as it was when it ran.
    """
    tree = block.tree()
    if tree is None:
        return None, None, None
    scope = _innermost(tree, line, _FUNCTION)
    if function and getattr(scope, "name", None) != function:
        return tree, None, None
    return tree, scope, _innermost(tree, line, ast.stmt)


def _innermost(tree: ast.AST, line: int, kinds: type | tuple[type, ...]) -> ast.AST | None:
    found: ast.AST | None = None
    for node in nodes_of(tree):  # outer ones come first
        if isinstance(node, kinds) and _first_line(node) <= line <= getattr(node, "end_lineno", 0):
            found = node
    return found


def _first_line(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", ())
    first: int = min([getattr(node, "lineno", 0), *(one.lineno for one in decorators)])
    return first


def _header(statement: ast.AST) -> list[ast.AST]:
    """Return the expressions of a statement without the statements inside it."""
    return [
        node
        for node in ast.iter_child_nodes(statement)
        if not isinstance(node, ast.stmt | ast.excepthandler)
    ]


@lru_cache(maxsize=100)
def _parents(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    return {inner: outer for outer in nodes_of(tree) for inner in ast.iter_child_nodes(outer)}
