"""The view stage: the code that a person would open, and how long it took."""

from __future__ import annotations

import functools
import inspect
import weakref
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.syndication.views import Feed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from cycle_inspector.collectors import view
from cycle_inspector.records import Stage
from tests.apis import operations as operations_urls
from tests.apis import rest as rest_urls
from tests.shelf import views
from tests.shelf.views import PAGE
from tests.site import Answer, Site, failures

operations, rest = operations_urls.urlpatterns, rest_urls.urlpatterns

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


class Holder:
    def view(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


class Latest(Feed):
    title = "Books"
    link = "/"

    def items(self) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("pattern", "url", "name", "kind"),
    [
        (path("", lambda request: HttpResponse(PAGE)), "/", f"{__name__}.<lambda>", "lambda"),
        (path("", Holder().view), "/", f"{__name__}.Holder.view", "method"),
        (path("", Latest()), "/", f"{__name__}.Latest", "feed"),
        (path("", RedirectView.as_view(url="/x/")), "/", "base.RedirectView", "generic view"),
        (path("", include(rest)), "/plain/", "tests.apis.rest.Plain", "API view"),
        (path("", include(rest)), "/list/", "tests.apis.rest.BookList", "API view"),
        (path("", include(rest)), "/function/", "tests.apis.rest.function", "api_view function"),
        (path("", include(rest)), "/set/books/", "tests.apis.rest.Books", "viewset action"),
        (path("", include(rest)), "/set/books/newest/", "apis.rest.Books", "viewset action"),
        (path("", include(operations)), "/api/shelf", "operations.read", "ninja operation"),
        (path("", include(operations)), "/api/async", "operations.aread", "ninja operation"),
        (path("admin/", admin.site.urls), "/admin/login/", "AdminSite.login", "admin view"),
    ],
)
def test_every_sort_of_view_is_known(
    serve: Any, pattern: Any, url: str, name: str, kind: str
) -> None:
    answer = serve(pattern).get(url)

    found = facts(answer)
    assert answer.status in (200, 302)
    assert found["name"].endswith(name)
    assert found["kind"] == kind
    assert found["is_async"] is ("aread" in name)
    assert found["line"] > 0
    (span,) = [span for span in answer.cycle.spans if span.stage is Stage.VIEW]
    assert span.name == found["name"]


def test_what_a_view_of_a_framework_raises_is_its_own(serve: Any) -> None:
    answer = serve(path("", include(rest))).get("/broken/")

    assert facts(answer)["exception"] == {"type": "LookupError", "message": "no such shelf"}
    frame = failures(answer.cycle)[0].frames[0]
    assert frame.function == "broken"


def test_the_code_is_worked_out_once_for_each_callback_and_method(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def describe(callback: Any, method: str) -> dict[str, str]:
        asked.append(method)
        return {"name": "a"}

    monkeypatch.setattr(view, "describe_callback", describe)
    monkeypatch.setattr(view, "_known", {})
    for method in ("GET", "GET", "POST", "GET"):
        assert view.code_of(views.hello, method) == {"name": "a"}

    assert asked == ["GET", "POST"]


def test_callbacks_made_for_each_request_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "_known", {})
    monkeypatch.setattr(view, "_MOST_VIEWS", 10)
    references = []
    for number in range(25):
        callback = functools.partial(views.hello, number=number)
        references.append(weakref.ref(callback))
        assert view.code_of(callback, "GET")["name"] == f"{SHELF}.hello"
        del callback

    assert len(view._known) <= 10
    assert [one() for one in references] == [None] * 25


def test_a_callback_with_the_identity_of_one_that_is_gone_is_another() -> None:
    for decorated in (False, True):
        callback: Any = functools.partial(views.hello)
        if decorated:
            callback = functools.partial(views.ahello)
        expected = "ahello" if decorated else "hello"
        assert view.code_of(callback, "GET")["name"] == f"{SHELF}.{expected}"
        del callback


def test_a_callback_that_cannot_be_referred_to_weakly_is_known_all_the_same() -> None:
    class Slotted:
        __slots__ = ()

        def __call__(self, request: HttpRequest) -> None: ...

    assert view.code_of(Slotted(), None)["kind"] == "callable object"


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
    assert 0 < stage.facts["own_ns"] == stage.duration_ns - inside
    (span,) = [span for span in cycle.spans if span.stage is Stage.VIEW]
    assert {query.parent for query in cycle.queries} == {span.id}


@pytest.mark.parametrize("url", ["/gathered/5/", "/aqueries/3/", "/in-template/"])
def test_its_own_time_is_neither_negative_nor_all_of_it(site: Site, url: str) -> None:
    stage = site.get(url).cycle.stage(Stage.VIEW)

    assert 0 < stage.facts["own_ns"] < stage.duration_ns


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
    assert cycle.stage(Stage.VIEW).facts["atomic"] == ["default"]


def test_a_view_that_wants_no_transaction_has_none(serve: Any, settings: Any) -> None:
    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)

    settings.DATABASES["default"]["ATOMIC_REQUESTS"] = True
    try:
        found = facts(serve(transaction.non_atomic_requests(page)).get("/"))
    finally:
        settings.DATABASES["default"]["ATOMIC_REQUESTS"] = False

    assert "atomic" not in found
    assert found["non_atomic"] == ["default"]


def test_a_view_that_returns_nothing_is_told_so_as_without_the_tool(serve: Any) -> None:
    answer = serve(lambda request: None).get("/")

    assert answer.status == 500
    (event,) = failures(answer.cycle)
    assert "didn't return an HttpResponse object" in str(event.attributes["message"])
