"""The routing stage: which pattern matched, and which were tried."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path, register_converter
from django.utils.translation import gettext_lazy

from cycle_inspector.collectors import routing
from cycle_inspector.collectors.routing import MOST_TRIED, MOST_TRIED_BEFORE_MATCH
from cycle_inspector.history import reader, writer
from cycle_inspector.records import Stage
from tests.shelf import elsewhere
from tests.shelf.views import PAGE, hello
from tests.site import Answer, Site, failures, find_cycle

COMMON = "django.middleware.common.CommonMiddleware"
LOCALE = "django.middleware.locale.LocaleMiddleware"


BROKEN = ""


class Breaks:
    """A converter that breaks rather than refuses."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        raise TypeError("out of order")

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Breaks, "breaks")


def _setting_urlconf(get_response: Any, urlconf: Any) -> Any:
    def middleware(request: Any) -> Any:
        request.urlconf = urlconf
        return get_response(request)

    return middleware


def module_as_urlconf(get_response: Any) -> Any:
    return _setting_urlconf(get_response, elsewhere)


def broken_urlconf(get_response: Any) -> Any:
    return _setting_urlconf(get_response, BROKEN)


def elsewhere_at_second(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        response = get_response(request)
        if response.status_code != 404:
            return response
        request.urlconf = "tests.shelf.elsewhere"
        return get_response(request)

    return middleware


def again_and_again(get_response: Any) -> Any:
    def middleware(request: Any) -> Any:
        for _ in range(30):
            response = get_response(request)
        return response

    return middleware


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


def test_of_a_long_urlconf_the_first_are_kept_and_all_counted(serve: Any) -> None:
    site = serve(*(path(f"page-{number}/", shown) for number in range(300)))

    found = facts(site.get("/absent/"))

    assert found["tried_count"] == 300
    assert len(found["tried"]) == MOST_TRIED
    assert found["tried"][0] == "page-0/"


def test_of_a_match_far_down_the_last_are_kept(serve: Any) -> None:
    site = serve(*(path(f"page-{number}/", shown) for number in range(300)))

    found = facts(site.get("/page-250/"))

    assert found["tried_count"] == 251
    assert len(found["tried"]) == MOST_TRIED_BEFORE_MATCH
    assert found["tried"][-1] == "page-250/"


def test_an_ordinary_match_has_no_more_facts_than_it_needs(site: Site) -> None:
    assert facts(site.get("/queries/3/")).keys() == {
        *("urlconf", "not_found", "tried", "tried_count", "path_info", "language", "route"),
        *("view_name", "url_name", "namespaces", "args", "kwargs", "place"),
    }


def test_where_the_pattern_is_written_is_told(site: Site) -> None:
    place = facts(site.get("/queries/3/"))["place"]

    assert place["module"] == "tests.shelf.urls"
    source = Path(place["path"]).read_text().splitlines()
    assert 'path("queries/<int:count>/"' in source[place["line"] - 1]


def test_what_the_urlconf_gives_is_told_from_what_was_captured(serve: Any) -> None:
    found = facts(serve(path("<int:pk>/", shown, {"kind": "book"})).get("/7/"))

    assert found["extra_kwargs"] == ["kind"]
    assert [one[0] for one in found["kwargs"]] == ["pk", "kind"]


def test_the_path_is_kept_as_it_was_searched(site: Site) -> None:
    answer = site.ask("GET", "/hello/", root="/shop")

    assert facts(answer)["path_info"] == "/hello/"
    assert answer.cycle.request["path"] == "/shop/hello/"


def test_a_path_that_cannot_be_kept_whole_is_not_kept_to_be_searched(site: Site) -> None:
    answer = site.get("/" + "a" * 3_000)

    assert "path_info" not in facts(answer)
    assert facts(answer)["not_found"] is True


def test_a_urlconf_of_the_request_is_the_one_named(
    serve: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = serve(hello, middleware=["tests.shelf.onion.other_urlconf"])

    answer = site.get("/elsewhere/")

    assert answer.status == 200
    assert facts(answer)["urlconf"] == "tests.shelf.elsewhere"
    assert facts(answer)["own_urlconf"] is True
    assert facts(answer)["route"] == "elsewhere/"
    assert facts(answer)["place"]["module"] == "tests.shelf.elsewhere"


def test_a_urlconf_that_is_a_module_goes_by_its_name(serve: Any) -> None:
    site = serve(hello, middleware=[f"{__name__}.module_as_urlconf"])

    assert facts(site.get("/elsewhere/"))["urlconf"] == "tests.shelf.elsewhere"


def test_each_search_of_a_request_is_told(serve: Any) -> None:
    site = serve(path("here/", shown), middleware=[f"{__name__}.elsewhere_at_second"])

    answer = site.get("/elsewhere/")

    found = facts(answer)
    assert answer.status == 200
    assert (found["urlconf"], found["route"]) == ("tests.shelf.elsewhere", "elsewhere/")
    (before,) = found["earlier"]
    assert before["not_found"] is True
    assert before["route"] is None
    assert before["path_info"] == "/elsewhere/"
    spans = [span for span in answer.cycle.spans if span.stage is Stage.ROUTING]
    summary = answer.cycle.stage(Stage.ROUTING)
    assert len(spans) == 2
    assert summary.duration_ns == sum(span.duration_ns for span in spans)
    assert summary.start_ns == spans[0].start_ns


def test_one_search_has_none_before_it(site: Site) -> None:
    assert "earlier" not in facts(site.get("/hello/"))


def test_a_request_that_is_searched_again_and_again_is_not_kept_for_ever(serve: Any) -> None:
    site = serve(path("here/", shown), middleware=[f"{__name__}.again_and_again"])

    found = facts(site.get("/here/"))

    assert len(found["earlier"]) == 19
    assert found["route"] == "here/"


def test_an_error_of_the_urlconf_is_no_404(serve: Any, settings: Any) -> None:
    # Django's own page for the error resolves the URL once more.
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "SHOW_PANEL": lambda request: True}
    answer = serve(path("broken/<breaks:value>/", shown)).get("/broken/7/")

    found = facts(answer)
    assert answer.status == 500
    assert found["error"] == {"type": "TypeError", "message": "out of order"}
    assert found["not_found"] is False
    assert found["tried"] == []
    assert "near" not in found
    (event,) = failures(answer.cycle)
    assert (event.kind, event.stage, event.name) == ("exception", Stage.ROUTING, "TypeError")
    assert event.attributes["handled_as"] == "500"
    assert event.attributes["in_view"] is False
    assert any(frame.function.endswith("to_python") for frame in event.frames)


def test_an_error_that_cannot_be_told_is_raised_all_the_same(
    serve: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {**settings.CYCLE_INSPECTOR, "SHOW_PANEL": lambda request: True}
    monkeypatch.setattr(routing, "_error_of", None)

    answer = serve(path("broken/<breaks:value>/", shown)).get("/broken/7/")

    assert answer.status == 500
    assert answer.cycle.dropped["record an error of the URLconf"] == 1
    assert failures(answer.cycle)[0].name == "TypeError"


@pytest.mark.parametrize("broken", ["tests.shelf.no_such_module", "tests.shelf.views"])
def test_a_urlconf_of_the_request_that_does_not_work_is_told(
    serve: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "BROKEN", broken)
    site = serve(hello, middleware=[f"{__name__}.broken_urlconf"])

    with contextlib.suppress(ImportError, ImproperlyConfigured):  # as without the tool
        site.get("/hello/")

    assert writer.flush(10)
    found = find_cycle(reader.latest() or "").stage(Stage.ROUTING).facts
    assert found["urlconf"] == broken
    assert found["error"]["type"].rpartition(".")[2] in {
        "ModuleNotFoundError",
        "ImproperlyConfigured",
    }
    assert found["not_found"] is False


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
    assert {event.name for event in failures(cycle)} == {"ModuleNotFoundError"}
    assert cycle.response == {}
    missing = cycle.stage(Stage.RESPONSE).facts["missing"]
    assert missing == "No response was made: ModuleNotFoundError."
