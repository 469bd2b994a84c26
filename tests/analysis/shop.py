"""Two models as a cycle keeps them, and cycles with loops over them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cycle_inspector.records import Cycle, Query, Stage
from tests.factories import MS, make_cycle, make_frame, make_query, make_stage

PATH = "/srv/shop/catalog/views.py"

SCHEMA: list[dict[str, Any]] = [
    {
        "model": "shop.Book",
        "table": "shop_book",
        "pk": "id",
        "objects": "objects",
        "columns": [["id", "id"], ["title", "title"], ["price", "price"]],
        "relations": [
            {
                "name": "author",
                "kind": "to_one",
                "to": "shop.Author",
                "table": "shop_author",
                "column": "id",
                "own": "author_id",
                "nullable": False,
            }
        ],
    },
    {
        "model": "shop.Author",
        "table": "shop_author",
        "pk": "id",
        "objects": "objects",
        "columns": [["id", "id"], ["name", "name"]],
        "relations": [
            {
                "name": "books",
                "kind": "to_many",
                "to": "shop.Book",
                "table": "shop_book",
                "column": "author_id",
            }
        ],
    },
]

ALL_BOOKS = 'SELECT "shop_book"."id", "shop_book"."author_id" FROM "shop_book"'
ALL_AUTHORS = 'SELECT "shop_author"."id" FROM "shop_author"'
ONE_AUTHOR = 'SELECT "shop_author"."id" FROM "shop_author" WHERE "shop_author"."id" = %s LIMIT 21'
BOOKS_OF_ONE = 'SELECT "shop_book"."id" FROM "shop_book" WHERE "shop_book"."author_id" = %s'


def listed(sql: str = ALL_BOOKS, **given: Any) -> Query:
    """Return a query for several rows."""
    values: dict[str, Any] = {
        "id": 1,
        "sql": sql,
        "params": (),
        "start_ns": MS,
        "rows": 5,
        "frames": (make_frame(path=PATH, line=3),),
        "template": None,
    }
    return make_query(**{**values, **given})


def repeated(sql: str, count: int = 5, *, first: int = 100, **given: Any) -> list[Query]:
    """Return queries of one place, each with another value."""
    values: dict[str, Any] = {
        "sql": sql,
        "frames": (make_frame(path=PATH, line=4),),
        "template": None,
    }
    return [
        make_query(
            **{
                **values,
                "id": first + at,
                "params": (at,),
                "start_ns": (first + at) * MS,
                **given,
            }
        )
        for at in range(count)
    ]


def authors(count: int = 5, **given: Any) -> list[Query]:
    """Return the queries of `book.author`, one by one."""
    return repeated(ONE_AUTHOR, count, relation="shop.Book.author", relation_kind="to_one", **given)


def make_loop(*queries: Query | Sequence[Query], source: str = "", **facts: Any) -> Cycle:
    """Return a cycle of these queries, with its models and the source of its view."""
    flat: list[Query] = []
    for one in queries:
        flat.extend([one] if isinstance(one, Query) else one)
    block = {"path": PATH, "first": 1, "lines": source.split("\n")}
    models = {"schema": SCHEMA, "sources": [block] if source else [], **facts}
    return make_cycle(
        queries=tuple(flat), stages={Stage.MODELS: make_stage(Stage.MODELS, facts=models)}
    )
