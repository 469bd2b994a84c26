"""The view stage: the code that a person would open, and how long it took."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView, View

from cycle_inspector.collectors.view import describe_callback
from cycle_inspector.records import Stage
from tests.shelf import views
from tests.shelf.views import PAGE
from tests.site import Answer, Site

SHELF = "tests.shelf.views"


def facts(answer: Answer) -> Any:
    return answer.cycle.stage(Stage.VIEW).facts


def line_of(thing: Any) -> int:
    return inspect.getsourcelines(thing)[1]


@pytest.mark.parametrize(
    ("url", "name", "kind", "method", "thing"),
    [
        ("/hello/", "hello", "function", None, views.hello),
        ("/ahello/", "ahello", "function", None, views.ahello),
        ("/decorated/", "decorated", "function", None, views.decorated.__wrapped__),
        ("/partial/", "_with_word", "function", None, views._with_word),
        ("/class/", "Shelf", "class", "get", views.Shelf.get),
        ("/async-class/", "AsyncShelf", "class", "get", views.AsyncShelf.get),
        ("/callable/", "Callable", "callable object", None, views.Callable.__call__),
    ],
)
def test_the_code_is_found(
    site: Site, url: str, name: str, kind: str, method: str | None, thing: Any
) -> None:
    answer = site.get(url)

    found = facts(answer)
    assert found["name"] == f"{SHELF}.{name}"
    assert (found["kind"], found["method"]) == (kind, method)
    assert (found["path"], found["line"]) == (views.__file__, line_of(thing))
    assert found["is_async"] is inspect.iscoroutinefunction(thing)


class Plain(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)

    @method_decorator(never_cache)
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


class Page(TemplateView):
    template_name = "shelf/base.html"


class Holder:
    def view(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


@pytest.mark.parametrize(
    ("callback", "method", "name", "thing"),
    [
        (lambda request: HttpResponse(PAGE), "GET", "<lambda>", None),
        (Plain.as_view(), "GET", "Plain", Plain.get),
        (Plain.as_view(), "HEAD", "Plain", Plain.get),
        (Plain.as_view(), "POST", "Plain", Plain.post.__wrapped__),
        (Plain.as_view(), "OPTIONS", "Plain", Plain),
        (csrf_exempt(never_cache(Plain.as_view())), "GET", "Plain", Plain.get),
        (Page.as_view(), "GET", "Page", Page),
        (Holder().view, "GET", "Holder.view", Holder.view),
        (csrf_exempt(views.hello), "GET", "hello", views.hello),
        (never_cache(csrf_exempt(views.hello)), "GET", "hello", views.hello),
        (functools.partial(never_cache(views.hello)), "GET", "hello", views.hello),
    ],
)
def test_behind_decorators_and_classes_stands_the_code(
    callback: Any, method: str, name: str, thing: Any
) -> None:
    found = describe_callback(callback, method)

    assert found["name"].endswith(f".{name}")
    if thing is not None:
        assert found["line"] == line_of(thing)
        assert found["path"] == inspect.getsourcefile(thing)


def test_a_view_of_an_installed_package_is_found_there() -> None:
    class Books(Feed):
        pass

    found = describe_callback(Books(), "GET")

    assert found["kind"] == "callable object"
    assert found["path"].endswith("syndication/views.py")


def test_a_view_without_a_file_is_only_named() -> None:
    made = type("Made", (View,), {"__module__": "nowhere"})

    found = describe_callback(made.as_view(), "GET")

    assert found["name"] == "nowhere.Made"
    assert "path" not in found


def test_decorators_that_go_in_a_circle_do_not_hang() -> None:
    def one() -> None: ...

    one.__wrapped__ = one  # type: ignore[attr-defined]

    assert describe_callback(one, "GET")["name"].endswith(".one")


@pytest.mark.parametrize("url", ["/hello/", "/ahello/", "/class/", "/async-class/"])
def test_its_time_is_taken(site: Site, url: str) -> None:
    cycle = site.get(url).cycle

    stage = cycle.stage(Stage.VIEW)
    (span,) = [span for span in cycle.spans if span.stage is Stage.VIEW]
    assert stage.duration_ns == span.duration_ns >= stage.facts["own_ns"] > 0
    assert stage.start_ns == span.start_ns


def test_its_own_time_is_without_the_queries_inside(site: Site) -> None:
    cycle = site.get("/queries/3/").cycle

    stage = cycle.stage(Stage.VIEW)
    inside = sum(query.duration_ns for query in cycle.queries)
    assert stage.facts["own_ns"] == stage.duration_ns - inside
    (span,) = [span for span in cycle.spans if span.stage is Stage.VIEW]
    assert {query.parent for query in cycle.queries} == {span.id}


@pytest.mark.parametrize("url", ["/raises/", "/araises/"])
def test_its_exception_is_named(site: Site, url: str) -> None:
    found = facts(site.get(url))

    assert found["exception"] == {"type": "ValueError", "message": "no such shelf"}


def test_an_exception_of_a_middleware_is_not_the_views(serve: Any) -> None:
    answer = serve(views.hello, middleware=["tests.shelf.onion.RaisesAfterwards"]).get("/")

    assert answer.status == 500
    assert "exception" not in facts(answer)


def test_no_view_ran_where_a_middleware_answered(serve: Any) -> None:
    cycle = serve(views.hello, middleware=["tests.shelf.onion.Short"]).get("/").cycle

    assert cycle.stage(Stage.VIEW).count == 0
    assert cycle.stage(Stage.VIEW).facts == {}


def test_a_view_in_a_transaction_is_still_named(serve: Any, settings: Any) -> None:
    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    try:
        cycle = serve(path("", views.data)).get("/").cycle
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False

    assert cycle.stage(Stage.VIEW).facts["name"] == f"{SHELF}.data"
    assert [query.sql for query in cycle.queries if query.is_transaction] == ["BEGIN", "COMMIT"]


def test_a_view_that_returns_nothing_is_told_so_as_without_the_tool(serve: Any) -> None:
    answer = serve(lambda request: None).get("/")

    assert answer.status == 500
    (event,) = answer.cycle.events
    assert "didn't return an HttpResponse object" in str(event.attributes["message"])
