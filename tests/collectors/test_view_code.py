"""Which code answers: the name, the kind and the place of every sort of view."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.syndication.views import Feed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import ListView, RedirectView, TemplateView, View

from cycle_inspector.collectors._view_code import describe_callback
from tests.apis import operations, rest
from tests.shelf import views
from tests.shelf.models import Book
from tests.shelf.views import PAGE


def line_of(thing: Any) -> int:
    return inspect.getsourcelines(thing)[1]


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

    @classmethod
    def of_class(cls, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


class Counting:
    def get_queryset(self) -> Any:
        return super().get_queryset()  # type: ignore[misc]


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class BookList(Counting, ListView):
    model = Book

    def get_context_data(self, **kwargs: Any) -> Any:
        return super().get_context_data(**kwargs)

    def title(self) -> str:
        return "Books"


class Latest(Feed):
    def items(self) -> list[str]:
        return []


class BookAdmin(admin.ModelAdmin):
    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request)

    def labels(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(PAGE)


SITE = admin.AdminSite()
BOOKS = BookAdmin(Book, SITE)


def admin_callback(name: str) -> Any:
    return next(one.callback for one in BOOKS.get_urls() if str(one.name).endswith(name))


def operation(path: str) -> Any:
    found = operations.urlpatterns[0].url_patterns
    return next(one.callback for one in found if str(one.pattern) == path)


@pytest.mark.parametrize(
    ("callback", "method", "name", "thing"),
    [
        (Plain.as_view(), "GET", "Plain", Plain.get),
        (Plain.as_view(), "HEAD", "Plain", Plain.get),
        (Plain.as_view(), "POST", "Plain", Plain.post.__wrapped__),
        (Plain.as_view(), "OPTIONS", "Plain", Plain),
        (csrf_exempt(never_cache(Plain.as_view())), "GET", "Plain", Plain.get),
        (Page.as_view(), "GET", "Page", Page),
        (Holder().view, "GET", "Holder.view", Holder.view),
        (Holder.of_class, "GET", "Holder.of_class", Holder.of_class),
        (csrf_exempt(views.hello), "GET", "hello", views.hello),
        (never_cache(csrf_exempt(views.hello)), "GET", "hello", views.hello),
        (functools.partial(never_cache(views.hello)), "GET", "hello", views.hello),
        (never_cache(Holder().view), "GET", "Holder.view", Holder.view),
        (Latest(), "GET", "Latest", Latest),
        (BookList.as_view(), "GET", "BookList", Counting),
        (admin_callback("changelist"), "GET", "BookAdmin.changelist_view", BookAdmin),
        (SITE.admin_view(BOOKS.labels), "GET", "BookAdmin.labels", BookAdmin.labels),
        (rest.Plain.as_view(), "GET", "Plain", rest.Plain.get.__wrapped__),
        (rest.BookList.as_view(), "GET", "BookList", rest.BookList),
        (HttpResponse, "GET", "HttpResponse", HttpResponse),
    ],
)
def test_behind_decorators_and_classes_stands_the_code(
    callback: Any, method: str, name: str, thing: Any
) -> None:
    found = describe_callback(callback, method)

    assert found["name"].endswith(f".{name}")
    if thing is Counting:  # the class itself stands there, with its decorators
        assert found["line"] in (line_of(BookList), line_of(BookList) + 1)
    else:
        assert found["line"] == line_of(thing)
    assert found["path"] == inspect.getsourcefile(thing)


@pytest.mark.parametrize(
    ("callback", "method", "kind", "called"),
    [
        (views.hello, "GET", "function", None),
        (lambda request: None, "GET", "lambda", None),
        (Holder().view, "GET", "method", "view"),
        (views.Callable(), "GET", "callable object", None),
        (HttpResponse, "GET", "class", None),
        (Latest(), "GET", "feed", None),
        (Plain.as_view(), "GET", "class", "get"),
        (Plain.as_view(), "PUT", "class", "http_method_not_allowed"),
        (Plain.as_view(), "BREW", "class", "http_method_not_allowed"),
        (BookList.as_view(), "GET", "generic view", "get"),
        (admin_callback("changelist"), "GET", "admin view", "changelist_view"),
        (SITE.admin_view(SITE.index), "GET", "admin view", "index"),
        (rest.Plain.as_view(), "GET", "API view", "get"),
        (rest.Books.as_view({"get": "list"}), "GET", "viewset action", "list"),
        (rest.Books.as_view({"get": "list"}), "HEAD", "viewset action", "list"),
        (rest.Books.as_view({"get": "newest"}), "GET", "viewset action", "newest"),
        (rest.function, "POST", "api_view function", None),
        (operation("shelf"), "GET", "ninja operation", None),
    ],
)
def test_the_kind_is_said_in_words_and_the_method_that_answers(
    callback: Any, method: str, kind: str, called: str | None
) -> None:
    found = describe_callback(callback, method)

    assert (found["kind"], found["method"]) == (kind, called)


@pytest.mark.parametrize(
    ("callback", "is_async"),
    [
        (views.hello, False),
        (views.ahello, True),
        (never_cache(views.ahello), True),
        (views.Shelf.as_view(), False),
        (views.AsyncShelf.as_view(), True),
    ],
)
def test_async_code_is_told_from_sync(callback: Any, *, is_async: bool) -> None:
    assert describe_callback(callback, "GET")["is_async"] is is_async


def test_the_decorators_of_class_and_method_are_told_in_the_order_of_the_call() -> None:
    class Both(BookList):
        @method_decorator(transaction.atomic)
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(PAGE)

    found = describe_callback(never_cache(Both.as_view()), "GET")

    assert [one["name"].rpartition(".")[2] for one in found["decorators"]] == [
        "never_cache",
        "never_cache",
        "csrf_exempt",
        "atomic",
    ]


def test_of_a_generic_view_the_projects_own_methods_are_told() -> None:
    found = describe_callback(BookList.as_view(paginate_by=3, extra_context={"token": "x"}), "GET")

    hooks = {one["name"]: one["line"] for one in found["hooks"]}
    assert hooks == {
        "get_context_data": line_of(BookList.get_context_data),
        "get_queryset": line_of(Counting.get_queryset),
        "title": line_of(BookList.title),
    }
    assert list(hooks)[-1] == "title"
    assert found["bases"][0] == f"{__name__}.Counting"
    assert "django.views.generic.list.ListView" in found["bases"]
    assert found["given"] == {"paginate_by": 3, "extra_context": {"token": "*" * 20}}


def test_of_a_class_that_answers_itself_only_the_overridden_methods_are_told() -> None:
    class Own(BookList):
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(PAGE)

    hooks = [one["name"] for one in describe_callback(Own.as_view(), "GET")["hooks"]]

    assert sorted(hooks) == ["get_context_data", "get_queryset"]


def test_a_view_without_anything_besides_says_no_more() -> None:
    assert set(describe_callback(views.hello, "GET")) == {
        "name",
        "kind",
        "is_async",
        "method",
        "path",
        "line",
    }


def test_a_view_of_django_itself_is_found_there() -> None:
    found = describe_callback(RedirectView.as_view(url="/"), "GET")

    assert found["path"].endswith("django/views/generic/base.py")
    assert found["line"] == line_of(RedirectView.get)
    assert found["given"] == {"url": "/"}


def test_a_class_without_a_file_is_found_where_its_method_stands() -> None:
    made = type("Made", (TemplateView,), {"__module__": "nowhere"})

    found = describe_callback(made.as_view(), "GET")

    assert found["name"] == "nowhere.Made"
    assert found["line"] == line_of(TemplateView.get)


def test_the_operation_of_the_requests_method_is_found() -> None:
    callback = operation("shelf")

    read, write = (describe_callback(callback, method) for method in ("GET", "POST"))

    assert read["name"] == "tests.apis.operations.read"
    assert write["name"] == "tests.apis.operations.write"
    assert [one["name"] for one in write["decorators"]] == ["tests.shelf.views.decorate"]
    assert describe_callback(callback, "PUT")["method"] == "_not_allowed"


def test_a_function_with_api_view_is_the_view_with_all_its_decorators() -> None:
    found = describe_callback(rest.function, "GET")

    assert found["name"] == "tests.apis.rest.function"
    assert [one["name"].rpartition(".")[2] for one in found["decorators"]] == [
        "csrf_exempt",
        "api_view",
        "decorate",
    ]


def test_what_makes_a_view_is_told() -> None:
    def made(request: HttpRequest) -> None: ...

    found = describe_callback(made, "GET")

    assert found["made_by"] == f"{__name__}.test_what_makes_a_view_is_told"
    assert "made_by" not in describe_callback(views.hello, "GET")


def test_a_view_that_wants_no_transaction_says_so() -> None:
    callback = transaction.non_atomic_requests(decorate_anew(views.hello))

    assert describe_callback(callback, "GET")["non_atomic"] == ["default"]


def decorate_anew(view: Any) -> Any:
    @functools.wraps(view)
    def inner(request: HttpRequest) -> Any:
        return view(request)

    return inner
