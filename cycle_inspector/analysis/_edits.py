"""Changes a line of source so that a queryset brings along what a loop needs.

The change is made where the methods of querysets are called one after the other: after the last
of them that gives a queryset of the same kind, before a slice or `.iterator()`. Where it is not
certain that the changed line works, there is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cycle_inspector.analysis._chains import ENDS, SAME, Queryset, Step
from cycle_inspector.analysis._sources import Block

_CHUNK = 2000  # QuerySet.iterator()'s own, where nothing is prefetched

_CLEARS = ("select_related", "prefetch_related")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the rows of a queryset are to bring along."""

    select: tuple[str, ...] = ()  # for select_related()
    prefetch: tuple[str, ...] = ()  # for prefetch_related()
    columns: tuple[str, ...] = ()  # that are deferred
    is_nullable: bool = False  # one of those to be joined

    def __bool__(self) -> bool:
        return bool(self.select or self.prefetch or self.columns)

    def calls(self) -> str:
        """Return the calls to add, as they are written."""
        return "".join(f".{name}({_texts(of)})" for name, of in self.by_call().items() if of)

    def by_call(self) -> dict[str, tuple[str, ...]]:
        """Return the names that each call is to be given."""
        return {"select_related": self.select, "prefetch_related": self.prefetch}


@dataclass(frozen=True, slots=True)
class _Change:
    """Text in the place of what stands between two points; lines from 1, columns in bytes."""

    start: tuple[int, int]
    end: tuple[int, int]
    text: str


def diff_of(queryset: Queryset, needs: Needs, objects: str | None) -> str | None:
    """Return the change of the project's own lines, as `diff -u` writes it, or None.

    `objects` is the name of the model's default manager.
    """
    try:
        changes = list(_changes(queryset, needs, objects))
    except _Uncertain:
        return None
    return _diff(queryset.block, changes) if changes else None


class _Uncertain(Exception):
    """Nobody can say that the change would work."""


def _changes(queryset: Queryset, needs: Needs, objects: str | None) -> Iterator[_Change]:
    if needs.columns:
        yield from _columns(queryset, needs.columns)
    if not needs.calls():
        return
    if queryset.is_admin:
        if needs.prefetch or needs.columns:
            raise _Uncertain
        comma = "," if len(needs.select) == 1 else ""
        yield _attribute(queryset, f"list_select_related = ({_texts(needs.select)}{comma})")
        return
    _check(queryset, needs)
    if needs.prefetch:
        yield from _chunked(queryset.calls("iterator", "aiterator"))
    missing = needs
    for step in queryset.steps:
        names = needs.by_call().get(step.name)
        if names and step.call.args and not step.call.keywords:
            yield _after(step.call.args[-1], f", {_texts(names)}")
            missing = replace(
                missing,
                select=() if step.name == "select_related" else missing.select,
                prefetch=() if step.name == "prefetch_related" else missing.prefetch,
            )
    if missing.calls():
        yield _added(queryset, missing.calls(), objects)


def _check(queryset: Queryset, needs: Needs) -> None:
    """Raise where the rest of the chain would make the calls fail or take them back."""
    for step in queryset.calls(*_CLEARS):
        names = _constants(step.call)
        if names is not None and (None in names or (step.name == "select_related" and not names)):
            raise _Uncertain
    tops = [name.partition("__")[0] for name in needs.select]
    for step in queryset.calls("only"):
        names = _constants(step.call)
        if names is None or not set(tops) <= set(names):
            raise _Uncertain
    for step in queryset.calls("defer"):
        names = _constants(step.call)
        if names is None or set(tops) & set(names):
            raise _Uncertain
    # PostgreSQL locks no row that an outer join may not have found.
    if needs.is_nullable and queryset.calls("select_for_update"):
        raise _Uncertain


def _added(queryset: Queryset, calls: str, objects: str | None) -> _Change:
    root = queryset.root
    if queryset.is_attribute:
        name = f"{ast.unparse(root)}.{objects}"
        return _attribute(queryset, None if objects is None else f"queryset = {name}{calls}")
    if queryset.is_shortcut:
        if objects is None:
            raise _Uncertain
        return _after(root, f".{objects}{calls}")
    at = 0
    while at < len(queryset.steps) and queryset.steps[at].name in SAME:
        at += 1
    if at == 0:
        # A method of the manager's own may be none of the querysets it makes.
        if queryset.steps and queryset.steps[0].name not in ENDS:
            raise _Uncertain
        return _after(root, calls)
    last = queryset.steps[at - 1].call
    return _after(last, _as_it_stands(queryset.block, last, calls))


