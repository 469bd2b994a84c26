"""How much of a list that a line makes is used, as its source says.

A list is followed where it is used as it is made, or by a name that is read just once: then nothing
else can have seen the rest of it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cycle_inspector.analysis._chains import last_name
from cycle_inspector.analysis._origins import function_of
from cycle_inspector.analysis._sources import Sources, nodes_of
from cycle_inspector.records import Frame

_LISTS = frozenset({"list", "get_list_or_404"})
_PAGES = frozenset({"page", "get_page"})


def part_of(frame: Frame, sources: Sources) -> int | None:
    """Return how many items are used of the list that the line makes, if it is a part of it."""
    block = sources.of(frame)
    tree = None if block is None else block.tree()
    for scope in () if tree is None else nodes_of(tree):
        if (
            isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef)
            and scope.name == function_of(frame)
            and scope.lineno <= frame.line <= (scope.end_lineno or 0)
        ):
            return _part_in(scope, frame.line)
    return None


def _part_in(scope: ast.AST, line: int) -> int | None:
    parents = {inner: node for node in nodes_of(scope) for inner in ast.iter_child_nodes(node)}
    made = [
        node
        for node in nodes_of(scope)
        if isinstance(node, ast.Call)
        and last_name(node.func) in _LISTS
        and node.lineno <= line <= (node.end_lineno or 0)
    ]
    if len(made) != 1:
        return None
    used: ast.AST = made[0]
    parent = parents.get(used)
    if isinstance(parent, ast.Assign):
        reads = list(_reads(scope, parent))
        if len(reads) != 1:
            return None
        used = reads[0]
        parent = parents.get(used)
    if isinstance(parent, ast.Subscript) and parent.value is used:
        return _end_of(parent.slice)
    if isinstance(parent, ast.Call) and last_name(parent.func) == "Paginator":
        return _size_of_pages(scope, parent) if parent.args[:1] == [used] else None
    return None


def _reads(scope: ast.AST, assigned: ast.Assign) -> Iterator[ast.AST]:
    """Yield where the name is read that a list was given, if it is given nothing else."""
    target = assigned.targets[0]
    named = [
        node
        for node in nodes_of(scope)
        if isinstance(target, ast.Name) and isinstance(node, ast.Name) and node.id == target.id
    ]
    is_plain = len(assigned.targets) == 1 and sum(not _is_read(one) for one in named) == 1
    yield from filter(_is_read, named if is_plain else ())


def _is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _end_of(index: ast.AST) -> int | None:
    """Return how many items `[:20]` gives, or `[0]`."""
    if isinstance(index, ast.Slice):
        is_plain = index.lower is None and index.step is None
        end = _number(index.upper)
        return end if is_plain and end is not None and end > 0 else None
    return 1 if _number(index) is not None else None


def _size_of_pages(scope: ast.AST, call: ast.Call) -> int | None:
    """Return how many items a page of `Paginator(rows, 20)` has, if one page is asked for."""
    asked = [
        node
        for node in nodes_of(scope)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _PAGES
    ]
    goes_on = any(
        isinstance(node, ast.Attribute) and node.attr == "page_range" for node in nodes_of(scope)
    )
    size = call.args[1] if len(call.args) > 1 else None
    return _number(size) if len(asked) == 1 and not goes_on else None


def _number(node: ast.AST | None) -> int | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if type(value) is int else None
