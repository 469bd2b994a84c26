"""Which index would spare a database from reading a whole table: of its columns, and in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cycle_inspector.analysis._conditions import Search
from cycle_inspector.analysis._select import Column

_MOST_COLUMNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a table was read for; `columns` are those of the index that it lacks, if it does."""

    purpose: str  # as in "to find those with author_id = ?"
    columns: tuple[str, ...] = ()
    indexed: str | None = None  # a column of these that an index begins with, used or not


def wish(searches: Iterable[Search], table: str, leading: Collection[str]) -> Wish | None:
    """Return what an index of `table` could have helped with, or None where none could.

    `leading` are the columns that the indexes of the table begin with.
    """
    found = [one for search in searches if (one := _of(search, table, leading)) is not None]
    # The table may be read at several places of a statement: one that lacks an index tells most.
    return next((one for one in found if one.columns), found[0] if found else None)


def _of(search: Search, table: str, leading: Collection[str]) -> Wish | None:
    if table not in search.names.values():
        return None
    equal, listed, ranged, joined, ordered = (
        _columns(many, table)
        for many in (search.equal, search.listed, search.ranged, search.joined, search.ordered)
    )
    if equal or listed or ranged:
        columns = equal[:_MOST_COLUMNS] or listed[:1]
        columns += ranged[:1] if len(columns) < _MOST_COLUMNS else ()
        purpose = "to find those with " + " and ".join(
            f"{name} {sign}"
            for names, sign in ((equal, "= ?"), (listed, "in a list"), (ranged, "in a range"))
            for name in names
        )
        return _wish(purpose, columns, (*equal, *listed, *ranged), leading)
    if joined and search.is_narrowed:
        return _wish(f"to join them by {joined[0]}", joined[:1], joined, leading)
    if ordered and search.is_limited and not search.is_narrowed:
        purpose = f"to put them in order of {', '.join(ordered)}"
        return _wish(purpose, ordered[:_MOST_COLUMNS], ordered[:1], leading)
    return None


def _wish(
    purpose: str, columns: tuple[str, ...], asked: tuple[str, ...], leading: Collection[str]
) -> Wish:
    indexed = next((one for one in asked if one in leading), None)
    return Wish(purpose=purpose, columns=() if indexed else columns, indexed=indexed)


def _columns(columns: Iterable[Column], table: str) -> tuple[str, ...]:
    return tuple(name for owner, name in columns if owner == table)
