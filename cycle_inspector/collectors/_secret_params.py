"""Which parameters of a statement are a secret's: those that stand beside a secret column.

One pass over the tokens of a statement cuts it into clauses (`"token" IN (%s, %s)`) and items
(what stands between the commas of a SELECT or SET). A placeholder is secret if a secret name stands
in its clause, if its item is assigned to one, or if it stands in an INSERT in the place of one.
Where these cannot be told apart, more is hidden rather than less.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Place = int | str  # a position, counted from 0, or a name

# A longer statement is not taken apart: if it names a secret, all of it is hidden.
_LONGEST = 200_000

_PLACEHOLDER = re.compile(r"%%|%(?:\(([^)]*)\))?[sbt]")
_TOKEN = re.compile(
    r"""
    (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<text> '[^']*+(?:''[^']*+)*+' )
    | (?P<quoted> "[^"]*+" | `[^`]*+` )
    | (?P<placeholder> %%|%(?:\([^)]*\))?[sbt] )
    | (?P<word> \w+ )
    | (?P<subquery> \( (?=\s*(?:SELECT|WITH|VALUES|INSERT|UPDATE|DELETE)\b) )
    | (?P<mark> [(),;] )
    """,
    re.I | re.S | re.X,
)
_NAME = re.compile(r'"([^"]+)"|`([^`]+)`|(\w+)')
_KEY = re.compile(r"'([\w.$-]+)'")  # a text that may be the key of a JSON value

# At a statement's own level only: EXTRACT(), SUBSTRING() and others have some of these inside.
_ENDS_ITEM = frozenset(
    {"SELECT", "SET", "FROM", "WHERE", "JOIN", "ON", "USING", "HAVING", "BY", "VALUES", "LIMIT"}
    | {"OFFSET", "RETURNING", "UPDATE", "FOR", "UNION", "EXCEPT", "INTERSECT", "WINDOW", "DO"}
)


def find(sql: str, is_secret: Callable[[str], bool]) -> frozenset[Place]:
    """Return the places of `sql` to hide."""
    names = {one for found in _NAME.findall(sql) for one in found if one}
    if not any(map(is_secret, names)):
        return frozenset()
    if len(sql) > _LONGEST:
        return frozenset(place for place, _ in _places(sql, 0))
    search = _Search(is_secret)
    for token in _TOKEN.finditer(sql):
        search.take(token)
    search.end()
    return frozenset(search.hidden)


def _places(text: str, position: int) -> list[tuple[Place, bool]]:
    """Return the placeholders in `text`, and whether each is one by name."""
    found: list[tuple[Place, bool]] = []
    for match in _PLACEHOLDER.finditer(text):
        if match[1] is not None:
            found.append((match[1], True))
        elif match[0] != "%%":
            found.append((position, False))
            position += 1
    return found


class _Part:
    """A clause or an item: its placeholders, and whether they are secret."""

    __slots__ = ("is_named", "is_secret", "places")

    def __init__(self) -> None:
        self.places: list[Place] = []
        self.is_named = False  # the column that an item is assigned to has been read
        self.is_secret = False


class _Statement:
    """A statement, or a subquery in one, as far as it was read."""

    def __init__(self, depth: int) -> None:
        self.depth = depth  # of the parentheses around it
        self.clause = _Part()
        self.item = _Part()
        self.verb = ""  # the last word that ended an item
        self.is_between = False  # the next AND belongs to a BETWEEN
        self.has_secret = False  # among the columns that it selects
        self.insert = ""  # "into", in the "columns", after them ("named"), in the "rows"
        self.columns: list[bool] = []  # of an INSERT: which are secret
        self.row: int | None = None  # the depth of the row of VALUES that is being read
        self.index = 0  # in this row, or among the items of a SELECT

    def fills_secret(self) -> bool:
        """Whether what comes next goes into a secret column of an INSERT."""
        if not any(self.columns) or (self.row is None and self.verb != "SELECT"):
            return False
        return self.index >= len(self.columns) or self.columns[self.index]


class _Search:
    """The pass over the tokens."""

    def __init__(self, is_secret: Callable[[str], bool]) -> None:
        self.hidden: set[Place] = set()
        self.is_secret = is_secret
        self.position = 0
        self.depth = 0
        self.open = [_Statement(0)]
        self.before = ""  # the word right before, in upper case

    def take(self, token: re.Match[str]) -> None:
        kind, text = token.lastgroup, token[0]
        is_qualifier = token.string.startswith(".", token.end())
        before, self.before = self.before, text.upper() if kind == "word" else ""
        if kind == "word":
            self.word(text, self.before, is_qualifier=is_qualifier)
        elif kind == "mark" or kind == "subquery":
            self.mark(text, before, is_subquery=kind == "subquery")
        else:
            if kind == "quoted" and not is_qualifier:
                self.name(text[1:-1])
            elif kind == "text" and (key := _KEY.fullmatch(text)):
                self.open[-1].clause.is_secret |= self.is_secret(key[1])
            if "%" in text:
                self.placeholders(text)

    def word(self, text: str, upper: str, *, is_qualifier: bool) -> None:
        statement = self.open[-1]
        if upper in _ENDS_ITEM:
            if self.depth == statement.depth:
                self.end_item(statement)
                statement.verb = upper
                statement.index = 0
                self.step_insert(statement, upper)
        elif upper == "AND" and statement.is_between:
            statement.is_between = False
        elif upper == "AND" or upper == "OR":
            self.end_clause(statement)
        elif upper == "BETWEEN":
            statement.is_between = True
        elif upper == "INTO":
            statement.insert = "into"
        elif not is_qualifier:
            self.name(text)

    def name(self, name: str) -> None:
        statement = self.open[-1]
        is_secret = self.is_secret(name)
        if statement.insert == "columns":
            statement.columns.append(is_secret)
            return
        statement.clause.is_secret |= is_secret
        # The column comes first: SET "a" = ... and, in MySQL, ON DUPLICATE KEY UPDATE "a" = ...
        if statement.verb in ("SET", "UPDATE") and not statement.item.is_named:
            statement.item.is_named = True
            statement.item.is_secret = is_secret

    def mark(self, text: str, before: str, *, is_subquery: bool) -> None:
        statement = self.open[-1]
        if text == "(":
            self.depth += 1
            if is_subquery:
                self.open.append(_Statement(self.depth))
            elif self.depth == statement.depth + 1:
                if statement.insert == "into":
                    statement.insert = "columns"
                elif statement.insert == "rows" or (statement.columns and before == "UNNEST"):
                    self.end_clause(statement)
                    statement.row, statement.index = self.depth, 0
        elif text == ")":
            self.close(statement)
            self.depth -= self.depth > 0
        elif self.depth == statement.depth:
            self.end_item(statement)
            statement.index += 1
        elif self.depth == statement.row:
            self.end_clause(statement)
            statement.index += 1

    def close(self, statement: _Statement) -> None:
        if len(self.open) > 1 and self.depth == statement.depth:
            self.end_item(statement)
            self.open.pop()
            self.open[-1].clause.is_secret |= statement.has_secret
        elif self.depth == statement.row:
            self.end_clause(statement)
            statement.row = None
        elif statement.insert == "columns":
            statement.insert = "named"

    def step_insert(self, statement: _Statement, upper: str) -> None:
        if upper in ("ON", "RETURNING"):
            statement.insert, statement.columns = "", []
        elif upper == "VALUES" and statement.insert == "named":
            statement.insert = "rows"
        elif statement.insert == "into":  # without columns
            statement.insert = ""

    def placeholders(self, text: str) -> None:
        for place, is_name in _places(text, self.position):
            self.position += not is_name
            if is_name and self.is_secret(str(place)):
                self.hidden.add(place)
            for statement in self.open:
                statement.clause.places.append(place)
                statement.item.places.append(place)
                if statement.fills_secret():
                    self.hidden.add(place)

    def end_clause(self, statement: _Statement) -> None:
        clause, statement.clause = statement.clause, _Part()
        if clause.is_secret:
            self.hidden.update(clause.places)
            statement.has_secret |= statement.verb == "SELECT"

    def end_item(self, statement: _Statement) -> None:
        self.end_clause(statement)
        item, statement.item = statement.item, _Part()
        if item.is_secret:
            self.hidden.update(item.places)

    def end(self) -> None:
        for statement in self.open:
            self.end_item(statement)
