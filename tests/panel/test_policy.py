"""What a Content-Security-Policy lets in, and when its nonce is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject, empty

from cycle_inspector.panel import policy

NONCE = "<CSP_NONCE_SENTINEL>"  # django.utils.csp.CSP.NONCE, from Django 6.0
SELF, NONE, STRICT, INLINE = "'self'", "'none'", "'strict-dynamic'", "'unsafe-inline'"


class Lazy(SimpleLazyObject):
    """As django.utils.csp.LazyNonce, and django-csp's own: false until it has been read."""

    def __bool__(self) -> bool:
        return self._wrapped is not empty


class Placeholder:
    """As csp.constants.NONCE of django-csp."""

    def __repr__(self) -> str:
        return "csp.constants.NONCE"


def request(nonce: Any = None, name: str = "_csp_nonce", **meta: Any) -> HttpRequest:
    made = RequestFactory().get("/", HTTP_HOST="shop.test:8000", **meta)
    if nonce is not None:
        setattr(made, name, nonce)
    return made


def unread() -> Lazy:
    return Lazy(lambda: "abc")


def is_unread(nonce: Any) -> bool:
    return nonce._wrapped is empty


def reason(sources: str, nonce: str = "", **meta: Any) -> str | None:
    response = HttpResponse(headers={"Content-Security-Policy": sources})
    return policy.why_blocked(request(**meta), response, nonce)


def blocked(sources: str, nonce: str = "", **meta: Any) -> bool:
    return reason(sources, nonce, **meta) is not None


@pytest.mark.parametrize(
    "sources",
    [
        "",
        "img-src 'none'",
        "script-src 'self'",
        "script-src 'SELF'",
        "SCRIPT-SRC *",
        "script-src http:",
        "script-src shop.test:8000",
        "script-src http://shop.test:8000/",
        "script-src HTTP://SHOP.test:8000",
        "default-src 'none'; script-src 'self'; connect-src 'self'",
        "script-src 'self'; script-src 'none'",
        "script-src 'none'; script-src-elem 'self'",
        "default-src 'self'",
        "default-src 'self', script-src 'self'",
        "script-src 'unsafe-inline' 'self'",
    ],
)
def test_a_policy_that_lets_own_scripts_load_is_no_hindrance(sources: str) -> None:
    assert not blocked(sources)


@pytest.mark.parametrize(
    "sources",
    [
        "default-src 'none'",
        "script-src",
        "script-src 'none'",
        "script-src 'unsafe-inline'",
        "script-src https:",
        "script-src example.org",
        "script-src 'nonce-abc'",
        "script-src 'self' 'strict-dynamic'",
        "script-src 'none'; script-src 'self'",
        "script-src 'self'; script-src-elem 'none'",
        "default-src 'self', script-src 'none'",
    ],
)
def test_a_policy_that_does_not_is_told_of(sources: str) -> None:
    assert "does not let a script of its own site load" in str(reason(sources))


@pytest.mark.parametrize(
    "sources",
    [
        "connect-src 'self'",
        "CONNECT-SRC 'Self'",
        "connect-src *",
        "connect-src http:",
        "connect-src https://example.org http://shop.test:8000",
        "default-src 'self'",
        "default-src 'none'; script-src 'self'; connect-src shop.test:8000",
        "script-src 'self'",
        "connect-src 'self', default-src 'self'",
    ],
)
def test_a_policy_that_lets_scripts_fetch_from_the_own_site_is_no_hindrance(sources: str) -> None:
    assert reason(sources) is None


@pytest.mark.parametrize(
    "sources",
    [
        "connect-src 'none'",
        "connect-src",
        "connect-src https:",
        "connect-src https://example.org",
        "connect-src shop.test",
        "default-src 'none'; script-src 'self'",
        "default-src 'none'; script-src-elem 'self'",
        "default-src 'self'; connect-src 'none'",
        "connect-src 'none'; connect-src 'self'",
        "default-src 'self', connect-src 'none'",
    ],
)
def test_a_policy_that_does_not_let_them_is_told_of(sources: str) -> None:
    assert "(connect-src)" in str(reason(sources))


@pytest.mark.parametrize("sources", ["'nonce-abc'", "'strict-dynamic' 'nonce-abc'"])
def test_a_nonce_lets_the_script_load_but_not_fetch(sources: str) -> None:
    assert reason(f"script-src {sources}; connect-src 'self'", "abc") is None
    assert "(connect-src)" in str(reason(f"default-src {sources}", "abc"))


def test_strict_dynamic_says_nothing_of_what_scripts_fetch() -> None:
    assert reason("default-src 'self' 'strict-dynamic'; script-src 'self'") is None


def test_over_https_the_scheme_lets_own_scripts_load() -> None:
    assert not blocked("script-src https:", **{"wsgi.url_scheme": "https"})
    assert blocked("script-src http://shop.test:8000", **{"wsgi.url_scheme": "https"})


