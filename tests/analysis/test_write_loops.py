"""CI111, one write for each row."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds, write_loops
from cycle_inspector.records import Finding, Frame
from tests.analysis.shop import PATH, make_loop, repeated
from tests.factories import MS, make_frame

LOOP = """\
def book_list(request):
    changed = []
    for book in books:
        book.save()"""


def find(
    source: str = LOOP, frames: tuple[Frame, ...] | None = None, **given: Any
) -> list[Finding]:
    more = {} if frames is None else {"frames": frames}
    queries = repeated("UPDATE shop_book SET a = %s", 5, **more)
    change = {
        "what": "save",
        "model": "shop.Book",
        "created": False,
        "times": 5,
        "queries": [query.id for query in queries],
        "query_ns": 5 * MS,
        **given,
    }
    return list(write_loops.find(make_loop(queries, source=source, changes=[change]), Thresholds()))


def test_finds_saves_in_a_loop() -> None:
    (finding,) = find()
    assert finding.code == "CI111"
    assert finding.title == "One write for each row: 5 × save() of shop.Book"
    assert finding.count == 5
    assert finding.cost_ns == 4 * MS
    assert finding.caller == make_frame(path=PATH, line=4)
    assert finding.evidence == (100, 101, 102, 103, 104)


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ({"created": True}, "Book.objects.bulk_create(["),
        ({"fields": ["title"]}, 'Book.objects.bulk_update(changed, ["title"])'),
        ({"what": "delete"}, "Book.objects.filter(pk__in=[...]).delete()"),
        ({"what": "get_or_create"}, "ignore_conflicts=True"),
        ({"what": "update_or_create"}, "update_conflicts=True"),
        ({"what": "update"}, "Case and When"),
        ({"what": "add", "relation": "shop.Book.genres"}, ".add(*objects)"),
    ],
)
def test_the_fix_goes_by_what_is_written(given: dict[str, Any], fix: str) -> None:
    (finding,) = find(**given)
    assert fix in finding.fix


def test_finds_a_write_that_a_loop_calls() -> None:
    called = f"{LOOP[:-11]}keep(book)\n\n\ndef keep(book):\n    book.save()"
    frames = (
        make_frame(path=PATH, line=8, function="keep"),
        make_frame(path=PATH, line=4, function="book_list"),
    )
    # The two functions are blocks of their own in a cycle; here they are one.
    assert len(find(called, frames)) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"times": 2},
        {"what": "bulk_create"},
        {"inside": 0},
        {"fixture": True},
        {"queries": []},
    ],
)
def test_does_not_find(given: dict[str, Any]) -> None:
    assert find(**given) == []


def test_does_not_find_what_no_loop_of_the_project_writes() -> None:
    assert find("def book_list(request):\n    formset = make()\n\n    formset.save()") == []
    assert find("") == []


def test_does_not_find_what_stands_before_a_loop() -> None:
    source = (
        "def book_list(request):\n    a = 1\n    b = 2\n    for one in save_all():\n        one.a"
    )
    assert find(source) == []


def test_does_not_find_what_a_factory_makes() -> None:
    factory = make_frame(path="/site-packages/factory/django.py", is_project=False)
    assert find(frames=(factory, make_frame(path=PATH, line=4))) == []


def test_does_not_find_anything_without_a_caller() -> None:
    assert find(frames=()) == []
