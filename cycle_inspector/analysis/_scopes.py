"""Which tables a statement names, and by which columns it finds and orders their rows.

One pass over its tokens, with a scope for each SELECT, INSERT, UPDATE or DELETE in it: of what is
not understood nothing is said, and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cycle_inspector.analysis._tokens import GIVEN, MARK, NAME, WORD, Token, tokens

_STARTS = frozenset({"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"})
_JOINS_ON = frozenset({"JOIN", "STRAIGHT_JOIN"})
_BEFORE_TABLE = frozenset({"ONLY", "LATERAL", "IF", "NOT", "EXISTS", "IGNORE", "TABLE"})
_SET_OPERATIONS = frozenset({"UNION", "INTERSECT", "EXCEPT"})
# Words that begin a clause, at the level of their own SELECT.
_CLAUSES = {
    **dict.fromkeys(("SELECT", "SET", "VALUES", "RETURNING", "WINDOW", "FOR", "DO"), ""),
    **dict.fromkeys(("GROUP", "HAVING", "OFFSET", "FETCH", "DUPLICATE", "CONFLICT"), ""),
    **{word: word.lower() for word in ("FROM", "WHERE", "ORDER", "LIMIT")},
}
# None of these is the other name of the table that stands before it.
_NO_ALIAS = frozenset(
    {*_CLAUSES, *_SET_OPERATIONS, *_JOINS_ON, "AS", "ON", "USING", "INNER", "LEFT", "RIGHT"}
    | {"FULL", "CROSS", "NATURAL", "USE", "FORCE", "IGNORE", "INDEXED", "NOT", "TABLESAMPLE"}
    | {"DEFAULT", "WHEN", "SELECT", "PARTITION", "LOCK"}
)


@dataclass(slots=True)
class Scope:
    """A SELECT, INSERT, UPDATE or DELETE, without those inside of it."""

    depth: int  # of the parentheses around it
    names: dict[str, str] = field(default_factory=dict)  # tables, by what they are called in it
    conditions: list[Token] = field(default_factory=list)  # of its WHERE and each ON
    order: list[Token] = field(default_factory=list)
    is_limited: bool = False
    is_compound: bool = False  # one arm of a UNION
    is_narrowed: bool = False  # it has a WHERE
    clause: str = ""
    expects_table: bool = False


class Reader:
    """The pass over the tokens of a statement."""

    def __init__(self, sql: str, vendor: str) -> None:
        self.tokens = tokens(sql, vendor)
        self.scopes: list[Scope] = []
        self.tables: dict[str, None] = {}  # in the order in which they are named
        self._common: set[str] = set()  # names of WITH
        self._open = [self._new_scope(0)]
        self._depth = 0
        self._functions: list[bool] = []  # of each parenthesis: whether it is of a function
        at = 0
        while at < len(self.tokens):
            at = self._take(at)
        for name in self._common:
            self.tables.pop(name, None)

    def _new_scope(self, depth: int) -> Scope:
        scope = Scope(depth)
        self.scopes.append(scope)
        return scope

    def _upper(self, at: int) -> str:
        return self.tokens[at].upper if 0 <= at < len(self.tokens) else ""

    def _take(self, at: int) -> int:
        """Take the token at `at`; return where to go on."""
        token, scope = self.tokens[at], self._open[-1]
        upper = token.upper
        if upper == "(" and token.kind == MARK:
            self._enter(at)
        elif upper == ")" and token.kind == MARK:
            self._leave()
        elif scope.expects_table and token.kind in (WORD, NAME) and upper not in _BEFORE_TABLE:
            if not (token.kind == WORD and upper in _NO_ALIAS):
                return self._table(at)
            scope.expects_table = False
            return at
        elif token.kind == WORD and self._word(at, upper, scope):
            pass
        elif upper == "," and scope.clause == "from" and self._depth == scope.depth:
            scope.expects_table = True
        else:
            self._keep(token, scope)
        return at + 1

    def _enter(self, at: int) -> None:
        scope, following = self._open[-1], self._upper(at + 1)
        before = self.tokens[at - 1] if at else None
        self._depth += 1
        if following in _STARTS and self.tokens[at + 1].kind == WORD:
            if before is not None and before.upper in ("AS", "MATERIALIZED"):
                self._name_common(at - 1)
            scope.expects_table = False
            self._functions.append(False)
            self._open.append(self._new_scope(self._depth))
            return
        is_function = (
            before is not None
            and before.kind in (WORD, NAME)
            and before.upper not in ("AND", "OR", "NOT", "ON", "WHERE", "IN", "BY", "FROM", "JOIN")
        )
        self._functions.append(is_function)
        if is_function:
            scope.expects_table = False
        self._keep(self.tokens[at], scope)

    def _leave(self) -> None:
        scope = self._open[-1]
        if len(self._open) > 1 and self._depth == scope.depth:
            self._open.pop()
            outer = self._open[-1]
            self._keep(Token(GIVEN, "(subquery)", 0, 0), outer)
        else:
            self._keep(Token(MARK, ")", 0, 0), scope)
        self._depth -= self._depth > 0
        if self._functions:
            self._functions.pop()

    def _name_common(self, at: int) -> None:
        """Note the name of a WITH, of which AS or MATERIALIZED stands at `at`."""
        while self._upper(at) in ("MATERIALIZED", "NOT", "AS"):
            at -= 1
        if self._upper(at) == ")":  # its columns
            while at > 0 and self._upper(at) != "(":
                at -= 1
            at -= 1
        if at >= 0 and self.tokens[at].kind in (WORD, NAME):
            self._common.add(self.tokens[at].name)

    def _word(self, at: int, upper: str, scope: Scope) -> bool:
        """Take a word that is a part of the grammar; return whether it was one."""
        if upper in _JOINS_ON or (upper == "ON" and scope.clause in ("from", "on")):
            scope.clause = "from" if upper != "ON" else "on"
            scope.expects_table = upper != "ON"
            if upper == "ON":
                self._keep(Token(WORD, "AND", 0, 0), scope)
            return True
        if self._depth != scope.depth:
            return False
        before = self._upper(at - 1)
        if upper in _SET_OPERATIONS:
            self._open[-1] = self._new_scope(scope.depth)
            self._open[-1].is_compound = scope.is_compound = True
        elif upper == "INTO" or (upper == "TABLE" and before != "("):
            scope.expects_table = True
        elif upper == "USING":
            scope.expects_table = self._upper(at + 1) != "(" or scope.clause != "from"
            scope.clause = "from"
        elif upper == "UPDATE":
            if before in ("", "(", ")", ";"):
                scope.clause, scope.expects_table = "from", True
        elif upper == "FROM" and before == "DISTINCT" and self._upper(at - 2) in ("IS", "NOT"):
            return False
        elif upper in _CLAUSES:
            self._begin(_CLAUSES[upper], scope)
        else:
            return False
        return True

    def _begin(self, clause: str, scope: Scope) -> None:
        scope.clause = clause
        scope.expects_table = clause == "from"
        scope.is_limited |= clause == "limit"
        if clause == "where":
            scope.is_narrowed = True
            self._keep(Token(WORD, "AND", 0, 0), scope)

    def _table(self, at: int) -> int:
        """Take the name of a table, with its schema and what it is called in this scope."""
        scope = self._open[-1]
        scope.expects_table = False
        parts = [self.tokens[at].name]
        at += 1
        while self._upper(at) == "." and at + 1 < len(self.tokens):
            parts.append(self.tokens[at + 1].name)
            at += 2
        if self._upper(at) == "(" and scope.clause == "from":  # a function that gives rows
            return at
        table = ".".join(parts)
        self.tables[table] = None
        scope.names.setdefault(parts[-1], table)
        if self._upper(at) == "AS":
            at += 1
        if at < len(self.tokens):
            alias = self.tokens[at]
            if alias.kind == NAME or (alias.kind == WORD and alias.upper not in _NO_ALIAS):
                scope.names[alias.name] = table
                at += 1
        return at

    def _keep(self, token: Token, scope: Scope) -> None:
        if scope.clause in ("where", "on"):
            scope.conditions.append(token)
        elif scope.clause == "order":
            scope.order.append(token)
