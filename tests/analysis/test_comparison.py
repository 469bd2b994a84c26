from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from cycle_inspector.analysis.comparison import Comparison, compare
from cycle_inspector.records import Cycle, Stage, TemplateLine
from tests.conftest import Server
from tests.factories import (
    MS,
    make_cycle,
    make_finding,
    make_frame,
    make_query,
    make_render,
    make_stage,
)
from tests.shelf.models import Author, Book


@pytest.fixture
def mended(serve_wsgi: Server) -> tuple[Cycle, Cycle]:
    """Give the cycles of a page with an N+1, and of the same page without."""
    for number in range(4):
        Book.objects.create(title="t", author=Author.objects.create(name=f"a{number}"))

    def books(request: HttpRequest) -> HttpResponse:
        books = Book.objects.all()
        if "mended" in request.GET:
            books = books.select_related("author")
        return HttpResponse(", ".join(book.author.name for book in books))

    site = serve_wsgi(path("", books))
    return site.get("/").cycle, site.get("/?mended").cycle


def counts(found: Comparison) -> dict[str, tuple[int, int]]:
    return {
        one.name.partition("WHERE")[0].partition("FROM")[2].split()[0]: (one.before, one.after)
        for one in found.queries
        if one.is_changed
    }


def test_mended_finding_is_gone_and_so_are_its_queries(mended: tuple[Cycle, Cycle]) -> None:
    found = compare(*mended)

    assert [one.code for one in found.gone] == ["CI101"]
    assert (found.new, found.kept) == ((), ())
    first = found.queries[0]
    assert '"shelf_author"' in first.name
    assert (first.before, first.after) == (4, 0)


def test_the_other_way_round_it_is_new(mended: tuple[Cycle, Cycle]) -> None:
    before, after = mended
    found = compare(after, before)

    assert [one.code for one in found.new] == ["CI101"]
    assert found.gone == ()
    assert (found.queries[0].before, found.queries[0].after) == (0, 4)


def test_cycle_compared_with_itself_has_not_changed(mended: tuple[Cycle, Cycle]) -> None:
    cycle, _ = mended
    found = compare(cycle, cycle)

    assert (found.gone, found.new) == ((), ())
    assert len(found.kept) == len(cycle.findings) == 1
    assert not any(one.is_changed for one in (*found.queries, *found.templates))
    assert all(one.before_ns == one.after_ns for one in found.stages)
    assert found.settings == ()


def test_settings_that_were_changed_are_told(serve_wsgi: Server) -> None:
    site = serve_wsgi(path("", lambda request: HttpResponse("")))
    before = site.get("/").cycle
    with override_settings(DATA_UPLOAD_MAX_NUMBER_FIELDS=7):
        after = site.get("/").cycle

    assert compare(before, after).settings == (
        {"what": "setting", "name": "DATA_UPLOAD_MAX_NUMBER_FIELDS", "after": 7},
    )


def test_settings_that_were_not_recorded_are_not_compared() -> None:
    assert compare(make_cycle(), make_cycle()).settings is None


def test_stages_are_those_in_which_either_took_time() -> None:
    def cycle(**given: int) -> Cycle:
        return make_cycle(
            stages={
                Stage(name): make_stage(Stage(name), duration_ns=time)
                for name, time in given.items()
            }
        )

    found = compare(cycle(view=3, database=2), cycle(view=1, templates=5))

    assert [(one.stage, one.before_ns, one.after_ns) for one in found.stages] == [
        (Stage.VIEW, 3, 1),
        (Stage.DATABASE, 2, 0),
        (Stage.TEMPLATES, 0, 5),
    ]


def test_queries_are_counted_by_shape_and_the_most_changed_come_first() -> None:
    before = make_cycle(
        queries=(
            make_query(id=1, sql="SELECT 1 FROM a WHERE id = 1", duration_ns=1),
            make_query(id=2, sql="SELECT 1 FROM a WHERE id = 2", duration_ns=2),
            make_query(id=3, sql="SELECT 1 FROM b"),
        )
    )
    after = make_cycle(
        queries=(
            make_query(id=1, sql="SELECT 1 FROM a WHERE id = 3", duration_ns=4),
            make_query(id=2, sql="SELECT 1 FROM b"),
            *(make_query(id=at, sql="SELECT 1 FROM c") for at in range(3, 6)),
        )
    )
    found = compare(before, after)

    assert counts(found) == {"c": (0, 3), "a": (2, 1)}
    assert list(counts(found)) == ["c", "a"]
    a = found.queries[1]
    assert (a.before_ns, a.after_ns) == (3, 4)
    assert a.query is after.queries[0]


def test_query_that_is_gone_is_shown_by_an_earlier_one() -> None:
    before = make_cycle(queries=(make_query(),))

    (only,) = compare(before, make_cycle()).queries
    assert only.query is before.queries[0]


def test_templates_are_counted_with_their_own_time() -> None:
    before = make_cycle(
        renders=(
            make_render(id=1, name="row.html", count=1, own_ns=1),
            make_render(id=2, name="row.html", count=9, own_ns=2),
            make_render(id=3, name="base.html", own_ns=5),
        )
    )
    after = make_cycle(renders=(make_render(name="base.html", own_ns=7),))

    row, base = compare(before, after).templates
    assert (row.name, row.before, row.after, row.before_ns) == ("row.html", 10, 0, 3)
    assert (base.before_ns, base.after_ns, base.is_changed) == (5, 7, False)


@pytest.mark.parametrize(
    "given",
    [
        {"title": "N+1: 7 × catalog.Book.author", "count": 7, "cost_ns": MS},
        {"caller": make_frame(line=99)},
        {"template": TemplateLine(name="catalog/book_list.html", line=99)},
    ],
)
def test_finding_stays_the_same_when_lines_move_and_numbers_change(given: Any) -> None:
    field = {"model_field": "catalog.Book.author"}
    before = make_cycle(findings=(make_finding(**field),))
    after = make_cycle(findings=(make_finding(**field, **given),))

    (kept,) = compare(before, after).kept
    assert (kept.before, kept.after) == (before.findings[0], after.findings[0])


@pytest.mark.parametrize(
    "given",
    [
        {"code": "CI102"},
        {"model_field": "catalog.Book.publisher"},
        {"title": "N+1: 20 × catalog.Book.publisher"},
        {"caller": make_frame(function="other")},
        {"caller": None},
        {"template": TemplateLine(name="other.html", line=14)},
    ],
)
def test_finding_about_something_else_is_another(given: Any) -> None:
    before = make_cycle(findings=(make_finding(),))
    after = make_cycle(findings=(make_finding(**given),))
    found = compare(before, after)

    assert (found.gone, found.new, found.kept) == (before.findings, after.findings, ())


def test_two_findings_alike_are_held_against_one() -> None:
    before = make_cycle(findings=(make_finding(count=1), make_finding(count=2)))
    after = make_cycle(findings=(make_finding(count=3),))
    found = compare(before, after)

    assert len(found.kept) == 1
    assert found.gone == (before.findings[1],)
