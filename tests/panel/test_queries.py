from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import pages, queries
from cycle_inspector.records import Severity, Stage, TemplateLine
from tests.factories import MS, make_cycle, make_finding, make_frame, make_query
from tests.panel.sample import rich_cycle


def lines(*given: Any, **more: Any) -> list[queries.Line]:
    return queries.lines(make_cycle(queries=given, **more))


def test_repeated_queries_are_shown_in_full_once() -> None:
    authors = [one for one in queries.lines(rich_cycle()) if one.query.relation]

    assert authors[0].like is None
    assert authors[0].formatted.startswith("SELECT")
    assert {one.like for one in authors[1:]} == {authors[0].number}
    assert {one.formatted for one in authors[1:]} == {""}


@pytest.mark.parametrize(
    "other",
    [
        {"sql": "SELECT 2"},
        {"frames": (make_frame(line=23),)},
        {"template": TemplateLine(name="catalog/book_list.html", line=15)},
    ],
)
def test_another_statement_or_place_is_shown_in_full(other: dict[str, Any]) -> None:
    assert [one.like for one in lines(make_query(), make_query(id=11, **other))] == [None, None]


def test_other_parameters_are_no_other_place() -> None:
    assert [one.like for one in lines(make_query(), make_query(id=11, params=(8,)))] == [None, 1]


def test_transaction_statements_have_no_number() -> None:
    begin = make_query(id=1, sql="BEGIN", is_transaction=True, params=None)

    shown = lines(begin, make_query(id=2), begin, make_query(id=3))

    assert [one.number for one in shown] == [None, 1, None, 2]
    assert [one.like for one in shown] == [None, None, None, 1]


def test_the_thousandth_repetition_is_one_line() -> None:
    many = tuple(make_query(id=at, params=(at,), start_ns=at) for at in range(1_100))

    assert [one.is_brief for one in lines(*many)] == [False] * 1_000 + [True] * 100
    assert "as #1, with 1099" in pages.stage(make_cycle(queries=many), Stage.DATABASE)


def test_a_new_query_after_a_thousand_is_shown_in_full() -> None:
    many = [make_query(id=at) for at in range(1_001)]

    assert not lines(*many, make_query(id=2_000, sql="SELECT 2"))[-1].is_brief


def test_the_longest_query_has_the_longest_bar() -> None:
    shown = lines(make_query(duration_ns=1 * MS), make_query(id=11, duration_ns=4 * MS))

    assert [(one.bar.x, one.bar.width) for one in shown] == [
        ("0.000%", "25.000%"),
        ("0.000%", "100.000%"),
    ]


def test_a_query_is_marked_with_the_findings_it_is_part_of() -> None:
    findings = (
        make_finding(title="N+1: 3 × a.B.c", evidence=(10, 11)),
        make_finding(title="Slow query", severity=Severity.INFO, evidence=(11,)),
    )

    first, second, third = lines(*(make_query(id=10 + at) for at in range(3)), findings=findings)

    assert [(one.label, one.title, one.severity) for one in second.marks] == [
        ("N+1", "N+1: 3 × a.B.c", "warning"),
        ("Slow query", "Slow query", "info"),
    ]
    assert [one.label for one in first.marks] == ["N+1"]
    assert third.marks == ()


def test_statements_that_ran_more_than_once_are_counted() -> None:
    first, second = queries.shapes(rich_cycle())

    assert (first.count, second.count, second.same_count) == (40, 2, 2)
    assert first.duration_ns > second.duration_ns


def test_statements_that_ran_once_are_no_shape() -> None:
    begin = make_query(id=3, sql="BEGIN", is_transaction=True)

    assert queries.shapes(make_cycle(queries=(make_query(), begin, begin))) == []


def test_a_shape_says_how_many_of_its_runs_were_the_same() -> None:
    parameters: tuple[Any, ...] = ((1,), (2,), (1,), (3,), (3,), None)
    runs = tuple(make_query(id=at, params=one) for at, one in enumerate(parameters))

    [shape] = queries.shapes(make_cycle(queries=runs))

    assert (shape.count, shape.same_count, shape.first) == (6, 4, 1)


def test_the_shape_that_took_longest_comes_first() -> None:
    brief = [make_query(id=at, sql="SELECT 1", duration_ns=1 * MS) for at in range(3)]
    long = [make_query(id=10 + at, sql="SELECT 2", duration_ns=6 * MS) for at in range(2)]

    shapes = queries.shapes(make_cycle(queries=(*brief, *long)))

    assert [(one.short, one.duration_ns, one.bar.width) for one in shapes] == [
        ("SELECT 2", 12 * MS, "100.000%"),
        ("SELECT 1", 3 * MS, "25.000%"),
    ]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (None, ""),
        ((), ""),
        ((7, "x", None), '7, "x", null'),
        ({"id": 7, "name": "é"}, 'id = 7, name = "é"'),
        (([1, 2],), "[1, 2]"),
    ],
)
def test_parameters_stand_on_one_line(params: Any, text: str) -> None:
    assert queries.show_params(params) == text


def test_a_long_parameter_is_cut_and_the_next_is_not() -> None:
    assert queries.show_params(("x" * 1_000, 7)) == '"' + "x" * 399 + "…, 7"
    assert queries.show_params(("x" * 398,)) == '"' + "x" * 398 + '"'


def test_a_query_says_what_was_called_for_it() -> None:
    shown = pages.stage(make_cycle(queries=(make_query(),)), Stage.DATABASE)

    assert '<span class="relation">catalog.Author</span>' in shown
    assert "QuerySet.get</span>" in shown
    lazy = make_query(relation="catalog.Book.author", relation_kind="to_one", method=None)
    assert "QuerySet" not in pages.stage(make_cycle(queries=(lazy,)), Stage.DATABASE)


def test_a_query_without_the_orm_names_no_model() -> None:
    query = make_query(model=None, method=None)
    shown = pages.stage(make_cycle(queries=(query,)), Stage.DATABASE)

    assert 'class="relation"' not in shown
    assert "<dt>Model</dt>" not in shown


def test_a_query_is_copied_with_its_parameters() -> None:
    first, second = lines(make_query(sql="a = %s"), make_query(sql="a = 1", params=None))

    assert (first.in_full, second.in_full) == ("a = 7", "")


def test_a_statement_that_was_not_formatted_says_so_in_the_list() -> None:
    said = "formatting it would take too long"
    long, short = make_query(sql=f"SELECT '{'x' * 9_000}'"), make_query()

    assert said in pages.stage(make_cycle(queries=(long,)), Stage.DATABASE)
    assert said not in pages.stage(make_cycle(queries=(short,)), Stage.DATABASE)
