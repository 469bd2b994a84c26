"""Each page of the demo shows what its lesson promises."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from html import unescape
from typing import Any

import pytest

from demo_site.shop.lessons import LESSONS, Lesson
from tests.server import Visitor

each_lesson = pytest.mark.parametrize(
    "lesson", [pytest.param(lesson, id=lesson.name) for lesson in LESSONS]
)
each_page = pytest.mark.parametrize(
    "lesson", [pytest.param(lesson, id=lesson.name) for lesson in LESSONS if lesson.is_page]
)


def test_the_start_page_lists_all_lessons_in_order(visitor: Visitor) -> None:
    answer = visitor.get("/")

    assert answer.status == 200
    links = re.findall(r'<h2><a href="([^"]+)">([^<]+)</a>', answer.text)
    assert [(unescape(path), unescape(title)) for path, title in links] == [
        (lesson.path, lesson.title) for lesson in LESSONS
    ]


@each_lesson
def test_each_lesson_answers_with_its_status_and_content_type(
    visitor: Visitor, lesson: Lesson
) -> None:
    answer = visitor.get(lesson.path)

    assert answer.status == lesson.status
    assert answer.headers.get_content_type() == lesson.content_type


@each_page
def test_each_page_says_what_to_look_for_and_leads_back(visitor: Visitor, lesson: Lesson) -> None:
    page = unescape(visitor.get(lesson.path).text)

    assert f"<h1>{lesson.title}</h1>" in page
    assert lesson.look_for in page
    assert '<a class="back" href="/">' in page


@each_page
def test_no_page_has_inline_styles_or_scripts(visitor: Visitor, lesson: Lesson) -> None:
    page = visitor.get(lesson.path).text

    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


@each_lesson
def test_each_page_shows_what_its_lesson_promises(visitor: Visitor, lesson: Lesson) -> None:
    cycle_id = visitor.get(lesson.path).headers["Cycle-Id"]
    assert cycle_id, "the response names no cycle"

    document = cycle_document(visitor, cycle_id)
    statements = [query for query in document["queries"] if not query["is_transaction"]]
    codes = {finding["code"] for finding in document["findings"]}
    # On a busy machine any query, and any template, may be slow.
    codes -= {"CI103", "CI304", "CI305"} - set(lesson.findings)
    assert len(statements) == lesson.queries
    assert codes == set(lesson.findings)


def cycle_document(visitor: Visitor, cycle_id: str) -> dict[str, Any]:
    """Return the JSON document of a cycle; it is written only after the response was sent."""
    deadline = time.monotonic() + 5
    while (answer := visitor.get(f"/__cycle__/{cycle_id}.json")).status == 404:
        assert time.monotonic() < deadline, f"cycle {cycle_id} was never written"
        time.sleep(0.05)
    assert answer.status == 200
    return json.loads(answer.body)


def events(visitor: Visitor, path: str, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the name and the attributes of each event of a kind in the cycle of a page."""
    document = cycle_document(visitor, visitor.get(path).headers["Cycle-Id"])
    return [(one["name"], one["attributes"]) for one in document["events"] if one["kind"] == kind]


def test_one_supplier_answers_and_the_other_does_not(visitor: Visitor) -> None:
    (_, here), (_, nowhere) = events(visitor, "/suppliers/", "http")

    assert here["status"] == 200
    assert "of-the-little-bookshop" not in here["url"]
    assert "ConnectionRefusedError" in nowhere["error"]


def test_the_covers_are_saved_and_deleted_again(visitor: Visitor) -> None:
    calls = [name for name, _ in events(visitor, "/covers/", "storage")]

    assert calls == ["exists", "save", "open", "delete"]
    counts = {name: facts["count"] for name, facts in events(visitor, "/covers/", "static")}
    assert counts == {"shop/icon.svg": 6, "shop/shop.css": 1}


def test_the_search_and_the_wishes_say_why_they_fail(visitor: Visitor) -> None:
    (search, why), (wishes, why_not) = events(
        visitor, "/search/?genre=unheard-of&up_to=cheap", "form"
    )

    assert (search, wishes) == ("SearchForm", "WishFormSet")
    assert [one["code"] for one in why["errors"]] == ["invalid_choice", "invalid"]
    assert [one["form"] for one in why_not["errors"]] == [1, 1]
    assert "unheard-of" not in str(why)


def test_what_five_books_ask_for_is_one_check(visitor: Visitor) -> None:
    checks = events(visitor, "/back-room/", "permission")

    assert [(name, facts["count"]) for name, facts in checks] == [
        ("shop.add_order", 1),
        ("shop.change_book", 5),
    ]
    assert not any(facts["granted"] for _, facts in checks)


def test_the_book_list_has_pages(visitor: Visitor) -> None:
    assert "Page 2 of 150" in visitor.get("/books/?page=2").text


def test_the_shelves_draw_sixty_books(visitor: Visitor) -> None:
    assert visitor.get("/shelves/").text.count('<span class="cover"') == 60


