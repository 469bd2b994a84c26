"""What is said of loads, lazy loads and prefetches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template import Context, Template

from cycle_inspector import record
from cycle_inspector.recorder import Limits, current
from cycle_inspector.records import Stage
from tests.recorders import each, facts_of
from tests.shelf.models import Author, Book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books() -> None:
    for number in range(3):
        author = Author.objects.create(name="a")
        Book.objects.create(title=f"book {number}", author=author)


def lazy(work: Callable[[], Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = facts_of(Stage.MODELS, work)["lazy_loads"]
    return found


def test_lazy_loads_are_told_by_field_with_their_queries_and_time() -> None:
    with record() as recording:
        each(Book.objects.all, lambda one: one.author)()

    queries = recording.cycle.queries[1:]
    [entry] = recording.cycle.stage(Stage.MODELS).facts["lazy_loads"]
    assert (entry["field"], entry["kind"], entry["count"]) == ("shelf.Book.author", "to_one", 3)
    assert entry["queries"] == [one.id for one in queries]
    assert entry["duration_ns"] == sum(one.duration_ns for one in queries)
    [place] = entry["places"]
    assert (place["caller"]["path"], place["count"]) == (__file__, 3)
    assert "deferred_by" not in entry


def test_lazy_loads_name_the_lines_of_templates() -> None:
    template = Template("{% for one in rows %}\n{{ one.author }}{{ one.author.pk }}{% endfor %}")

    [entry] = lazy(lambda: template.render(Context({"rows": Book.objects.all()})))

    assert [(one["template"]["line"], one["count"]) for one in entry["places"]] == [(2, 3)]


def test_places_of_a_field_are_told_apart() -> None:
    def work() -> None:
        each(Book.objects.all, lambda one: one.author)()
        Book.objects.first().author  # type: ignore[union-attr]  # noqa: B018

    [entry] = lazy(work)

    assert [one["count"] for one in entry["places"]] == [3, 1]


@pytest.mark.parametrize(
    "rows",
    [
        lambda: Book.objects.only("title"),
        lambda: Book.objects.defer("blurb"),
        lambda: Book.objects.defer("author_id", "blurb"),
    ],
)
def test_a_deferred_field_names_the_query_that_left_it_out(rows: Callable[[], Any]) -> None:
    with record() as recording:
        list(Book.objects.all())
        each(rows, lambda one: one.blurb)()

    facts = recording.cycle.stage(Stage.MODELS).facts
    [entry] = facts["lazy_loads"]
    assert (entry["field"], entry["kind"]) == ("shelf.Book.blurb", "column")
    assert entry["deferred_by"] == [recording.cycle.queries[1].id]
    assert "blurb" in facts["loads"][1]["deferred"]
    assert "deferred" not in facts["loads"][0]


@pytest.mark.parametrize(
    ("rows", "deferred"),
    [
        (lambda: Book.objects.only("title"), ["author", "blurb"]),
        (lambda: Book.objects.only("title", "author"), ["blurb"]),
        (lambda: Book.objects.defer("author_id"), ["author"]),
        (
            lambda: Book.objects.select_related("author").only("title", "author__name"),
            ["blurb"],
        ),
        (
            lambda: Book.objects.select_related("author").defer("blurb", "author__name"),
            ["blurb"],
        ),
        (lambda: Book.objects.only("pk"), ["title", "author", "blurb"]),
        (lambda: Book.objects.all(), None),
        (lambda: Book.objects.values("title"), None),
    ],
)
def test_the_columns_that_were_left_out_are_told(
    rows: Callable[[], Any], deferred: list[str] | None
) -> None:
    [load] = facts_of(Stage.MODELS, lambda: list(rows()))["loads"]

    assert load.get("deferred") == deferred


def test_a_lazy_load_says_so() -> None:
    first, second = facts_of(Stage.MODELS, each(Book.objects.all, lambda one: one.author))["loads"]

    assert (first.get("for"), second.get("for")) == (None, "lazy")
    assert (second["model"], second["times"], second["rows"]) == ("shelf.Author", 3, 3)


def test_what_a_deletion_loads_says_so() -> None:
    loads = facts_of(Stage.MODELS, lambda: Author.objects.all().delete())["loads"]

    assert {one["for"] for one in loads} == {"delete"}


def test_loads_are_in_the_order_of_their_queries() -> None:
    with record() as recording:
        list(Author.objects.prefetch_related("books__cover"))
        list(Book.objects.values("title"))

    loads = recording.cycle.stage(Stage.MODELS).facts["loads"]
    ids = [one["queries"][0] for one in loads]
    assert ids == sorted(ids) == [one.id for one in recording.cycle.queries]


def test_of_many_queries_only_the_first_ids_are_told() -> None:
    def work() -> None:
        for _ in range(150):
            list(Book.objects.all())

    [load] = facts_of(Stage.MODELS, work)["loads"]

    assert (load["times"], len(load["queries"])) == (150, 100)


def test_the_total_of_objects_is_exact_beyond_the_limit() -> None:
    with record() as recording:
        recorder: Any = current()
        recorder.limits = Limits(queries=2)
        for _ in range(5):
            list(Book.objects.all())

    stage = recording.cycle.stage(Stage.MODELS)
    assert stage.facts["instances"] == [["shelf.Book", 15]]
    assert sum(one["times"] for one in stage.facts["loads"]) == 2
