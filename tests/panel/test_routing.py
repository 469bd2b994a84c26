from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import pages, routing
from cycle_inspector.records import HIDDEN, Stage
from tests.factories import make_cycle, make_event, make_stage

URLS = pages.Urls(assets="/__cycle__/", root="/__cycle__/")


def near(pattern: str = "books/<int:pk>/", **given: Any) -> dict[str, Any]:
    return {
        "pattern": pattern,
        "sentence": f"`{pattern}` matched `books/`, but `abc` is no `int`.",
        "fits": [["books/", "books/", True], ["<int:pk>", "abc", False], ["/", "/", True]],
        "view_name": "shop:book",
        "place": {"module": "shop.urls", "path": "/srv/shop/urls.py", "line": 12},
        **given,
    }


def cycle_with(path: str = "/books/abc/", status: int = 200, **facts: Any) -> Any:
    return make_cycle(
        request={"method": "GET", "path": path},
        response={"status": status},
        stages={Stage.ROUTING: make_stage(Stage.ROUTING, facts=facts)},
    )


def shown(urls: Any = URLS, **given: Any) -> str:
    return str(pages.stage(cycle_with(**given), Stage.ROUTING, urls))


def match(**given: Any) -> dict[str, Any]:
    return {
        "route": "books/<int:pk>/",
        "view_name": "shop:book",
        "url_name": "book",
        "namespaces": ["shop"],
        "args": [],
        "kwargs": [["pk", 7, "IntConverter"]],
        "path_info": "/books/7/",
        "not_found": False,
        "tried": ["admin/", "books/", "books/<int:pk>/"],
        "tried_count": 3,
        **given,
    }


# The match


def test_the_route_stands_beside_the_path() -> None:
    assert routing.context(cycle_with(**match()))["fits"] == [
        ("books/", "books/", False),
        ("<int:pk>", "7", True),
        ("/", "/", False),
    ]


def test_a_secret_in_the_path_is_hidden_there_too() -> None:
    facts = match(
        route="reset/<token>/<path:rest>",
        path_info="/reset/hunter2/a/b",
        kwargs=[["token", HIDDEN, "StringConverter"], ["rest", "a/b", "PathConverter"]],
    )

    fits = routing.context(cycle_with(**facts))["fits"]

    assert [found for _, found, _ in fits] == ["reset/", HIDDEN, "/", "a/b"]


@pytest.mark.parametrize(
    "facts",
    [
        {"route": r"^books/(?P<pk>\d+)/$"},
        {"route": "books/", "path_info": "/books/"},
        {"path_info": None},
        {"path_info": "/elsewhere/"},
    ],
)
def test_what_cannot_stand_beside_the_path_stands_alone(facts: dict[str, Any]) -> None:
    assert routing.context(cycle_with(**match(**facts)))["fits"] == []
    assert "<dt>Route</dt>" in shown(**match(**facts))


@pytest.mark.parametrize(
    ("facts", "python", "template"),
    [
        (
            {},
            'reverse("shop:book", kwargs={"pk": 7})',
            '{% url "shop:book" pk=7 %}',
        ),
        (
            {"kwargs": [["slug", 'a"b', ""], ["token", HIDDEN, ""], ["day", "<x.Day>", ""]]},
            'reverse("shop:book", kwargs={"slug": "a\\"b", "token": ..., "day": ...})',
            '{% url "shop:book" slug="a\\"b" token=... day=... %}',
        ),
        (
            {"kwargs": [], "args": ["7", 8, [1]]},
            'reverse("shop:book", args=["7", 8, ...])',
            '{% url "shop:book" "7" 8 ... %}',
        ),
        ({"kwargs": []}, 'reverse("shop:book")', '{% url "shop:book" %}'),
        (
            {"kwargs": [["pk", 7, ""], ["kind", "x", ""]], "extra_kwargs": ["kind"]},
            'reverse("shop:book", kwargs={"pk": 7})',
            '{% url "shop:book" pk=7 %}',
        ),
    ],
)
def test_its_name_is_ready_to_copy(facts: dict[str, Any], python: str, template: str) -> None:
    names = routing.context(cycle_with(**match(**facts)))["names"]

    assert names == [("In Python", python), ("In a template", template)]


def test_without_a_name_there_is_nothing_to_copy() -> None:
    html = shown(**match(url_name=None))

    assert "To link here" not in html
    assert "To link here" in shown(**match())


def test_the_arguments_are_told_with_where_they_came_from() -> None:
    facts = match(args=["x"], kwargs=[["pk", 7, "IntConverter"], ["kind", "a", None]],
                  extra_kwargs=["kind"])  # fmt: skip

    assert routing.captured(facts) == [
        ("0", "x", ""),
        ("pk", 7, "IntConverter"),
        ("kind", "a", "given in the URLconf"),
    ]


@pytest.mark.parametrize(("status", "is_said"), [(404, True), (200, False)])
def test_a_404_after_a_match_is_said_to_come_from_further_in(status: int, is_said: bool) -> None:
    assert ("The 404 was made further in" in shown(status=status, **match())) is is_said


def test_where_it_is_written_is_told() -> None:
    place = {"module": "shop.urls", "path": "/srv/shop/urls.py", "line": 12}

    assert "srv/shop/urls.py:12" in shown(**match(place=place))
    lineless = {**place, "line": None}
    assert "<dd>shop.urls</dd>" in shown(**match(place=lineless, urlconf="config.urls"))
    assert "Written in" not in shown(**match(place=lineless, urlconf="shop.urls"))


