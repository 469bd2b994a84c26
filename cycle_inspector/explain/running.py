"""Send EXPLAIN to the database of a query, and leave everything as it was.

It runs on a connection of its own, which is closed afterwards, in a transaction that only reads
and is rolled back; so neither the project's transaction nor its `execute_wrapper`s notice. An
SQLite database in memory is there for its own connection alone: on that one EXPLAIN QUERY PLAN is
sent, which runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from django.db import connections

from cycle_inspector.analysis._conditions import statement_of
from cycle_inspector.explain import plans, scans, statements, values
from cycle_inspector.explain.plans import Plan, PlanNode
from cycle_inspector.explain.scans import Table
from cycle_inspector.explain.statements import Refused
from cycle_inspector.recorder import paused
from cycle_inspector.records import Query

_SECONDS = 5
_MOST_COUNTED = 100_000  # rows

_VENDORS = ("sqlite", "postgresql", "mysql")


def explain(query: Query, *, measure: bool = False) -> Plan:
    """Return the plan of `query`; with `measure` the statement itself is run for it.

    Raise `Refused`, with a sentence, if it cannot or must not be explained.
    """
    vendor = query.vendor
    if vendor not in _VENDORS:
        raise Refused(f"Plans of {vendor} are not read here.")
    statements.check(query.sql, vendor)
    params = values.given(query)
    if query.alias not in connections.settings:
        raise Refused(f"The project has no database {query.alias!r} now.")
    with paused():
        try:
            return _explain(query, params, measure=measure)
        except Refused:
            raise
        except Exception as error:  # of the driver, or of what the project has made of it
            raise Refused(f"The database refused it. {type(error).__name__}: {error}") from error


def _explain(query: Query, params: Any, *, measure: bool) -> Plan:
    if connections[query.alias].vendor != query.vendor:
        raise Refused(f"The database {query.alias!r} is another one now.")
    with _connected(query.alias) as connection:
        steps = _steps(connection, query.sql, params, measure=measure)
        statement = statement_of(query.sql, query.vendor)
        told = scans.scans(_all_of(steps), statement, partial(_look_up, connection))
        return Plan(
            alias=query.alias,
            vendor=query.vendor,
            steps=steps,
            is_measured=measure,
            can_be_measured=_can_measure(connection),
            scans=tuple(told),
        )


def _all_of(steps: tuple[PlanNode, ...]) -> Iterator[PlanNode]:
    for step in steps:
        yield from step.walk()


def _steps(connection: Any, sql: str, params: Any, *, measure: bool) -> tuple[PlanNode, ...]:
    rows = _ask(connection, _prefix(connection, measure=measure) + sql, params)
    if connection.vendor == "sqlite":
        return plans.of_sqlite(tuple(one.values()) for one in rows)
    (told,) = rows[0].values()
    try:
        document = json.loads(told) if isinstance(told, str | bytes) else told
    except ValueError:
        # MariaDB does not escape the quotes of a condition; the plan as a table has none.
        return plans.of_mysql_rows(
            _ask(connection, f"{'ANALYZE' if measure else 'EXPLAIN'} {sql}", params)
        )
    read = plans.of_postgresql if connection.vendor == "postgresql" else plans.of_mysql
    return read(document)


def _can_measure(connection: Any) -> bool:
    # EXPLAIN ANALYZE of MySQL gives a text of its own.
    is_mysql = connection.vendor == "mysql"
    return connection.vendor == "postgresql" or (is_mysql and bool(connection.mysql_is_mariadb))


def _prefix(connection: Any, *, measure: bool) -> str:
    if measure and not _can_measure(connection):
        raise Refused("This database does not measure a plan as JSON.")
    match connection.vendor:
        case "postgresql":
            return f"EXPLAIN ({'ANALYZE, ' if measure else ''}FORMAT JSON) "
        case "mysql":
            return f"{'ANALYZE' if measure else 'EXPLAIN'} FORMAT=JSON "
    return "EXPLAIN QUERY PLAN "


def is_in_memory(alias: str) -> bool:
    """Whether a database is there for the connections of one process alone."""
    own = connections[alias]
    return own.vendor == "sqlite" and own.is_in_memory_db()  # type: ignore[attr-defined]  # of SQLite's wrapper


@contextmanager
def _connected(alias: str) -> Iterator[Any]:
    own = connections[alias]
    if is_in_memory(alias):
        own.ensure_connection()
        yield own
        return
    connection = connections.create_connection(alias)
    try:
        connection.connect()
        if connection.vendor == "sqlite":
            _send(connection, "PRAGMA query_only = ON")
            yield connection
        elif connection.vendor == "postgresql":
            connection.set_autocommit(False)
            _send(connection, "SET TRANSACTION READ ONLY")
            _send(connection, f"SET LOCAL statement_timeout = {_SECONDS * 1000}")
            yield connection
        else:
            limit = (
                f"max_statement_time = {_SECONDS}"
                if connection.mysql_is_mariadb  # type: ignore[attr-defined]  # of SQLite's wrapper
                else f"max_execution_time = {_SECONDS * 1000}"
            )
            _send(connection, f"SET SESSION {limit}")
            _send(connection, "START TRANSACTION READ ONLY")
            yield connection
    finally:
        _leave(connection)


def _leave(connection: Any) -> None:
    try:
        if connection.connection is not None and connection.vendor != "sqlite":
            connection.connection.rollback()
    finally:
        connection.close()


def _cursor(connection: Any) -> Any:
    # Past Django's wrapper, which would ask the `execute_wrapper`s and log the statement.
    return closing(connection.create_cursor())


def _send(connection: Any, sql: str) -> None:
    with _cursor(connection) as cursor:
        cursor.execute(sql)


def _ask(connection: Any, sql: str, params: Any = None) -> list[dict[str, Any]]:
    with _cursor(connection) as cursor:
        cursor.execute(sql, params)
        names = [one[0] for one in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _look_up(connection: Any, table: str) -> Table | None:
    """Return what the database tells of `table`; None if it is none of its own."""
    if connection.vendor == "sqlite":
        return _look_up_sqlite(connection, table)
    try:
        with _cursor(connection) as cursor:
            constraints = connection.introspection.get_constraints(cursor, table)
    except Exception:  # no table of the database, or one that is told of otherwise
        return None
    leading = frozenset(
        one["columns"][0]
        for one in constraints.values()
        if one["columns"] and (one["index"] or one["unique"] or one["primary_key"])
    )
    if connection.vendor != "postgresql":
        return Table(leading=leading)
    sql = "SELECT reltuples AS rows FROM pg_class WHERE oid = to_regclass(%s)"
    known = _ask(connection, sql, (connection.ops.quote_name(table),))
    if not known:
        return None
    rows = known[0]["rows"]  # below 0 until the table has been analyzed
    return Table(leading=leading, rows=rows if rows >= 0 else None)


def _look_up_sqlite(connection: Any, table: str) -> Table | None:
    # Django's introspection tries out a feature first, on the project's own connection.
    columns = _ask(connection, "SELECT name, pk FROM pragma_table_info(%s)", (table,))
    if not columns:
        return None
    indexes = _ask(
        connection,
        "SELECT info.name FROM pragma_index_list(%s) AS list, pragma_index_info(list.name) AS info "
        "WHERE info.seqno = 0",
        (table,),
    )
    leading = {one["name"] for one in columns if one["pk"] == 1}
    return Table(
        leading=frozenset(leading | {one["name"] for one in indexes}),
        rows=_rows_of_sqlite(connection, table),
    )


def _rows_of_sqlite(connection: Any, table: str) -> float | None:
    """Return about how many rows a table has: counted up to a limit, then by the highest number."""
    quoted = connection.ops.quote_name(table)
    few = f"SELECT COUNT(*) AS rows FROM (SELECT 1 FROM {quoted} LIMIT {_MOST_COUNTED})"  # noqa: S608 - a quoted name
    many = f"SELECT MAX(rowid) AS rows FROM {quoted}"  # noqa: S608 - as above
    try:
        (found,) = _ask(connection, few)
        if found["rows"] == _MOST_COUNTED:
            (found,) = _ask(connection, many)
    except Exception:  # a table without these numbers
        return None
    return float(found["rows"] or 0)
