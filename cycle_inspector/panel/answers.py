"""What the views below `/__cycle__/` share: which methods they answer, and how they say no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed

from cycle_inspector.history import reader
from cycle_inspector.records import Cycle

READING = ("GET", "HEAD")

View = Callable[..., HttpResponseBase]


class Absent(Http404):
    """There is no such cycle; its text is a sentence."""


def allow(*methods: str) -> Callable[[View], View]:
    """Let a view answer these methods only."""

    def decorate(view: View) -> View:
        def checked(request: HttpRequest, **given: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            return view(request, **given)

        return checked

    return decorate


def cycle_of(cycle_id: UUID) -> Cycle:
    """Return the cycle of this id, or say that there is none."""
    cycle = reader.get(str(cycle_id))
    if cycle is None:
        raise Absent(
            "There is no such cycle. It may have been removed to make room for newer ones."
        )
    return cycle


def plain(text: str, status: int) -> HttpResponse:
    """Return an answer that no browser takes for a page."""
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
