"""Where a request comes from: other sites may link to a cycle, never read or change one."""

from __future__ import annotations

from django.http import HttpRequest


def is_foreign(request: HttpRequest) -> bool:
    """Say whether another site asks for something else than to follow a link."""
    if request.META.get("HTTP_SEC_FETCH_SITE") != "cross-site":
        return False
    return request.META.get("HTTP_SEC_FETCH_MODE") != "navigate" or request.method != "GET"


def is_own(request: HttpRequest) -> bool:
    """Say whether `request` was sent by a page of this very origin; silence counts as no."""
    site = request.META.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site in ("same-origin", "none")
    return request.META.get("HTTP_ORIGIN") == f"{request.scheme}://{request.get_host()}"
