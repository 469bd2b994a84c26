"""The panel under a Content-Security-Policy: with the page's nonce, and never with a new policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import django
import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from cycle_inspector.records import Stage
from tests.site import Answer

HEADER = "content-security-policy"
SELF, NONE, STRICT, INLINE = "'self'", "'none'", "'strict-dynamic'", "'unsafe-inline'"
NONCE = "<CSP_NONCE_SENTINEL>"

# Django's own from 6.0 on; and one made by hand that works as django-csp does.
KINDS = ["tests.shelf.policies.LikeDjangoCsp"]
if django.VERSION >= (6, 0):
    KINDS.append("django.middleware.csp.ContentSecurityPolicyMiddleware")


@pytest.fixture(params=KINDS)
def visit(request: pytest.FixtureRequest, serve: Any, settings: Any) -> Callable[..., Answer]:
    """Ask for a page under a policy, with or without the tool."""

    def visit(
        directives: Any, view: Any, *, is_bare: bool = False, client: str = "127.0.0.1"
    ) -> Answer:
        settings.SECURE_CSP = directives
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": directives}
        site = serve(view, middleware=[request.param])
        return (site.bare() if is_bare else site).ask("GET", "/", client=client)

    return visit


def nonce_of(request: HttpRequest) -> Any:
    django_csp = getattr(request, "csp_nonce", None)
    return request._csp_nonce if django_csp is None else django_csp


def uses_nonce(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f'<body><script nonce="{nonce_of(request)}"></script></body>')


def uses_none(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<body></body>")


def streams(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["<body></body>"]))


def nonces(text: str) -> list[str]:
    return re.findall(r"""nonce[=-]["']?([\w-]+)""", text)


def shown(answer: Answer) -> str:
    return str(answer.cycle.stage(Stage.RESPONSE).facts["panel"])


@pytest.mark.parametrize("sources", [[NONCE], [SELF, NONCE], [NONCE, STRICT]])
def test_the_nonce_of_the_page_is_the_panels_too(visit: Any, sources: list[str]) -> None:
    answer = visit({"script-src": sources}, uses_nonce)

    (of_policy,) = nonces(answer.headers[HEADER])
    assert nonces(answer.text) == [of_policy, of_policy]
    assert shown(answer) == "shown"


@pytest.mark.parametrize("sources", [[NONCE], [NONCE, STRICT], [SELF, NONCE, STRICT]])
def test_an_unused_nonce_is_used_where_nothing_else_lets_the_panel_in(
    visit: Any, sources: list[str]
) -> None:
    answer = visit({"script-src": sources}, uses_none)

    (of_policy,) = nonces(answer.headers[HEADER])
    assert nonces(answer.text) == [of_policy]
    assert shown(answer) == "shown"


@pytest.mark.parametrize("sources", [[SELF, NONCE], ["*", NONCE], [SELF]])
def test_an_unused_nonce_stays_so_where_the_panel_is_let_in_anyway(
    visit: Any, sources: list[str]
) -> None:
    answer = visit({"script-src": sources}, uses_none)
    bare = visit({"script-src": sources}, uses_none, is_bare=True)

    assert answer.headers[HEADER] == bare.headers[HEADER]
    assert nonces(answer.text) == []
    assert shown(answer) == "shown"


@pytest.mark.parametrize(
    "directives",
    [
        {"default-src": [NONE]},
        {"script-src": [NONE]},
        {"script-src": [STRICT]},
        {"script-src": ["https://example.org"]},
        {"script-src": [INLINE, NONCE]},
    ],
)
def test_where_the_panel_cannot_load_the_page_is_left_alone(visit: Any, directives: Any) -> None:
    answer, bare = visit(directives, uses_none), visit(directives, uses_none, is_bare=True)

    assert answer.body == bare.body
    assert answer.headers[HEADER] == bare.headers[HEADER]
    assert "Content-Security-Policy does not let" in shown(answer)
    assert answer.headers["cycle-url"]


def test_a_page_without_a_policy_gets_none(visit: Any) -> None:
    answer = visit({}, uses_none)

    assert HEADER not in answer.headers
    assert shown(answer) == "shown"


def test_for_a_client_that_may_not_see_it_the_nonce_is_not_asked_for(visit: Any) -> None:
    directives = {"script-src": [NONCE, STRICT]}
    answer = visit(directives, uses_none, client="203.0.113.9")

    assert nonces(answer.headers[HEADER]) == []
    assert "cycle-id" not in answer.headers


def test_for_what_is_no_page_the_nonce_is_not_asked_for(visit: Any) -> None:
    answer = visit(
        {"script-src": [NONCE]}, lambda request: HttpResponse("{}", content_type="application/json")
    )

    assert nonces(answer.headers[HEADER]) == []


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
@pytest.mark.parametrize("sources", [[NONCE], [SELF, NONCE]])
def test_a_stream_has_the_nonce_where_it_needs_one(visit: Any, sources: list[str]) -> None:
    answer = visit({"script-src": sources}, streams)

    assert nonces(answer.text) == nonces(answer.headers[HEADER])
    assert len(nonces(answer.text)) == (SELF not in sources)
    assert shown(answer) == "shown"


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")
def test_of_a_stream_whose_policy_keeps_the_panel_out_it_is_said(visit: Any) -> None:
    answer = visit({"script-src": [NONE]}, streams)

    assert "Content-Security-Policy does not let" in shown(answer)


def test_a_policy_that_only_reports_does_not_keep_the_panel_out(serve: Any, settings: Any) -> None:
    header = "Content-Security-Policy-Report-Only"
    answer = serve(
        lambda request: HttpResponse("<body></body>", headers={header: "default-src 'none'"})
    ).get("/")

    assert "panel.js" in answer.text
    assert answer.headers[header.lower()] == "default-src 'none'"
