"""CI101: one query for a list, and one more for each of its rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cycle_inspector.analysis import _fixes
from cycle_inspector.analysis._edits import Needs, diff_of
from cycle_inspector.analysis._loops import Loop, groups_of, loops_of
from cycle_inspector.analysis._origins import Place, Places, function_of, name_of, spot
from cycle_inspector.analysis._queries import is_of_factory
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._schema import TO_MANY, Schema, schema_of
from cycle_inspector.analysis._sources import Sources, sources_of
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Query, Severity, Stage

CODE = "CI101"

_MOST_FRAMES = 4  # of the chain of callers, in words

# Not the FROM inside of EXTRACT(YEAR FROM "date").
_FROM = re.compile(
    r"""\b(?:EXTRACT|TRIM|SUBSTRING|OVERLAY)\s*\([^()]*\)
    | \bFROM\s+((?:\w+|"[^"]+"|`[^`]+`|\[[^]]+])(?:\.(?:\w+|"[^"]+"|`[^`]+`|\[[^]]+]))*)""",
    re.I | re.X,
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each shape that ran again and again, with other values, from one place.

    One place is one stack and one template line: a template is interpreted, so its lines share a
    stack. Below the threshold only what is sure to grow is told: it ran once for each row.
    """
    return _Judge(cycle, thresholds).findings()


def repeated(cycle: Cycle, thresholds: Thresholds) -> list[list[Query]]:
    """Return the groups of queries that this rule finds."""
    return groups_of(cycle.statements, _least(thresholds))


def _least(thresholds: Thresholds) -> int:
    return max(thresholds.repeated_queries, 2)


class _Judge:
    """The loops of a cycle, and what their origins have to bring along, taken together."""

    def __init__(self, cycle: Cycle, thresholds: Thresholds) -> None:
        self._least = _least(thresholds)
        self._schema: Schema = schema_of(cycle)
        self._sources: Sources = sources_of(cycle)
        self._places = Places(cycle, self._schema, self._sources)
        self._words = _fixes.Words(
            schema=self._schema,
            fetch_modes=bool(cycle.stage(Stage.MODELS).facts.get("fetch_modes")),
        )
        self._serializer = [
            tuple(map(str, one))
            for one in cycle.stage(Stage.MODELS).facts.get("serializer") or ()
            if isinstance(one, list | tuple) and len(one) == 3
        ]
        self._view = str(cycle.stage(Stage.VIEW).facts.get("name")).rpartition(".")[2]
        self._written = set(_written(cycle))
        self._loops = [one for one in self._all(cycle) if self._is_told(one)]
        self._needs: dict[int, list[Needs]] = {}
        for loop in self._loops:
            if loop.origin is not None:
                own = _fixes.needs_of(loop, is_whole=self._is_whole(loop))
                self._needs.setdefault(loop.origin.query.id, []).append(own)

    def findings(self) -> Iterator[Finding]:
        return map(self._finding, self._loops)

    def _all(self, cycle: Cycle) -> list[Loop]:
        return loops_of(cycle.statements, 2, self._schema)

    def _is_told(self, loop: Loop) -> bool:
        if loop.first.id in self._written or is_of_factory(loop.first):
            return False
        return len(loop.queries) >= self._least or _grows(loop)

    def _finding(self, loop: Loop) -> Finding:
        count, first = len(loop.queries), loop.first
        is_few = count < self._least
        place = None if loop.origin is None else self._places.of(loop.origin)
        fix = self._words.of(loop, place, is_raw=self._is_raw(first))
        return Finding(
            code=CODE,
            severity=Severity.INFO if is_few else Severity.WARNING,
            title=self._title(loop, is_few=is_few),
            caller=first.caller,
            template=first.template,
            count=count,
            cost_ns=sum(query.duration_ns for query in loop.queries[1:]),
            saved_ns=sum(query.duration_ns for query in loop.queries[1:]),
            evidence=tuple(query.id for query in loop.queries),
            fix=fix + self._field(loop) + self._chain(first),
            mend=None if place is None else place.frame,
            diff=self._diff(loop, place),
            model_field=first.relation if loop.relation is None else loop.relation.label,
        )

    def _diff(self, loop: Loop, place: Place | None) -> str | None:
        """Return the change that mends this loop, together with others over the same rows."""
        if place is None or place.queryset is None or loop.origin is None:
            return None
        own = _fixes.needs_of(loop, is_whole=self._is_whole(loop))
        if not own:
            return None
        objects = loop.origin.model.objects
        needs = _fixes.together(self._needs[loop.origin.query.id])
        return diff_of(place.queryset, needs, objects) or diff_of(place.queryset, own, objects)

    def _is_whole(self, loop: Loop) -> bool:
        """Whether the line that asks reads all of a relation, so that prefetching it helps."""
        relation, first = loop.relation, loop.first
        if relation is None or relation.kind not in TO_MANY:
            return False
        if first.frames and "/rest_framework/" in first.frames[0].path:
            return True  # its serializers ask for .all()
        asked = re.compile(rf"\.{re.escape(relation.name)}\.all\b(?:\(\))?(?!\s*[.\[])")
        if first.template is not None and asked.search(self._sources.line_of(first.template)):
            return True
        caller = first.caller
        block = None if caller is None else self._sources.of(caller)
        if caller is None or block is None:
            return False
        return asked.search(block.line(caller.line)) is not None

    def _is_raw(self, query: Query) -> bool:
        """Whether the line that asks hands over a statement of its own."""
        caller = query.caller
        block = None if caller is None else self._sources.of(caller)
        line = "" if caller is None or block is None else block.line(caller.line)
        return ".execute(" in line or ".raw(" in line

    def _title(self, loop: Loop, *, is_few: bool) -> str:
        name = loop.relation.label if loop.relation is not None else self._read_by(loop)
        past = ", past its prefetch" if loop.is_past_prefetch else ""
        count = len(loop.queries)
        if is_few:
            return f"Will grow to an N+1: {name} was loaded for each of {count} rows{past}"
        return f"N+1: {count} × {name}{past}"

    def _read_by(self, loop: Loop) -> str:
        """Return the model and the field that it was asked by, else the table."""
        select = loop.select
        model = None if select is None else self._schema.at(select.table)
        if model is None or select is None or not select.equals:
            return _table(loop.first.sql)
        return f"{model.label} by {self._words.field_of(model, select.equals[0][1])}"

    def _field(self, loop: Loop) -> str:
        """Return which field of a serializer reads it."""
        first, path = loop.first, ".".join(relation.name for relation in loop.path)
        if not any("/rest_framework/" in frame.path for frame in first.frames):
            return ""
        method = "" if first.caller is None else f"{function_of(first.caller)}()"
        for name, field, source in self._serializer:
            if source == method or (path and f"{source}.".startswith(f"{path}.")):
                return f' It is read for the field "{field}" of {name}.'
        return ""

    def _chain(self, query: Query) -> str:
        """Return the way from the view to the line that asks, where there are lines between."""
        shown: list[str] = []
        last = None
        for frame in [one for one in query.frames if one.is_project]:
            # Before Python 3.12 a comprehension has a frame of its own.
            around = frame.path, function_of(frame)
            if around != last and len(shown) < _MOST_FRAMES:
                shown.append(f"{name_of(frame)} ({spot(frame)})")
            last = around
            if around[1] == self._view:
                break
        return "" if len(shown) < 2 else f" Asked by {', called by '.join(shown)}."


def _written(cycle: Cycle) -> Iterator[int]:
    """Yield the ids of queries that a change sent at its own line, as get_or_create() does."""
    changes = [one for one in cycle.stage(Stage.MODELS).facts.get("changes") or () if one]
    ids = {one for change in changes for one in change.get("queries") or ()}
    at = {query.id: query for query in cycle.queries if query.id in ids}
    for change in changes:
        caller = change.get("caller") or {}
        for one in change.get("queries") or ():
            frame = at[one].caller if one in at else None
            if frame is not None and (frame.path, frame.line) == (
                caller.get("path"),
                caller.get("line"),
            ):
                yield one


def _grows(loop: Loop) -> bool:
    """Whether the loop ran once for each row of its origin, so that more rows make more queries."""
    if loop.relation is None or loop.origin is None or len(loop.path) != 1:
        return False
    return loop.origin.query.rows == len(loop.queries)


def _table(sql: str) -> str:
    names = (match[1] for match in _FROM.finditer(sql) if match[1])
    return re.sub(r'["`[\]]', "", next(names, "the same statement"))


RULE = Rule(
    find,
    (
        Code(
            code=CODE,
            severity=Severity.WARNING,
            title="One query for each row of a list",
            django="topics/db/optimization/#retrieve-everything-at-once-if-you-know-you-will-need-it",
        ),
    ),
)
