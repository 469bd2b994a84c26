"""Chains of calls on a queryset, `Book.objects.filter(...).order_by(...)`, and the way to them.

A search goes from the expressions of a line by the names they use to where these got their values.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from cycle_inspector.analysis._sources import Block, nodes_of

# Methods that give a queryset of the same kind back, of managers and querysets alike.
SAME = frozenset(
    [
        "all",
        "filter",
        "exclude",
        "order_by",
        "reverse",
        "distinct",
        "annotate",
        "alias",
        "select_related",
        "prefetch_related",
        "using",
        "defer",
        "only",
        "extra",
        "complex_filter",
        "select_for_update",
        "fetch_mode",
    ]
)
# Those that end it, but go on with the objects that it stands for.
ENDS = frozenset(
    [
        "iterator",
        "aiterator",
        "get",
        "aget",
        "first",
        "afirst",
        "last",
        "alast",
        "earliest",
        "latest",
        "in_bulk",
    ]
)
# Those whose result is no list of instances, or cannot be changed any more.
_OTHER = frozenset(
    [
        "values",
        "values_list",
        "dates",
        "datetimes",
        "union",
        "intersection",
        "difference",
        "raw",
        "create",
        "acreate",
        "get_or_create",
        "update_or_create",
        "bulk_create",
        "bulk_update",
        "count",
        "exists",
        "aggregate",
        "update",
        "delete",
        "acount",
        "aexists",
        "aaggregate",
        "none",
        "explain",
    ]
)
_SHORTCUTS = frozenset(
    ["get_list_or_404", "get_object_or_404", "aget_list_or_404", "aget_object_or_404"]
)


@dataclass(frozen=True, slots=True)
class Step:
    """A call in a chain, as `.filter(...)`."""

    name: str
    call: ast.Call


@dataclass(frozen=True, slots=True)
class Queryset:
    """An expression that makes a queryset: where it begins, and what is called on it."""

    block: Block
    root: ast.expr  # `Book.objects`, `author.books`, `super().get_queryset()`, or a class
    steps: tuple[Step, ...]
    later: tuple[Step, ...]  # what is called on it further on, by a name it was given
    labels: frozenset[str] = frozenset()  # what it is called on its way: names, keys of a context
    is_shortcut: bool = False  # the root is the class that get_list_or_404() was given
    is_attribute: bool = False  # `model = Book`: the root is the class
    is_admin: bool = False  # a class of the admin: the root is a value that its body sets

    def calls(self, *names: str) -> list[Step]:
        """Return the calls by one of `names`, in order."""
        return [step for step in (*self.steps, *self.later) if step.name in names]


@dataclass(slots=True)
class Search:
    """The way from a line to the expressions that its names stand for."""

    block: Block
    models: frozenset[str]
    accessors: frozenset[str]
    parents: dict[ast.AST, ast.AST]
    scope: ast.AST
    line: int
    found: dict[ast.expr, Queryset] = field(default_factory=dict)
    later: list[Step] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def of(self, nodes: Iterable[ast.AST], labels: frozenset[str] = frozenset()) -> None:
        for node in [inner for one in nodes for inner in ast.walk(one)]:
            root = self._root(node)
            if root is not None:
                self._add(node, root, labels | self._labels(node))
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                self._follow(node, labels | self._labels(node) | {node.id})

    def only(self, line: int, words: frozenset[str] | None = None) -> Queryset | None:
        """Return the one that was found; of several, the one that stands in `line` itself.

        With `words`, those of a line of a template, it has to be called by one of them.
        """
        found = list(self.found.values())
        if words is not None:
            found = [one for one in found if one.labels & words]
        if len(found) > 1:
            found = [one for one in found if one.root.lineno <= line <= (one.root.end_lineno or 0)]
        if len(found) != 1 or any(step.name in _OTHER for step in self.later):
            return None
        return replace(found[0], later=tuple(self.later))

    def _root(self, node: ast.AST) -> ast.expr | None:
        """Return what a queryset of the models begins with, if that is `node` or given to it."""
        if isinstance(node, ast.Call):
            if last_name(node.func) in _SHORTCUTS and node.args:
                return node.args[0] if last_name(node.args[0]) in self.models else None
            inner = node.func.value if isinstance(node.func, ast.Attribute) else None
            is_super = isinstance(inner, ast.Call) and last_name(inner.func) == "super"
            return node if is_super and last_name(node.func) == "get_queryset" else None
        if not isinstance(node, ast.Attribute):
            return None
        parent = self.parents.get(node)
        if not isinstance(parent, ast.Attribute):
            return None
        if not isinstance(self.parents.get(parent), ast.Call):
            return None
        is_manager = last_name(node.value) in self.models
        return node if is_manager or node.attr in self.accessors else None

    def _add(self, node: ast.AST, root: ast.expr, labels: frozenset[str]) -> None:
        steps = tuple(self._steps(root)) if root is node else ()
        if not any(step.name in _OTHER for step in steps):
            self.found[root] = Queryset(
                self.block, root, steps, (), labels, is_shortcut=root is not node
            )

    def _steps(self, node: ast.AST) -> Iterator[Step]:
        """Return what is called on `node`, one after the other."""
        while True:
            attribute = self.parents.get(node)
            call = None if attribute is None else self.parents.get(attribute)
            if (
                not isinstance(attribute, ast.Attribute)
                or not isinstance(call, ast.Call)
                or call.func is not attribute
            ):
                return
            yield Step(attribute.attr, call)
            node = call

    def _labels(self, node: ast.AST) -> frozenset[str]:
        """Return the keys and keywords under which `node` stands in its statement."""
        found = set()
        while (parent := self.parents.get(node)) is not None and not isinstance(parent, ast.stmt):
            if isinstance(parent, ast.keyword) and parent.arg:
                found.add(parent.arg)
            elif isinstance(parent, ast.Dict) and node in parent.values:
                key = parent.keys[parent.values.index(node)]
                if isinstance(key, ast.Constant):
                    found.add(str(key.value))
            node = parent
        return frozenset(found)

    def _follow(self, name: ast.Name, labels: frozenset[str]) -> None:
        """Go on where the name got its value, before the line."""
        self.later.extend(self._steps(name))
        if name.id not in self.seen:
            self.seen.add(name.id)
            for key, value in list(self._values(name.id)):
                self.of([value], labels | key)

    def _values(self, name: str) -> Iterator[tuple[frozenset[str], ast.AST]]:
        for node in nodes_of(self.scope):
            if getattr(node, "lineno", self.line + 1) > self.line:
                continue
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if _is_part(target, name):
                        yield _key(target), node.value
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and _is_part(node.target, name):
                if node.value is not None:
                    yield frozenset(), node.value
            elif (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("update", "append", "setdefault")
                and _is_part(node.func.value, name)
            ):
                yield from ((frozenset(), one) for one in node.args)
                yield from (
                    (frozenset() if one.arg is None else frozenset((one.arg,)), one.value)
                    for one in node.keywords
                )


def last_name(node: ast.AST) -> str | None:
    """Return the last part of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def _is_part(node: ast.AST, name: str) -> bool:
    """Whether a target is `name`, or something in it, as `name["books"]`."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return isinstance(node, ast.Name) and node.id == name


def _key(target: ast.AST) -> frozenset[str]:
    """Return the key that `context["books"] = ...` sets."""
    inner = target.slice if isinstance(target, ast.Subscript) else None
    return frozenset((str(inner.value),)) if isinstance(inner, ast.Constant) else frozenset()
