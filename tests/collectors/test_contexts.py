"""What a render was given: types and short values, without secrets."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.template import Context, Template

from cycle_inspector.records import HIDDEN
from tests.collectors.test_templates import ENGINE, contexts_of, recorded
from tests.shelf.models import Book


def test_values_are_told_by_type_and_in_short() -> None:
    book = Book(pk=7, title="Emma")
    evaluated = Book.objects.all()
    evaluated._result_cache = [book, book]
    given = {
        "book": book,
        "rows": evaluated,
        "price": Decimal("9.90"),
        "day": date(2026, 1, 2),
        "yes": True,
        "nothing": None,
        "long": "x" * 5_000,
        "pairs": {"a": 1, "b": 2},
    }

    cycle = recorded(lambda: ENGINE.get_template("part.html").render(Context(given)))

    values = contexts_of(cycle)["part.html"]
    assert values["book"] == ("Book", "id=7")
    assert values["rows"] == ("QuerySet", "of Book, evaluated, 2 rows")
    assert values["price"] == ("Decimal", "9.90")
    assert values["day"] == ("date", "2026-01-02")
    assert values["yes"] == ("bool", "True")
    assert values["nothing"] == ("NoneType", "None")
    assert values["pairs"] == ("dict", "of 2")
    assert len(values["long"][1]) < 200


def test_what_goes_by_the_name_of_a_secret_is_hidden() -> None:
    given = {"api_token": "abc", "passenger": "abc"}

    cycle = recorded(lambda: ENGINE.get_template("part.html").render(Context(given)))

    values = contexts_of(cycle)["part.html"]
    assert values["api_token"] == ("str", HIDDEN)
    assert values["passenger"] == ("str", "abc")


def test_a_part_tells_only_what_is_new_in_it() -> None:
    source = "{% for one in numbers %}{% include 'part.html' with more='b' %}{% endfor %}"
    template = Template(source, name="page.html", engine=ENGINE)

    cycle = recorded(lambda: template.render(Context({"numbers": [5, 6]})))

    contexts = contexts_of(cycle)
    assert set(contexts["page.html"]) == {"numbers"}
    assert set(contexts["part.html"]) == {"forloop", "one", "more"}
    assert contexts["part.html"]["one"] == ("int", "5")  # of the first, at that time


def test_a_part_with_only_tells_only_that() -> None:
    template = Template("{% include 'part.html' with a=1 only %}", name="p.html", engine=ENGINE)

    cycle = recorded(lambda: template.render(Context({"b": 2})))

    assert set(contexts_of(cycle)["part.html"]) == {"a"}