@pytest.mark.parametrize("sources", ["script-src 'nonce-abc'", "script-src 'nonce-abc' " + STRICT])
def test_the_pages_nonce_lets_the_script_load(sources: str) -> None:
    assert not blocked(sources, "abc")
    assert blocked(sources, "ABC")


def test_a_policy_that_only_reports_is_no_hindrance() -> None:
    response = HttpResponse(headers={"Content-Security-Policy-Report-Only": "default-src 'none'"})

    assert policy.why_blocked(request(), response, "") is None


@pytest.mark.parametrize("name", ["_csp_nonce", "csp_nonce"])
def test_a_nonce_that_was_read_is_in_use(name: str) -> None:
    nonce = unread()
    str(nonce)

    assert policy.nonce_in_use(request(nonce, name)) == "abc"


@pytest.mark.parametrize("name", ["_csp_nonce", "csp_nonce"])
@pytest.mark.parametrize("kind", [Lazy, SimpleLazyObject])  # the second as in django-csp 3
def test_a_nonce_that_was_not_read_stays_so(name: str, kind: Any) -> None:
    nonce = kind(lambda: "abc")

    assert policy.nonce_in_use(request(nonce, name)) == ""
    assert is_unread(nonce)


def test_a_page_may_have_no_nonce() -> None:
    assert policy.nonce_in_use(request()) == ""
    assert policy.use_nonce(request()) == ""
    assert not policy.needs_nonce(request(), HttpResponse())


def needs(directives: Any, settings: Any, **given: Any) -> bool:
    settings.SECURE_CSP = directives
    nonce = given.pop("nonce", unread())
    asked = request(nonce)
    answer = policy.needs_nonce(asked, HttpResponse(**given))
    assert is_unread(nonce) or bool(nonce)
    return answer


@pytest.mark.parametrize(
    "directives",
    [
        {"script-src": [NONCE]},
        {"script-src": NONCE},
        {"script-src": {NONCE, "https://example.org"}},
        {"default-src": [NONE], "script-src": (NONCE, STRICT), "connect-src": [SELF]},
        {"script-src": [SELF, NONCE, STRICT]},
        {"script-src": [INLINE, NONCE, STRICT]},
        {"script-src": f"{NONCE} https://example.org", "connect-src": "https://a.test 'self'"},
        {"default-src": [NONCE], "connect-src": ["*"]},
        {"default-src": [SELF], "script-src": [NONCE], "connect-src": None},
    ],
)
def test_the_nonce_is_needed_where_nothing_else_lets_the_script_load(
    directives: Any, settings: Any
) -> None:
    assert needs(directives, settings)


@pytest.mark.parametrize(
    "directives",
    [
        {},
        None,
        {"script-src": [SELF, NONCE]},
        {"script-src": ["*", NONCE]},
        {"script-src": ["http:", NONCE]},
        {"script-src": [NONE]},
        {"script-src": None},
        {"default-src": [NONE]},
        {"img-src": [NONCE]},
        {"script-src-elem": [SELF], "script-src": [NONCE]},
        # The script would load only to be refused what it fetches.
        {"script-src": [NONCE], "connect-src": [NONE]},
        {"default-src": [NONCE]},
        {"default-src": [NONE], "script-src": [NONCE], "connect-src": False},
        # With a nonce in the policy the page's inline scripts would no longer run.
        {"script-src": [INLINE, NONCE]},
    ],
)
def test_the_nonce_is_not_needed_where_it_would_not_help_or_change_the_page(
    directives: Any, settings: Any
) -> None:
    assert not needs(directives, settings)


def test_a_nonce_in_use_need_not_be_asked_for(settings: Any) -> None:
    used = unread()
    str(used)

    assert not needs({"script-src": [NONCE]}, settings, nonce=used)


def test_a_policy_that_the_view_has_made_itself_is_past_asking(settings: Any) -> None:
    headers = {"Content-Security-Policy": "script-src 'none'"}

    assert not needs({"script-src": [NONCE]}, settings, headers=headers)


@pytest.mark.parametrize(("own", "expected"), [({}, False), ({"script-src": [NONCE]}, True)])
def test_a_policy_of_the_views_own_goes_first(own: Any, expected: bool, settings: Any) -> None:
    settings.SECURE_CSP = {"script-src": [NONCE]} if not expected else {}
    response = HttpResponse()
    response._csp_config = own  # as django.views.decorators.csp.csp_override sets it

    assert policy.needs_nonce(request(unread()), response) is expected


@pytest.mark.parametrize(
    ("sources", "expected"), [([Placeholder()], True), ([SELF, Placeholder()], False)]
)
def test_the_settings_of_django_csp_are_read(sources: Any, expected: bool, settings: Any) -> None:
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": sources}}

    asked = request(unread(), "csp_nonce")
    assert policy.needs_nonce(asked, HttpResponse()) is expected


def test_to_use_the_nonce_is_to_read_it() -> None:
    nonce = unread()

    assert policy.use_nonce(request(nonce)) == "abc"
    assert not is_unread(nonce)
