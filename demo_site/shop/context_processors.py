"""Tell each page which lesson it is."""

from __future__ import annotations

from itertools import pairwise

from django.http import HttpRequest

from demo_site.shop.lessons import LESSONS, Lesson

_BY_NAME = {lesson.name: lesson for lesson in LESSONS}
_NEXT = {one.name: following for one, following in pairwise(LESSONS)}


def lesson(request: HttpRequest) -> dict[str, Lesson | None]:
    """Add the lesson of the URL that matched, and the one to go on to."""
    match = request.resolver_match
    name = match.url_name if match and match.namespace == "shop" else None
    return {"lesson": _BY_NAME.get(name), "next_lesson": _NEXT.get(name)}
