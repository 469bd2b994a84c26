"""Pages that do not say in which charset they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.mixed_charset import find
from cycle_inspector.records import Finding, Severity

TEXT = "<p>Charlotte Brontë</p>"


def found(
    serve: Any, text: str = TEXT, kind: str | None = "text/html", **headers: str
) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(text, content_type=kind)

    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return list(find(serve(view).get("/", sent).cycle, Thresholds()))


def test_finds_a_page_of_which_nothing_says_the_charset(serve: Any) -> None:
    (finding,) = found(serve)
    assert (finding.code, finding.severity) == ("CI507", Severity.WARNING)
    assert finding.title == ("The page is utf-8, and says so nowhere: browsers have to guess")
    assert 'content_type="text/html; charset=utf-8"' in finding.fix


def test_finds_a_page_that_calls_itself_something_else(serve: Any) -> None:
    (finding,) = found(serve, f'<meta charset="iso-8859-1">{TEXT}')
    assert finding.title == "The page is utf-8, and calls itself iso-8859-1"


def test_does_not_find_the_mended_page(serve: Any) -> None:
    assert found(serve, kind=None) == []
    assert found(serve, kind="text/html; charset=utf-8") == []
    assert found(serve, f'<meta charset="UTF8">{TEXT}') == []


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Dest": "empty"}, {"X_Requested_With": "XMLHttpRequest"}]
)
def test_does_not_find_what_a_script_asks_for(serve: Any, headers: dict[str, str]) -> None:
    assert found(serve, **headers) == []


def test_does_not_find_what_is_the_same_in_every_charset(serve: Any) -> None:
    assert found(serve, "<p>Bronte</p>") == []
