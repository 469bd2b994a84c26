"""Cycles of the history by the grammar of `analysis.search`.

Words, and what the columns of a cycle know, narrow the query. What only a document knows is looked
for in the documents of the newest cycles that are left, a few hundred at most.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from cycle_inspector import codec
from cycle_inspector.analysis import search
from cycle_inspector.analysis.search import BadSearch, Term
from cycle_inspector.models import Cycle

_WORDS = (*("method", "host", "path", "view", "route", "exception", "user", "finding_codes", "id"),)
_COLUMNS = {
    "path": "path",
    "view": "view",
    "user": "user",
    "code": "finding_codes",
    "method": "method",
}
_INSIDE = ("sql", "table", "file", "stage")  # of a cycle: its document has to be read
KEYS = (*search.KEYS, *_COLUMNS, "status")

MOST_READ = 300  # documents

_STATUS = re.compile(r"(<=|>=|<|>|)(\d{3})|(\d)xx", re.ASCII)
_PLAIN_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)
_LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "": "exact"}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search leaves of some cycles."""

    rows: QuerySet[Cycle]
    is_cut: bool = False  # more cycles may match: only the newest were read


def look_up(rows: QuerySet[Cycle], text: str) -> Found:
    """Return those of `rows` that a search finds.

    Raises `analysis.search.BadSearch`.
    """
    terms = search.parse(text, KEYS)
    is_inside = any(one.key in _INSIDE for one in terms)
    inside = tuple(one for one in terms if one.key in (*_INSIDE, *(("time",) if is_inside else ())))
    for term in terms:
        if term not in inside:
            rows = rows.filter(_condition(term))
    if not inside:
        return Found(rows)
    newest = list(rows.order_by("-id").values_list("id", "document")[: MOST_READ + 1])
    ids = [one for one, document in newest[:MOST_READ] if _has(bytes(document), inside)]
    return Found(rows.filter(pk__in=ids), is_cut=len(newest) > MOST_READ)


def _condition(term: Term) -> Q:
    if term.key == "time":
        lookup, nanoseconds = _LOOKUPS[term.comparison or ">="], term.nanoseconds
        return Q(**{f"duration_ns__{lookup}": nanoseconds})
    if term.key == "status":
        return _status(term.value)
    if "\0" in term.value:  # PostgreSQL refuses to look for one
        return Q(pk__in=())
    columns = (_COLUMNS[term.key],) if term.key else _WORDS
    found = reduce(or_, (Q(**{f"{one}__icontains": term.value}) for one in columns))
    is_status = not term.key and _PLAIN_STATUS.fullmatch(term.value)
    return found | Q(status=int(term.value)) if is_status else found


def _status(value: str) -> Q:
    found = _STATUS.fullmatch(value)
    if found is None:
        raise BadSearch(
            f"status:{value} is no status. Write status:404, status:5xx or status:>=400."
        )
    if found[3]:
        first = 100 * int(found[3])
        return Q(status__gte=first, status__lt=first + 100)
    return Q(**{f"status__{_LOOKUPS[found[1]]}": int(found[2])})


def _has(document: bytes, terms: tuple[Term, ...]) -> bool:
    try:
        cycle = codec.decode(document)
    except codec.UnreadableCycle:
        return False
    return next(search.find(cycle, terms), None) is not None
