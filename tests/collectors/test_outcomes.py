"""What came of a search: near misses, redirects in the place of a 404, methods refused."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import include, path, re_path
from django.views import View
from django.views.decorators.common import no_append_slash
from django.views.decorators.http import require_POST, require_safe
from ninja import NinjaAPI
from rest_framework.decorators import api_view

from cycle_inspector import routes
from cycle_inspector.collectors import _outcomes
from cycle_inspector.collectors._guard import guard
from cycle_inspector.records import HIDDEN, Stage
from tests.collectors.test_routing import facts
from tests.shelf.views import PAGE
from tests.site import Answer, Site

COMMON = "django.middleware.common.CommonMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"


def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse(PAGE)


def absent(request: HttpRequest) -> HttpResponse:
    raise Http404


def raises(request: HttpRequest) -> HttpResponse:
    raise LookupError


class Page(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


def near(answer: Answer) -> list[Any]:
    return facts(answer)["near"]


def sorry(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return HttpResponse("sorry", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    return HttpResponse("failed", status=500)


# Near misses


def test_of_a_404_the_near_misses_are_explained(site: Site) -> None:
    nearest = near(site.get("/queries/many/"))[0]

    assert nearest["sentence"] == (
        "`queries/<int:count>/` matched `queries/`, but `many` is no `int`."
    )
    assert nearest["pattern"] == "queries/<int:count>/"
    assert nearest["kinds"] == ["converter"]
    assert nearest["view_name"] == "queries"
    assert nearest["place"]["module"] == "tests.shelf.urls"
    assert ["<int:count>", "many", False] in nearest["fits"]
    assert nearest["would_match"] is None


def test_a_path_that_is_like_none_has_no_near_miss(site: Site) -> None:
    assert near(site.get("/zoo/")) == []


def test_a_match_has_no_near_misses(site: Site) -> None:
    assert "near" not in facts(site.get("/queries/3/"))
    assert "near" not in facts(site.get("/absent/"))


def test_at_most_five_are_kept_however_many_there_are(serve: Any) -> None:
    site = serve(*(path(f"api/page-{at}/", shown) for at in range(2_000)))

    answer = site.get("/api/pages/")

    assert len(near(answer)) == 5
    assert facts(answer)["tried_count"] == 2_000


def test_a_value_that_a_secret_parameter_refused_is_hidden(serve: Any) -> None:
    answer = serve(path("reset/<int:token>/", shown)).get("/reset/hunter2/")

    assert HIDDEN in near(answer)[0]["sentence"]
    assert "hunter2" not in json.dumps(near(answer))


def test_in_the_patterns_of_a_language_the_missing_prefix_is_told(
    serve: Any, settings: Any
) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.LANGUAGE_CODE = "en"
    site = serve(*i18n_patterns(path("first/", shown)), middleware=[])

    assert near(site.get("/first/"))[0]["would_match"] == "/en/first/"
    assert near(site.get("/de/first/"))[0]["kinds"] == ["language"]


def test_of_an_include_in_an_include_the_inner_pattern_is_near(serve: Any) -> None:
    inner = include(([path("<int:pk>/", shown, name="one")], "inner"))
    outer = include(([path("in/", inner)], "outer"))
    site = serve(path("out/", outer))

    nearest = near(site.get("/out/in/x/"))[0]

    assert nearest["pattern"] == "out/in/<int:pk>/"
    assert nearest["view_name"] == "outer:inner:one"


def test_a_search_for_near_misses_that_fails_costs_nothing_else(
    wsgi_site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise LookupError

    guard._told.clear()
    monkeypatch.setattr(routes, "find", fail)

    with caplog.at_level(logging.ERROR, "cycle_inspector"):
        found = facts(wsgi_site.get("/queries/many/"))

    assert "near" not in found
    assert found["not_found"] is True
    assert [one.message for one in caplog.records if "near misses" in one.message]


# Redirects in the place of a 404


def test_a_redirect_by_append_slash_is_explained(serve: Any) -> None:
    answer = serve(path("here/", shown), middleware=[COMMON]).get("/here?a=1")

    assert answer.status == 301
    assert facts(answer)["redirect"] == {
        "to": "/here/",
        "by": "CommonMiddleware",
        "because": "APPEND_SLASH is on, and with a slash at its end the path matches",
    }
    assert near(answer)[0]["kinds"] == ["slash_missing"]


def test_below_a_prefix_and_in_other_letters_it_is_explained_too(serve: Any) -> None:
    site = serve(path("bücher/", shown), middleware=[COMMON])

    answer = site.ask("GET", "/bücher".encode().decode("latin1"), root="/shop")

    if site.server == "wsgi":  # the path of a scope is decoded
        assert facts(answer)["redirect"]["to"] == "/shop/bücher/"


@pytest.mark.parametrize("is_on", [True, False])
def test_without_append_slash_there_is_none_to_explain(
    serve: Any, settings: Any, is_on: bool
) -> None:
    settings.APPEND_SLASH = is_on
    view = no_append_slash(shown) if is_on else shown

    answer = serve(path("here/", view), middleware=[COMMON]).get("/here")

    assert answer.status == 404
    assert "redirect" not in facts(answer)
    assert near(answer)[0]["kinds"] == ["slash_missing"]


def test_a_redirect_to_the_prefix_of_a_language_is_explained(serve: Any, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    settings.LANGUAGE_CODE = "en"
    site = serve(*i18n_patterns(path("first/", shown)), middleware=[LOCALE])

    answer = site.get("/first/", {"accept-language": "de"})

    assert (answer.status, answer.headers["location"]) == (302, "/de/first/")
    assert facts(answer)["redirect"]["to"] == "/de/first/"
    assert facts(answer)["redirect"]["by"] == "LocaleMiddleware"


def to_elsewhere(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        return HttpResponseRedirect("/login/") if response.status_code == 404 else response

    return middleware


def test_another_redirect_is_not_explained(serve: Any) -> None:
    site = serve(path("here/", shown), middleware=[f"{__name__}.to_elsewhere"])

    assert "redirect" not in facts(site.get("/nowhere/"))


# Methods


@pytest.mark.parametrize(
    ("view", "answered"),
    [
        (Page.as_view(), {"GET", "HEAD", "OPTIONS"}),
        (require_safe(shown), {"GET", "HEAD"}),
        (api_view(["GET"])(lambda request: HttpResponse()), {"GET", "OPTIONS"}),
    ],
)
def test_a_method_that_is_not_allowed_is_explained(
    serve: Any, view: Any, answered: set[str]
) -> None:
    answer = serve(path("here/", view)).ask("DELETE", "/here/")

    found = facts(answer)["refused_method"]
    assert answer.status == 405
    assert (found["method"], set(found["answered"])) == ("DELETE", answered)
    assert found["said"].startswith("GET")
    assert found["later"] is None


def test_of_a_ninja_api_the_answer_tells_the_methods(serve: Any) -> None:
    api = NinjaAPI(urls_namespace="outcomes")
    api.get("books")(lambda request: [])

    answer = serve(path("api/", api.urls)).ask("POST", "/api/books")

    assert answer.status == 405
    assert facts(answer)["refused_method"]["answered"] == ["GET"]


def test_a_later_pattern_that_would_have_answered_is_named(serve: Any) -> None:
    site = serve(
        path("books/", require_safe(shown)),
        path("<str:any>/", Page.as_view(), name="any"),
        re_path(r"^books/$", require_POST(shown), name="create"),
    )

    answer = site.ask("POST", "/books/")

    assert answer.status == 405
    assert facts(answer)["refused_method"]["later"] == {
        "pattern": "^books/$",
        "view_name": "create",
    }


def test_a_405_of_the_views_own_is_explained_by_what_is_known(serve: Any) -> None:
    def bare(request: HttpRequest) -> HttpResponse:
        return HttpResponse(status=405)

    found = facts(serve(path("here/", require_safe(bare))).get("/here/"))["refused_method"]

    assert set(found["answered"]) == {"GET", "HEAD"}


def test_a_method_that_is_answered_has_nothing_to_explain(serve: Any) -> None:
    assert "refused_method" not in facts(serve(path("here/", Page.as_view())).get("/here/"))


# The views of errors


@pytest.mark.parametrize(
    ("url", "status", "view"),
    [
        ("/nowhere/", 404, f"{__name__}.sorry"),
        ("/absent/", 404, f"{__name__}.sorry"),
        ("/raises/", 500, f"{__name__}.failed"),
    ],
)
def test_the_view_of_an_error_is_named(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch, url: str, status: int, view: str
) -> None:
    from tests import urls

    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "SHOW_PANEL": lambda request: True}
    monkeypatch.setattr(urls, "handler404", sorry, raising=False)
    monkeypatch.setattr(urls, "handler500", failed, raising=False)

    answer = Site(site.server).get(url)

    assert answer.status == status
    assert facts(answer)["error_view"] == view


def test_without_one_of_the_projects_it_is_djangos(site: Site, settings: Any) -> None:
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "SHOW_PANEL": lambda request: True}

    found = facts(Site(site.server).get("/nowhere/"))

    assert found["error_view"] == "django.views.defaults.page_not_found"


def test_while_debugging_django_shows_a_page_of_its_own(site: Site) -> None:
    assert "error_view" not in facts(site.get("/nowhere/"))


def test_a_404_that_the_view_returns_has_no_view_of_an_error(site: Site, settings: Any) -> None:
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "SHOW_PANEL": lambda request: True}
    answer = Site(site.server).get("/hello/")

    assert answer.cycle.stage(Stage.ROUTING).facts.keys().isdisjoint({"error_view"})


def test_a_redirect_without_a_location_is_none() -> None:
    class Lookup:
        path = "/here"

    assert _outcomes._redirect(Lookup(), "/here", "") == {}