def test_a_urlconf_of_the_request_is_said_to_be() -> None:
    assert "set for this request" in shown(**match(urlconf="a.urls", own_urlconf=True))
    assert "set for this request" not in shown(**match(urlconf="a.urls"))


def test_another_path_than_that_of_the_request_is_told() -> None:
    assert "Path searched" in shown(path="/shop/books/7/", **match())
    assert "Path searched" not in shown(path="/books/7/", **match())


# A 404, and what came of it


def test_of_a_404_the_nearest_miss_is_the_first_thing_read() -> None:
    html = shown(not_found=True, near=[near(), near("books/")], tried=["books/"], status=404)

    assert html.index("abc</code> is no <code>int") < html.index("No pattern matched")
    assert html.index("No pattern matched") < html.index("Came near as well")
    assert html.count("<code>books/&lt;int:pk&gt;/</code>") == 1  # not told twice
    assert "srv/shop/urls.py:12" in html
    assert '<td class="misfit">abc</td>' in html


def test_where_none_came_near_it_says_so() -> None:
    html = shown(not_found=True, near=[], tried=["books/"], tried_count=1, status=404)

    assert "and none came near" in html
    assert "Came near" not in html
    assert 'class="fits"' not in html


def test_a_redirect_in_its_place_is_explained_first() -> None:
    redirect = {"to": "/books/", "by": "CommonMiddleware", "because": "APPEND_SLASH is on"}

    html = shown(not_found=True, near=[near()], redirect=redirect, status=301)

    assert "CommonMiddleware redirected to <code>/books/</code>: APPEND_SLASH is on." in html
    assert html.index("redirected to") < html.index("Came near")


@pytest.mark.parametrize(("status", "is_said"), [(200, True), (404, False)])
def test_another_answer_than_a_404_is_pointed_out(status: int, is_said: bool) -> None:
    assert ("a middleware made it" in shown(not_found=True, status=status)) is is_said


def test_an_exception_of_django_that_says_the_same_is_left_out() -> None:
    events = (
        make_event(stage=Stage.ROUTING, kind="not_found", name="Resolver404"),
        make_event(stage=Stage.ROUTING, name="LookupError"),
    )

    given = routing.context(make_cycle(events=events))["events"]

    assert [one.name for one in given] == ["LookupError"]


def test_a_method_that_was_refused_is_explained() -> None:
    refused = {"method": "PUT", "answered": ["GET"], "said": "GET", "later": None}
    later = {**refused, "later": {"pattern": "books/x/", "view_name": "put"}}

    html = shown(**match(refused_method=refused), status=405)

    assert "matched, but its view answers GET, not PUT." in html
    assert "further down" not in html
    assert "<code>books/x/</code> (put) further down" in shown(**match(refused_method=later))


def test_an_error_of_the_urlconf_is_told_in_its_place() -> None:
    error = {"type": "django.core.exceptions.ImproperlyConfigured", "message": "no patterns"}

    html = shown(not_found=False, error=error, tried=[], status=500)

    assert "The URLconf could not be searched." in html
    assert "ImproperlyConfigured</strong>" in html
    assert "No pattern matched" not in html


def test_earlier_searches_are_told() -> None:
    earlier = [
        {"urlconf": "a.urls", "path_info": "/x/", "route": None, "not_found": True},
        {"urlconf": "b.urls", "path_info": "/y/", "route": "", "not_found": False},
        {"urlconf": "c.urls", "path_info": "/z/", "route": None, "not_found": False},
    ]

    html = shown(**match(earlier=earlier))

    for words in ("no pattern matched", "<code>(empty)</code>", "it could not be searched"):
        assert words in html
    assert "Searched before" not in shown(**match())


def test_without_a_search_it_says_why() -> None:
    assert "No URL was looked up" in shown()
    assert "No URL was looked up" not in shown(**match())


# The patterns tried


def test_the_pattern_that_matched_is_the_last_one_tried() -> None:
    given = routing.context(cycle_with(**match()))

    assert [mark for _, mark, _ in given["tried"]] == ["", "", "matched"]
    assert (given["tried_from"], given["untold"]) == (1, 0)


def test_of_a_match_the_last_ones_are_listed_by_their_number() -> None:
    html = shown(**match(tried_count=203))

    assert '<ol class="tried" start="201"' in html
    assert "more.</p>" not in html
    assert "Show all 203" in html


def test_of_a_404_the_first_ones_are_listed_and_the_near_ones_marked() -> None:
    facts = {"not_found": True, "tried": ["a/", "books/<int:pk>/"], "tried_count": 202}

    given = routing.context(cycle_with(near=[near()], **facts))
    html = shown(near=[near()], **facts)

    assert [mark for _, mark, _ in given["tried"]] == ["", "near"]
    assert '<ol class="tried" start="1"' in html
    assert "And 200 more." in html


@pytest.mark.parametrize("urls", [None, pages.Urls(assets="/static/")])
def test_where_there_are_no_pages_there_is_no_link_to_all_of_them(urls: Any) -> None:
    cycle = cycle_with(**match())

    assert "/patterns" not in shown(urls, **match())
    assert f'href="/__cycle__/{cycle.id}/patterns"' in shown(**match())


def test_code_in_a_sentence_is_told_from_words() -> None:
    assert routing.pieces("`a` is no `int`.") == [
        ("a", True),
        (" is no ", False),
        ("int", True),
        (".", False),
    ]
