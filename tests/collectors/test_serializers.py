"""The fields of a view's serializer, and what they read."""

from __future__ import annotations

from typing import Any

from cycle_inspector.collectors._serializers import fields_of
from tests.proof import classes


def test_fields_with_their_sources() -> None:
    assert fields_of(classes.Books.as_view({"get": "list"})) == [
        ["BookSerializer", "writer", "author"],
        ["AuthorSerializer", "name", "author.name"],
        ["BookSerializer", "house", "get_house()"],
        ["BookSerializer", "title", "title"],
        ["BookSerializer", "genres", "genres"],
    ]


def test_a_serializer_of_many() -> None:
    class Authors(classes.BookSerializer):
        edited = classes.AuthorSerializer(many=True)

    class View(classes.Books):
        serializer_class = Authors

    found = fields_of(View.as_view({"get": "list"}))
    assert ["Authors", "edited", "edited"] in found
    assert ["AuthorSerializer", "name", "edited.name"] in found


def test_other_views_have_none() -> None:
    class Chosen(classes.Books):
        serializer_class: Any = None

    assert fields_of(Chosen.as_view({"get": "list"})) == []
    assert fields_of(classes.ByQueryset.as_view()) == []
    assert fields_of(classes.late) == []
