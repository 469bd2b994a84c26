"""What a plan reads in full, and whether an index could spare it: in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from cycle_inspector.explain.plans import PlanNode
from cycle_inspector.explain.statements import Token

_OPENING = frozenset(("WHERE", "ON", "USING", "BY"))
_CLOSING = frozenset(
    (
        *("SELECT", "FROM", "JOIN", "LEFT", "INNER", "GROUP", "HAVING", "LIMIT", "OFFSET", "UNION"),
        *("EXCEPT", "INTERSECT", "WINDOW", "PARTITION", "RIGHT", "CROSS", "ORDER"),
    )
)
_NO_ALIAS = _OPENING | _CLOSING | {"AS", "SET", "FOR", "NATURAL", "FULL", "OUTER", "STRAIGHT_JOIN"}


def tables_of(tokens: list[Token]) -> dict[str, str]:
    """Return the table behind each alias, and behind its own name where it has none."""
    found: dict[str, str] = {}
    for at, token in enumerate(tokens):
        if token.keyword not in ("FROM", "JOIN"):
            continue
        names = [one for one in tokens[at + 1 : at + 6] if one.keyword != "AS"]
        while len(names) > 2 and names[1].text == ".":  # the schema stands before it
            names = names[2:]
        if not names or not names[0].identifier:
            continue
        alias = names[1] if len(names) > 1 else names[0]
        is_alias = alias.identifier and alias.keyword not in _NO_ALIAS
        found[alias.identifier if is_alias else names[0].identifier] = names[0].identifier
    return found


def columns_of(tokens: list[Token]) -> list[tuple[str | None, str]]:
    """Return the names that WHERE, ON, USING and ORDER BY speak of: what stands before, and it."""
    found: dict[tuple[str | None, str], None] = {}
    is_inside = False
    previous = ""
    for at, token in enumerate(tokens):
        word = token.keyword
        if word in _OPENING:
            is_inside = word != "BY" or previous == "ORDER"
        elif word in _CLOSING:
            is_inside = False
        elif is_inside and token.identifier and not _is_followed(tokens, at):
            owner = tokens[at - 2].identifier if at > 1 and tokens[at - 1].text == "." else None
            found[owner, token.identifier] = None
        previous = word
    return list(found)


def _is_followed(tokens: list[Token], at: int) -> bool:
    # By a dot it is a table, by a bracket a function.
    return at + 1 < len(tokens) and tokens[at + 1].text in (".", "(")


def remarks(
    steps: Iterable[PlanNode],
    tokens: list[Token],
    look_up: Callable[[str], tuple[set[str], set[str]]],
) -> Iterator[str]:
    """Yield a sentence for each table that is read in full.

    `look_up` gives the columns of a table, and those of them with which an index begins.
    """
    tables, names = tables_of(tokens), columns_of(tokens)
    rows: dict[str, float | None] = {}
    for step in steps:
        if step.is_full_scan and step.table is not None:
            table = tables.get(step.table, step.table)
            rows[table] = max(filter(None, (rows.get(table), step.rows)), default=None)
    for table, count in rows.items():
        columns, leading = look_up(table)
        if not columns:  # a table of the statement's own: WITH, or a function
            continue
        said = "" if count is None else f", about {count:,.0f} {'row' if count == 1 else 'rows'}"
        wanted = [
            name
            for owner, name in names
            if name in columns
            and (tables.get(owner, owner) == table if owner else len(set(tables.values())) == 1)
        ]
        missing = list(dict.fromkeys(name for name in wanted if name not in leading))
        yield f"All of the table {table} is read{said}. {_advice(wanted, missing)}"


def _advice(wanted: list[str], missing: list[str]) -> str:
    if not wanted:
        return "The statement asks for all of its rows, in no order."
    if not missing:
        return "There is an index, and the database does not use it: the table may be small."
    listed = ", ".join(missing)
    return (
        f"The statement filters, joins or sorts by {listed}, with which no index of it begins. "
        "Of a small table that costs nothing."
    )
