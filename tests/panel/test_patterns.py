"""The patterns tried, searched for anew: the project's URLconf as it is, and what if it is not."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from cycle_inspector.panel import patterns
from cycle_inspector.records import HIDDEN, Stage
from tests.factories import make_cycle, make_stage
from tests.shelf.views import PAGE
from tests.site import Answer, Site


def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def cycle_with(**facts: Any) -> Any:
    return make_cycle(
        request={"method": "GET", "path": "/hello/"},
        stages={Stage.ROUTING: make_stage(Stage.ROUTING, facts=facts)},
    )


def listing_of(answer: Answer) -> patterns.Listing:
    return patterns.of(answer.cycle)


def marked(listing: patterns.Listing, mark: str) -> list[str]:
    return [text for text, found, _ in listing.rows if found == mark]


# The URLconf as it is


def test_of_a_404_every_pattern_is_listed_and_the_near_ones_explained(site: Site) -> None:
    answer = site.get("/queries/many/")

    listing = listing_of(answer)

    facts = answer.cycle.stage(Stage.ROUTING).facts
    assert [text for text, _, _ in listing.rows] == facts["tried"]
    assert (listing.path, listing.urlconf, listing.first) == ("/queries/many/", "tests.urls", 1)
    assert marked(listing, "near") == [one["pattern"] for one in facts["near"]]
    assert listing.near[0]["sentence"] == facts["near"][0]["sentence"]
    assert not listing.is_match
    assert (listing.problem, listing.change) == ("", "")


def test_of_a_match_those_before_it_are_listed_and_those_behind_it_are_not(serve: Any) -> None:
    site = serve(
        path("books/<int:pk>/", shown, name="number"),
        path("books/", shown),
        path("books/<slug:slug>/", shown, name="slug"),
        path("books/last/", shown),
    )

    listing = listing_of(site.get("/books/last/"))

    assert [text for text, _, _ in listing.rows] == [
        "books/<int:pk>/",
        "books/",
        "books/<slug:slug>/",
    ]
    assert [name for _, _, name in listing.rows] == ["number", None, "slug"]
    assert marked(listing, "matched") == ["books/<slug:slug>/"]
    assert marked(listing, "near") == ["books/<int:pk>/"]  # and not what only begins like it
    assert listing.is_match
    assert listing.count == 3


def test_a_method_that_would_not_be_answered_is_told(site: Site) -> None:
    assert listing_of(site.ask("POST", "/clas/")).near[0]["kinds"] == ["spelling", "method"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_it_is_searched_in_the_language_of_the_request(
    serve: Any, settings: Any, language: str
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    locale = "django.middleware.locale.LocaleMiddleware"
    site = serve(*i18n_patterns(path("first/", shown)), middleware=[locale])

    assert marked(listing_of(site.get(f"/{language}/first/")), "matched") == [f"{language}/first/"]


def test_a_urlconf_of_the_request_is_the_one_searched(serve: Any) -> None:
    site = serve(shown, middleware=["tests.shelf.onion.other_urlconf"])

    listing = listing_of(site.get("/elsewhere/"))

    assert listing.urlconf == "tests.shelf.elsewhere"
    assert listing.rows == [("elsewhere/", "matched", "elsewhere")]


def test_a_secret_value_is_hidden_as_in_the_record(serve: Any) -> None:
    listing = listing_of(serve(path("reset/<int:token>/", shown)).get("/reset/hunter2/"))

    assert HIDDEN in listing.near[0]["sentence"]
    assert "hunter2" not in str(listing.near)


def test_that_it_has_changed_since_is_said(serve: Any, settings: Any) -> None:
    cycle = serve(path("here/", shown), path("there/", shown)).get("/nowhere/").cycle
    assert patterns.of(cycle).change == ""

    serve(path("nowhere/", shown))

    listing = patterns.of(cycle)
    assert listing.is_match
    assert listing.change == (
        "The URLconf is not what it was: when this cycle was recorded, 2 patterns were tried, and "
        "none matched."
    )


# Where there is none to search


@pytest.mark.parametrize(
    "facts",
    [
        {"urlconf": "no.such.urls", "own_urlconf": True},
        {"urlconf": "another.root"},
        {"urlconf": "<module>", "own_urlconf": True},
        {"urlconf": None},
    ],
)
def test_a_urlconf_that_is_not_there_leaves_the_recorded_texts(facts: dict[str, Any]) -> None:
    listing = patterns.of(
        cycle_with(path_info="/a/", not_found=True, tried=["b/"], tried_count=1, **facts)
    )

    assert listing.rows == [("b/", "", None)]
    assert listing.problem.startswith("This process has no URLconf")
    assert listing.problem.endswith("These are the patterns as they were recorded.")


def test_a_urlconf_is_not_imported_because_a_record_names_it() -> None:
    import sys

    sys.modules.pop("tests.shelf.policies", None)
    patterns.of(cycle_with(path_info="/a/", urlconf="tests.shelf.policies", own_urlconf=True))

    assert "tests.shelf.policies" not in sys.modules


@pytest.mark.parametrize(
    ("urlconf", "said"),
    [
        ("tests.shelf.no_such_module", "ModuleNotFoundError: No module named"),
        ("tests.shelf.models", "ImproperlyConfigured: The included URLconf"),
    ],
)
def test_a_urlconf_that_raises_now_is_a_sentence(settings: Any, urlconf: str, said: str) -> None:
    settings.ROOT_URLCONF = urlconf
    facts = {"path_info": "/a/", "urlconf": urlconf, "tried": ["b/"], "tried_count": 31}

    listing = patterns.of(cycle_with(route="b/", **facts))

    assert listing.problem.startswith(f"The URLconf cannot be searched now. {said}")
    assert (listing.rows, listing.first, listing.count) == ([("b/", "matched", None)], 31, 31)
    assert listing.is_match


def test_a_path_that_was_not_kept_is_not_searched() -> None:
    assert patterns.of(cycle_with(urlconf="tests.urls")).problem == "The path was not kept whole."


def test_without_a_search_there_is_nothing_to_list() -> None:
    listing = patterns.of(make_cycle())

    assert listing.rows == []
    assert listing.problem == "No URL was looked up."


# Its page


def test_the_page_has_a_part_to_stand_in_the_stage(site: Site) -> None:
    answer = site.get("/queries/many/")
    cycle = answer.cycle

    page = site.get(f"/__cycle__/{cycle.id}/patterns")

    assert page.status == 200
    assert "<html" in page.text
    assert page.text.count("data-part") == 1
    assert "<code>many</code> is no <code>int</code>" in page.text
    assert f'href="/__cycle__/{cycle.id}/#routing"' in page.text


def test_the_stage_links_to_the_page_below_a_prefix_too(site: Site) -> None:
    cycle = site.get("/queries/many/").cycle
    address = f"/__cycle__/{cycle.id}/stages/routing"

    stage = site.ask("GET", address, root="/shop").text

    assert f'href="/shop/__cycle__/{cycle.id}/patterns"' in stage


def test_texts_of_the_urlconf_are_never_markup(serve: Any) -> None:
    site = serve(re_path(r"^<script>alert\(1\)</script>/$", shown), path("books/", shown))
    cycle = site.get("/<img src=x>/books").cycle

    page = site.get(f"/__cycle__/{cycle.id}/patterns").text

    assert "<img" not in page
    assert "<script>alert" not in page
    assert "&lt;img src=x&gt;" in page


def test_who_may_not_look_gets_a_plain_404(ask: Any, cycle: Any, settings: Any) -> None:
    assert ask(f"{cycle.id}/patterns").status_code == 200
    settings.DEBUG = False
    assert ask(f"{cycle.id}/patterns").status_code == 404


def test_another_method_or_cycle_has_no_page(ask: Any, cycle: Any) -> None:
    assert ask(f"{cycle.id}/patterns", "POST").status_code == 405
    assert ask("019aaa00-0000-7000-8000-00000000ffff/patterns").status_code == 404


def test_two_thousand_patterns_are_shown_at_once(settings: Any, serve_wsgi: Any, ask: Any) -> None:
    names = ("book", "order", "author", "review")
    site = serve_wsgi(
        *(path(f"{name}{at}/<int:pk>/", shown) for at in range(500) for name in names)
    )
    cycle = site.get("/book7/abc/").cycle
    request = f"{cycle.id}/patterns"
    ask(request)

    start = time.thread_time()
    page = ask(request).content.decode()
    taken = time.thread_time() - start

    assert page.count("<li") > 2_000
    assert "<code>abc</code> is no <code>int</code>" in page
    assert taken < 0.5  # a tenth of it on a machine with nothing else to do
