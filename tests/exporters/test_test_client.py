"""The test that is written runs, and asks what the client had asked."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

from cycle_inspector import record
from cycle_inspector.exporters.test_client import export
from cycle_inspector.records import Cycle, Stage
from tests.factories import make_cycle, make_stage
from tests.site import Site

NASTY = '\'"""; import os #\n\\ {x} é \u202e'

Run = Callable[[Cycle], HttpRequest]


@pytest.fixture
def run(settings: Any, transactional_db: None) -> Run:
    """Run the test of a cycle, which is to pass, and return the request that it made."""
    seen: list[HttpRequest] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        assert request.body is not None
        request.user.is_authenticated  # noqa: B018 - loaded while the test's user is there
        return HttpResponse("")

    def run(cycle: Cycle) -> HttpRequest:
        settings.ROOT_URLCONF = (re_path("", view),)
        made: dict[str, Any] = {"__name__": "repeated"}
        exec(compile(export(cycle), "repeated.py", "exec"), made)  # noqa: S102 - what is tested
        suite = unittest.defaultTestLoader.loadTestsFromTestCase(made["RepeatedRequestTests"])
        assert suite.countTestCases() == 1
        result = suite.run(unittest.TestResult())
        assert result.errors + result.failures == []
        (request,) = seen
        return request

    return run


def cycle_of(method: str = "POST", **facts: Any) -> Cycle:
    given = {"method": method, "url": "http://testserver/books/", **facts}
    return make_cycle(stages={Stage.CLIENT: make_stage(Stage.CLIENT, facts=given)})


def test_page_is_asked_for_again(wsgi_site: Site, run: Run) -> None:
    cycle = wsgi_site.get("/hello/?page=2&q=%C3%A9", {"Accept-Language": "de"}).cycle

    request = run(cycle)

    assert (request.method, request.get_full_path()) == ("GET", "/hello/?page=2&q=%C3%A9")
    assert request.headers["Accept-Language"] == "de"
    assert not request.is_secure()


def test_form_is_sent_again(wsgi_site: Site, run: Run) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"name=ada&tag=a&tag=b&password=hunter2"
    cycle = wsgi_site.ask("POST", "/reads-post/", body=body, headers=headers).cycle

    request = run(cycle)

    assert dict(request.POST.lists()) == {
        "name": ["ada"],
        "tag": ["a", "b"],
        "password": ["REDACTED"],
    }
    assert "# Put in what was hidden, where it says REDACTED: the field password." in export(cycle)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET", "OPTIONS", "REPORT"])
@pytest.mark.parametrize("body", [b'{"a": [1, "\\u00e9"]}', b'"text"'])
def test_json_is_sent_again(wsgi_site: Site, run: Run, method: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    cycle = wsgi_site.ask(method, "/reads-body/", body=body, headers=headers).cycle

    request = run(cycle)

    assert request.method == method
    assert request.content_type == "application/json"
    assert request.body == body


def test_text_is_sent_again(wsgi_site: Site, run: Run) -> None:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    cycle = wsgi_site.ask("PUT", "/reads-body/", body=NASTY.encode(), headers=headers).cycle

    request = run(cycle)

    assert request.body == NASTY.encode()


def test_form_of_another_method_is_sent_again(run: Run) -> None:
    request = run(cycle_of("PATCH", form=[["a", "1 2"]]))

    assert request.body == b"a=1+2"
    assert request.content_type == "application/x-www-form-urlencoded"


def test_files_are_empty_ones_of_their_names(run: Run) -> None:
    files = [
        {"name": "cover", "filename": "a.png", "content_type": "image/png"},
        {"name": "more", "filename": "b.txt", "content_type": "text/plain"},
        {"name": "more", "filename": "c.txt", "content_type": "text/plain"},
    ]
    cycle = cycle_of(form=[["name", "ada"]], files=files)

    request = run(cycle)

    assert request.POST["name"] == "ada"
    assert request.FILES["cover"].content_type == "image/png"
    assert [one.name for one in request.FILES.getlist("more")] == ["b.txt", "c.txt"]
    assert "# What was in the files is not kept, only their names." in export(cycle)


def test_user_is_signed_in(run: Run) -> None:
    request = run(cycle_of("GET", user="ada"))

    assert request.user.get_username() == "ada"
    assert not User.objects.exists()  # gone with the test


def test_secure_request_stays_secure(run: Run) -> None:
    assert run(cycle_of("GET", url="https://shop.example/books/")).is_secure()


def test_prefix_of_the_script_is_the_servers(run: Run) -> None:
    cycle = make_cycle(
        stages={
            Stage.CLIENT: make_stage(
                Stage.CLIENT, facts={"method": "GET", "url": "http://testserver/shop/books/"}
            ),
            Stage.GATEWAY: make_stage(Stage.GATEWAY, facts={"script_name": "/shop"}),
        }
    )

    assert run(cycle).path == "/books/"


def test_cookies_of_the_project_are_there_and_those_of_django_are_told(run: Run) -> None:
    cycle = cycle_of("GET", cookies=[["sessionid", "x"], ["theme", "x"]], session_keys=["cart"])

    request = run(cycle)

    assert request.COOKIES == {"theme": "REDACTED"}
    assert "of its own: sessionid." in export(cycle)
    assert "# Its session had: cart." in export(cycle)


def test_what_raised_is_raised_again(wsgi_site: Site) -> None:
    code = export(wsgi_site.get("/raises/").cycle)

    assert "# It raised ValueError, which the test client raises again." in code
    assert "assertEqual" not in code


def test_nothing_that_was_captured_gets_out_of_its_quotes(run: Run) -> None:
    cycle = cycle_of(
        "POST",
        url='http://testserver/\'"""/',
        user="ada'\n",
        headers=[["X-Nasty", NASTY]],
        form=[[NASTY, NASTY]],
        cookies=[["n'", "x"]],
        session_keys=[NASTY],
    )

    request = run(cycle)

    assert list(request.POST.values()) == [NASTY]
    assert request.user.get_username() == "ada'\n"


def test_block_has_no_test(switched_on: Any) -> None:
    with record() as recording:
        pass

    assert export(recording.cycle).startswith("# This cycle has no request")
