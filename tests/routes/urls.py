"""URLconfs to be searched: patterns of every make, includes in includes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path, register_converter
from django.urls.resolvers import RegexPattern, URLResolver


class Year:
    """Four figures, but for the year that never was; it counts how often it is asked."""

    regex = "[0-9]{4}"
    asked: ClassVar[list[str]] = []

    def to_python(self, value: str) -> int:
        self.asked.append(value)
        if value == "0000":
            raise ValueError
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Year, "shelf_year")


def view(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse()


def resolver(*patterns: Any) -> URLResolver:
    """Return the root of a URLconf, as `get_resolver()` makes it."""
    return URLResolver(RegexPattern(r"^/"), list(patterns))


SHOP = (
    [
        path("", view, name="home"),
        path("cart/", view, name="cart"),
        path("<slug:shelf>/items/<int:number>/", view, name="item"),
    ],
    "shop",
)

patterns = [
    path("", view, name="start"),
    path("books/", view, name="books"),
    path("books/<int:pk>/", view, name="book"),
    path("books/<int:pk>/edit/", view, name="edit"),
    path("books.csv", view, name="csv"),
    path("shop/", include(SHOP)),
    path("Archive/<shelf_year:year>/", view),
    re_path(r"^orders/(?P<pk>\d+)/$", view, name="order"),
    re_path(r"^old/(?:x|y)/$", view),
    path("/wrong/", view),
    path(r"^regex/(\d+)/$", view),
    path("noslash", include([path("in/", view)])),
    path("<slug:a>-<int:b>/", view),
    path("files/<path:rest>/raw/", view),
    path("reset/<int:token>/", view),
]
