"""The routing stage: which pattern matched, and which were tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy

from cycle_inspector.history import reader
from cycle_inspector.records import Stage
from tests.shelf.views import PAGE, hello
from tests.site import Answer, Site, find_cycle

COMMON = "django.middleware.common.CommonMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"


def facts(answer: Answer) -> Any:
    return answer.cycle.stage(Stage.ROUTING).facts


def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def test_the_match_is_described(site: Site) -> None:
    found = facts(site.get("/queries/3/"))

    assert found["urlconf"] == "tests.urls"
    assert found["route"] == "queries/<int:count>/"
    assert found["view_name"] == found["url_name"] == "queries"
    assert found["namespaces"] == []
    assert found["kwargs"] == [["count", 3, "IntConverter"]]
    assert found["not_found"] is False
    assert found["tried"][-1] == "queries/<int:count>/"
    assert found["tried_count"] == len(found["tried"])


def test_the_time_of_the_search_is_taken(site: Site) -> None:
    cycle = site.get("/queries/0/").cycle

    (span,) = [span for span in cycle.spans if span.stage is Stage.ROUTING]
    assert cycle.stage(Stage.ROUTING).duration_ns == span.duration_ns > 0


def test_namespaces_are_named(site: Site) -> None:
    found = facts(site.get("/admin/login/"))

    assert found["view_name"] == "admin:login"
    assert found["namespaces"] == ["admin"]


def test_a_route_of_an_include_is_joined(site: Site) -> None:
    assert facts(site.get("/included/hello/"))["route"] == "included/hello/"


def test_regular_expressions_and_unnamed_patterns_have_their_place(serve: Any) -> None:
    site = serve(re_path(r"^(?P<shelf>\d+)/(?:x)?$", shown), path("more/", include([])))

    found = facts(site.get("/12/"))
    assert found["url_name"] is None
    assert found["kwargs"] == [["shelf", "12", None]]
    assert r"^(?P<shelf>\d+)/(?:x)?$" in found["route"]


def test_a_secret_in_the_path_is_hidden(serve: Any) -> None:
    found = facts(serve(path("reset/<str:token>/", shown)).get("/reset/abc/"))

    assert found["kwargs"] == [["token", "********************", "StringConverter"]]


def test_of_a_404_the_patterns_tried_are_listed(site: Site) -> None:
    answer = site.get("/queries/many/")

    found = facts(answer)
    assert answer.status == 404
    assert found["not_found"] is True
    assert "queries/<int:count>/" in found["tried"]
    assert "route" not in found
    assert answer.cycle.stage(Stage.VIEW).count == 0


def test_a_404_of_the_view_is_no_404_of_the_routing(site: Site) -> None:
    answer = site.get("/absent/")

    assert answer.status == 404
    assert facts(answer)["not_found"] is False
    assert facts(answer)["route"] == "absent/"


def test_a_long_urlconf_is_cut_but_counted(serve: Any) -> None:
    site = serve(*(path(f"page-{number}/", shown) for number in range(300)))

    found = facts(site.get("/absent/"))

    assert found["tried_count"] == 300
    assert len(found["tried"]) == 200


def test_a_urlconf_of_the_request_is_the_one_named(
    serve: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(hello, middleware=["tests.shelf.onion.other_urlconf"])

    answer = site.get("/elsewhere/")

    assert answer.status == 200
    assert facts(answer)["urlconf"] == "tests.shelf.elsewhere"
    assert facts(answer)["route"] == "elsewhere/"


def test_own_addresses_are_served_whatever_the_urlconf(serve: Any) -> None:
    site = serve(hello, middleware=["tests.shelf.onion.other_urlconf"])

    assert site.get("/__cycle__/panel.js").status == 200


def test_a_redirect_to_the_address_with_a_slash_is_a_cycle(serve: Any) -> None:
    answer = serve(path("here/", shown), middleware=[COMMON]).get("/here?a=1")

    assert (answer.status, answer.headers["location"]) == (301, "/here/?a=1")
    assert answer.cycle.response["status"] == 301
    # CommonMiddleware answers in the place of the 404, so that is what the routing found.
    assert facts(answer)["not_found"] is True
    assert facts(answer)["tried"] == ["here/"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_translated_patterns_are_in_the_language_of_the_request(
    serve: Callable[..., Site], settings: Any, language: str
) -> None:
    settings.USE_I18N = True
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    translated = {"en": "Yes", "de": "Ja"}[language]
    site = serve(
        *i18n_patterns(path("first/", shown), path(gettext_lazy("Yes"), shown)), middleware=[LOCALE]
    )

    found = facts(site.get(f"/{language}/{translated}"))

    assert found["route"] == f"{language}/{translated}"
    assert found["tried"] == [f"{language}/first/", f"{language}/{translated}"]


def test_a_urlconf_that_cannot_be_imported_is_raised_on_and_kept(
    wsgi_site: Site, settings: Any
) -> None:
    # Django's own page for the error resolves a URL, so that the server gets the exception.
    settings.ROOT_URLCONF = "tests.shelf.no_such_module"

    for site in (wsgi_site.bare(), wsgi_site):
        with pytest.raises(ModuleNotFoundError):
            site.get("/hello/")

    cycle = find_cycle(reader.latest() or "")
    assert {event.name for event in cycle.events} == {"ModuleNotFoundError"}
    assert cycle.response == {}
    missing = cycle.stage(Stage.RESPONSE).facts["missing"]
    assert missing == "No response was made: ModuleNotFoundError."