def test_an_order_form_that_is_sent_empty_comes_back_with_errors(visitor: Visitor) -> None:
    answer = visitor.post("/orders/new/", {"csrfmiddlewaretoken": csrf_token(visitor)})

    assert answer.status == 200
    assert answer.text.count("This field is required.") == 4


def test_an_order_without_csrf_token_is_refused(visitor: Visitor) -> None:
    assert visitor.post("/orders/new/", {}).status == 403


def test_a_valid_order_redirects_to_a_page_of_thanks(visitor: Visitor) -> None:
    token = csrf_token(visitor)
    book = re.search(r'<option value="(\d+)">', visitor.get("/orders/new/").text)[1]
    order = {"customer": "Mabel", "email": "mabel@example.com", "book": book, "quantity": "2"}

    answer = visitor.post("/orders/new/", order | {"csrfmiddlewaretoken": token})

    assert answer.status == 302
    document = cycle_document(visitor, answer.headers["Cycle-Id"])
    (placed,) = [one for one in document["spans"] if one["name"] == "place order"]
    assert len([one for one in document["queries"] if one["parent"] == placed["id"]]) >= 4
    names = [one["name"] for one in document["events"]]
    assert names == ["OrderForm", "order placed", "success"]
    thanks = visitor.get(answer.headers["Location"])
    assert thanks.status == 200
    assert "Thank you, Mabel" in thanks.text
    assert "Your order is on its way." in thanks.text


def csrf_token(visitor: Visitor) -> str:
    """Return the token that the order form carries."""
    page = visitor.get("/orders/new/").text
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]


def test_the_api_answers_with_the_best_books_of_a_genre(visitor: Visitor) -> None:
    answer = visitor.get("/api/top-rated/?genre=crime")

    assert answer.headers.get_content_type() == "application/json"
    document = json.loads(answer.body)
    assert document["genre"] == "Crime"
    ratings = [book["rating"] for book in document["books"]]
    assert len(ratings) == 8
    assert ratings == sorted(ratings, reverse=True)


def test_the_api_knows_no_other_genre(visitor: Visitor) -> None:
    assert visitor.get("/api/top-rated/?genre=unheard-of").status == 404


def test_the_page_that_fetches_loads_its_script_as_a_module(visitor: Visitor) -> None:
    page = visitor.get("/top-rated/").text
    source = re.search(r'<script type="module" src="(/static/shop/[^"]+)">', page)[1]

    assert visitor.get(source).headers.get_content_type() == "text/javascript"


def test_the_streamed_page_arrives_whole_and_without_a_length(visitor: Visitor) -> None:
    answer = visitor.get("/report/")

    assert "Content-Length" not in answer.headers
    assert answer.text.count("<section>") == 3
    assert answer.text.count("</html>") == 1


def test_the_export_holds_every_book(visitor: Visitor) -> None:
    answer = visitor.get("/books.csv")

    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["isbn", "title", "author", "genres", "price"]
    assert len(rows) == 1 + 3000


def test_the_slow_middleware_delays_only_its_own_page(visitor: Visitor) -> None:
    assert duration(visitor, "/prices-abroad/") >= 0.12
    assert min(duration(visitor, "/navigation/") for _ in range(5)) < 0.12


def test_the_slow_middleware_marks_what_it_waits_for(visitor: Visitor) -> None:
    document = cycle_document(visitor, visitor.get("/prices-abroad/").headers["Cycle-Id"])

    (mark,) = [one for one in document["spans"] if one["attributes"].get("kind") == "mark"]
    assert (mark["stage"], mark["name"]) == ("middleware", "ask for exchange rates")
    assert mark["duration_ms"] >= 120
    assert mark["attributes"]["given"] == {"currencies": ["EUR", "USD", "JPY"]}


def duration(visitor: Visitor, path: str) -> float:
    """Return how many seconds an answer takes."""
    started = time.perf_counter()
    visitor.get(path)
    return time.perf_counter() - started


def test_the_price_list_is_a_download(visitor: Visitor) -> None:
    headers = visitor.get("/price-list/").headers

    assert headers["Content-Disposition"] == 'attachment; filename="price-list.txt"'


def test_the_exception_is_raised_two_calls_below_the_view(visitor: Visitor) -> None:
    page = visitor.get("/staff-pick/").text

    assert "ZeroDivisionError" in page
    functions = re.findall(r"line \d+, in (\w+)\n", page)
    assert functions[-3:] == ["staff_pick", "pick", "average_rating"]


def test_the_missing_template_is_named(visitor: Visitor) -> None:
    page = visitor.get("/gift-cards/").text

    assert "TemplateDoesNotExist" in page
    assert "shop/gift_cards.html" in page


def test_the_admin_is_there(visitor: Visitor) -> None:
    answer = visitor.get("/admin/")

    assert answer.status == 302
    assert visitor.get(answer.headers["Location"]).status == 200
