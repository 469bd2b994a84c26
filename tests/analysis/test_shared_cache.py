"""Pages that are kept for everybody."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.shared_cache import find
from cycle_inspector.records import Finding


def found(serve: Any, *, by_session: bool = True, **control: Any) -> list[Finding]:
    @cache_control(**control)
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(by_session and request.session.get("basket")))

    return list(find(serve(view).get("/").cycle, Thresholds()))


@pytest.mark.parametrize("control", [{"public": True, "max_age": 60}, {"s_maxage": 60}])
def test_finds_a_page_by_cookie_that_is_kept_for_all(serve: Any, control: dict[str, Any]) -> None:
    (finding,) = found(serve, **control)
    assert finding.code == "CI503"


@pytest.mark.parametrize(
    "control", [{"private": True, "max_age": 60}, {"max_age": 0}, {"no_store": True}]
)
def test_does_not_find_a_page_by_cookie_that_is_private(
    serve: Any, control: dict[str, Any]
) -> None:
    assert found(serve, **control) == []


def test_does_not_find_a_page_that_is_the_same_for_all(serve: Any) -> None:
    assert found(serve, by_session=False, public=True) == []
