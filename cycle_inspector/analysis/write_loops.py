"""CI111: one write for each of many rows, where one statement could do it for all."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cycle_inspector.analysis._origins import function_of
from cycle_inspector.analysis._queries import is_of_factory
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._sources import Sources, sources_of
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis._transactions import commits_of
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

CODE = "CI111"

_LOOPS = (
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each line that wrote row by row, in a loop of the project's own.

    What Django or a library goes over itself, as the forms of a formset, and what factories make,
    is not found: there is no line to change.
    """
    loops = list(_loops(cycle, thresholds))
    alone = {query.id for query in commits_of(cycle)} if loops else set()
    for change, queries, fix in loops:
        yield _finding(change, queries, fix + (_COMMITS if queries[0].id in alone else ""))


def looped(cycle: Cycle, thresholds: Thresholds) -> set[int]:
    """Return the ids of the queries that this rule finds."""
    return {query.id for _, queries, _ in _loops(cycle, thresholds) for query in queries}


def _loops(
    cycle: Cycle, thresholds: Thresholds
) -> Iterator[tuple[Mapping[str, Any], list[Query], str]]:
    """Yield the changes that happened in a loop, their queries and what writes them at once."""
    least = max(thresholds.repeated_queries, 2)
    sources = sources_of(cycle)
    changes = cycle.stage(Stage.MODELS).facts.get("changes")
    queries: dict[int, Query] | None = None
    for change in changes or ():
        is_own = isinstance(change, Mapping) and "inside" not in change
        if is_own and change.get("times", 0) >= least and not change.get("fixture"):
            queries = queries or {query.id: query for query in cycle.queries}
            evidence = [queries[one] for one in change.get("queries") or () if one in queries]
            own = [query for query in evidence if not query.is_transaction]
            if own and _is_looped(own[0], sources) and (fix := _fix(change)) is not None:
                yield change, own, fix


def _finding(change: Mapping[str, Any], queries: list[Query], fix: str) -> Finding:
    times = int(change["times"])
    subject = change.get("relation") or change.get("model")
    return Finding(
        code=CODE,
        severity=Severity.WARNING,
        title=f"One write for each row: {times} × {_WORDS[change['what']]} of {subject}",
        caller=queries[0].caller,
        template=queries[0].template,
        count=times,
        cost_ns=int(change.get("query_ns") or 0) * (times - 1) // times,
        saved_ns=int(change.get("query_ns") or 0) * (times - 1) // times,
        evidence=tuple(query.id for query in queries),
        fix=fix,
    )


_COMMITS = (
    " Each of these writes is a commit of its own: where the loop has to stay, put transaction."
    "atomic() around it."
)

_WORDS = {
    "save": "save()",
    "delete": "delete()",
    "get_or_create": "get_or_create()",
    "update_or_create": "update_or_create()",
    "update": "update()",
    "add": "add()",
    "remove": "remove()",
}


def _fix(change: Mapping[str, Any]) -> str | None:
    """Return what writes all rows at once; None for what does so already."""
    model = str(change.get("model")).rpartition(".")[2]
    objects = f"{model}.objects"
    match change.get("what"):
        case "save" if change.get("created"):
            return (
                f"Make the objects in the loop, and write them after it by {objects}.bulk_create("
                "[...]). It calls no save() and sends no signals."
            )
        case "save":
            fields = ", ".join(f'"{name}"' for name in change.get("fields") or ()) or "..."
            return (
                f"Where all rows get the same value, or one that the database can work out, use "
                f"{objects}.filter(...).update(...). Otherwise collect them and call {objects}."
                f"bulk_update(changed, [{fields}]) after the loop. Neither sends signals."
            )
        case "delete":
            return (
                f"Delete them by one call: {objects}.filter(pk__in=[...]).delete(), or .delete() "
                "on the queryset that the loop goes over."
            )
        case "get_or_create":
            return (
                f"Read what is there by one query, {objects}.filter(...__in=[...]), and write the "
                f"rest by {objects}.bulk_create([...], ignore_conflicts=True)."
            )
        case "update_or_create":
            return (
                f"Write them by one call: {objects}.bulk_create([...], update_conflicts=True, "
                "unique_fields=[...], update_fields=[...])."
            )
        case "update":
            return (
                f"Collect the objects and call {objects}.bulk_update([...], [...]) once, or say "
                "which row gets what by Case and When in one .update()."
            )
        case "add" | "remove" as what:
            return f"Give all of them to one call: .{what}(*objects)."
    return None


def _is_looped(query: Query, sources: Sources) -> bool:
    """Whether a line on the way to the write stands in a loop, as far as its source is known."""
    ours = [frame for frame in query.frames if frame.is_project]
    if not ours or is_of_factory(query):
        return False
    blocks = [(frame, sources.of(frame)) for frame in ours]
    return any(
        block is not None and _stands_in_loop(block.tree(), frame.line, function_of(frame))
        for frame, block in blocks
    )


def _stands_in_loop(tree: ast.AST | None, line: int, function: str) -> bool:
    for scope in _functions(tree, line, function):
        for node in ast.walk(scope):
            if isinstance(node, _LOOPS):
                first = node.body[0].lineno if isinstance(node, _STATEMENTS) else node.lineno
                if first <= line <= (node.end_lineno or 0):
                    return True
    return False


_STATEMENTS = (ast.For, ast.AsyncFor, ast.While)


def _functions(tree: ast.AST | None, line: int, name: str) -> Iterator[ast.AST]:
    for node in () if tree is None else ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (
            node.name == name and node.lineno <= line <= (node.end_lineno or 0)
        ):
            yield node


RULE = Rule(
    find,
    (
        Code(
            code=CODE,
            severity=Severity.WARNING,
            title="One write for each of many rows",
            django="topics/db/optimization/#use-bulk-methods",
        ),
    ),
)
