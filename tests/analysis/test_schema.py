"""The models that a cycle keeps, by label, table and column."""

from __future__ import annotations

from cycle_inspector.analysis._schema import Schema, schema_of
from tests.analysis.shop import SCHEMA
from tests.factories import make_cycle


def test_models_by_label_and_table() -> None:
    schema = Schema(SCHEMA)
    book = schema.at("shop_book")
    assert book is not None
    assert (book.label, book.name, book.pk, book.objects) == ("shop.Book", "Book", "id", "objects")
    assert schema.models["shop.Book"] is book
    assert schema.at("elsewhere") is None


def test_a_relation_by_its_label() -> None:
    relation = Schema(SCHEMA).relation("shop.Book.author")
    assert relation is not None
    assert (relation.label, relation.kind, relation.to) == (
        "shop.Book.author",
        "to_one",
        "shop.Author",
    )
    assert Schema(SCHEMA).relation("shop.Book.none") is None
    assert Schema(SCHEMA).relation("none.Book.author") is None
    assert Schema(SCHEMA).relation(None) is None


def test_the_related_manager_that_reads_a_column() -> None:
    (relation,) = Schema(SCHEMA).read_by(("shop_book", "author_id"))
    assert relation.label == "shop.Author.books"
    assert Schema(SCHEMA).read_by(("shop_book", "title")) == []


def test_a_proxy_is_no_model_of_its_own() -> None:
    schema = Schema([*SCHEMA, {**SCHEMA[1], "model": "shop.Writer", "proxy": True}])
    assert schema.names_at("shop_author") == {"Author", "Writer"}
    assert len(schema.read_by(("shop_book", "author_id"))) == 1


def test_a_cycle_that_keeps_none() -> None:
    assert schema_of(make_cycle()).models == {}