def _attribute(queryset: Queryset, text: str | None) -> _Change:
    """Return an attribute of a class in a line of its own, after one that it sets already."""
    first = queryset.block.line(queryset.root.lineno)
    last = queryset.root.end_lineno or 0
    # The statement has to begin in the line where its value does.
    if text is None or not re.match(r"\s*\w+\s*(?::[^=]+)?=", first):
        raise _Uncertain
    indent = first[: len(first) - len(first.lstrip())]
    end = (last, len(queryset.block.line(last).encode()))
    return _Change(end, end, f"\n{indent}{text}")


def _as_it_stands(block: Block, last: ast.Call, calls: str) -> str:
    """Return `calls` in a line of their own where each call of the chain stands in one."""
    if not isinstance(last.func, ast.Attribute) or last.func.end_lineno != last.end_lineno:
        return calls
    line = block.line(last.end_lineno or 0)
    if not line.lstrip().startswith(f".{last.func.attr}("):
        return calls
    return f"\n{line[: len(line) - len(line.lstrip())]}{calls}"


def _chunked(steps: Iterable[Step]) -> Iterator[_Change]:
    """Give iterator() the size of its chunks: it prefetches for one of them at a time."""
    for step in steps:
        if not step.call.args and not step.call.keywords:
            line, column = _end(step.call)
            yield _Change((line, column - 1), (line, column - 1), f"chunk_size={_CHUNK}")


def _columns(queryset: Queryset, names: tuple[str, ...]) -> Iterator[_Change]:
    """Take `names` into .only(), or out of .defer()."""
    steps = queryset.calls("only", "defer")
    given = None if len(steps) != 1 else _constants(steps[0].call)
    if given is None or not given:
        raise _Uncertain
    call = steps[0].call
    if steps[0].name == "only":
        missing = [name for name in names if name not in given]
        if len(missing) != len(names):
            raise _Uncertain
        yield _after(call.args[-1], f", {_texts(missing)}")
        return
    if not set(names) <= set(given):
        raise _Uncertain
    kept = [name for name in given if name not in names]
    if not kept:
        before = next(ast.iter_child_nodes(call.func))
        # A manager alone cannot be gone over.
        rest = ".all()" if before is queryset.root else ""
        yield _Change(_end(before), _end(call), rest)
    else:
        start = (call.args[0].lineno, call.args[0].col_offset)
        yield _Change(start, _end(call.args[-1]), _texts(map(str, kept)))


def _constants(call: ast.Call) -> list[str | None] | None:
    """Return the names a call was given, or None if they are not all written out."""
    if call.keywords or not all(isinstance(one, ast.Constant) for one in call.args):
        return None
    values = [one.value for one in call.args if isinstance(one, ast.Constant)]
    return [value if isinstance(value, str) else None for value in values]


def _after(node: ast.expr, text: str) -> _Change:
    return _Change(_end(node), _end(node), text)


def _end(node: ast.AST) -> tuple[int, int]:
    return getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)


def _texts(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _diff(block: Block, changes: Sequence[_Change]) -> str:
    first = min(change.start[0] for change in changes)
    last = max(change.end[0] for change in changes)
    old = [block.line(number) for number in range(first, last + 1)]
    text = "\n".join(old).encode()
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line.encode()) + 1)
    for change in sorted(changes, key=lambda one: one.start, reverse=True):
        start, end = (starts[line - first] + column for line, column in (change.start, change.end))
        text = text[:start] + change.text.encode() + text[end:]
    new = text.decode().split("\n")
    while len(old) > 1 and len(new) > 1 and old[0] == new[0]:
        del old[0], new[0]
        first += 1
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        del old[-1], new[-1]
    head = f"@@ -{_span(first, old)} +{_span(first, new)} @@"
    lines = [f"--- {block.path}", f"+++ {block.path}", head]
    return "\n".join([*lines, *(f"-{one}" for one in old), *(f"+{one}" for one in new)])


def _span(first: int, lines: list[str]) -> str:
    return str(first) if len(lines) == 1 else f"{first},{len(lines)}"
