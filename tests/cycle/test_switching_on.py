"""Switching on, in projects of every make: what the tool asks of them, and what it leaves alone."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.management import call_command
from django.db import connection, reset_queries
from django.http import HttpRequest, HttpResponse
from django.test.utils import override_settings
from django.urls import path, re_path

from cycle_inspector.history import reader, writer
from cycle_inspector.panel import access
from tests.conftest import PAIR
from tests.shelf.models import Author, Book
from tests.shelf.views import PAGE
from tests.site import Site

ROOT = Path(__file__).resolve().parents[2]
OURS = {"cycle-id", "cycle-url", "server-timing"}

OWN_PATHS = ("/__cycle__/", "/__cycle__/latest/", "/__cycle__/panel.js", "/__cycle__/nothing")


def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE)


def kept() -> list[str]:
    """Return the paths of all cycles, the newest first."""
    assert writer.flush(10)
    return [row.path for row in reader.recent(100)]


# The tool's own addresses


@pytest.mark.parametrize("own", OWN_PATHS)
@pytest.mark.parametrize("root", ["", "/shop", "/a/b"])
def test_below_a_script_name_own_requests_are_answered_and_not_kept(
    site: Site, own: str, root: str
) -> None:
    answer = site.ask("GET", own, root=root)

    assert answer.status in (200, 404)
    assert not OURS & answer.headers.keys()
    assert kept() == []


@pytest.mark.parametrize("own", OWN_PATHS)
@pytest.mark.parametrize(
    "middleware",
    [
        ["tests.shelf.onion.other_urlconf"],
        ["django.middleware.locale.LocaleMiddleware", "django.middleware.common.CommonMiddleware"],
        [
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ],
        ["tests.shelf.onion.Raises"],
    ],
    ids=["another urlconf", "translated urls", "login required", "a broken middleware"],
)
def test_whatever_the_project_makes_of_an_address_own_ones_are_answered_and_not_kept(
    serve: Any, settings: Any, own: str, middleware: list[str]
) -> None:
    settings.USE_I18N = True
    settings.LOGIN_URL = "/login/"
    patterns = i18n_patterns(path("home/", page), re_path("", page))

    answer = serve(*patterns, middleware=middleware).get(own)

    assert answer.status in (200, 404)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert kept() == []


def test_an_address_that_only_looks_like_one_is_the_projects(serve: Any) -> None:
    site = serve(re_path("", page), middleware=["django.middleware.common.CommonMiddleware"])

    for other in ("/__cycle__", "/shop/__cycle__/", "/__cycle__s/", "//__cycle__/"):
        assert "Hello" in site.get(other).text
    assert len(kept()) == 4


HOSTILE = [
    "..%2f..%2fsettings.py",
    "%00",
    "%ff%fe",
    "1/",
    "0" * 5_000 + "/",
    "{id}/stages/%00",
    "{id}/stages/kitchen",
    "{id}/stages/" + "a" * 2_000,
    "{id}/browser",
    "{id}.json/",
    "latest.json?path=%00",
    "latest.json?path=%ff",
    "latest.json?path=" + "a" * 5_000,
    "latest.json?path=/a&path=/b",
    "cycles.json?search=%00",
    "cycles.json?search=" + "a" * 60_000,
    "cycles.json?search=" + "time:>1%20404%20%25%20'" * 100,
    "cycles.json?ids=%00,1,{id}",
    "%F0%9F%90%99/",
    "?before=%00",
    "?before=nothing&limit=-1",
    "//",
    "../hello/",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"])
def test_whatever_is_asked_of_the_tool_it_does_not_fail(site: Site, method: str) -> None:
    known = site.get("/hello/").cycle_id
    for rest in HOSTILE:
        url = "/__cycle__/" + rest.replace("{id}", known)
        headers = {"sec-fetch-site": "same-origin", "content-type": "application/json"}
        answer = site.ask(method, url, body=b'{"load_ns": "soon"}', headers=headers)
        assert answer.status in (200, 204, 302, 400, 404, 405, 413), (method, url)


# What a project can observe


def both(serve: Any, view: Any) -> tuple[str, str]:
    """Return what a page says of itself, with the tool and without."""
    site = serve(view)
    return tuple(  # type: ignore[return-value]
        one.get("/").text.partition("<hr>")[0] for one in (site, site.bare())
    )


def test_a_view_sees_the_same_queries_on_its_connection(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        reset_queries()
        Author.objects.filter(pk=1).exists()
        list(Book.objects.filter(pk__in=[1, 2]))
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse(
            "|".join(one["sql"] for one in connection.queries) + "<hr><body></body>"
        )

    with_tool, bare = both(serve, view)

    assert with_tool == bare
    assert bare.count("|") == 2


def test_the_log_of_statements_is_the_same(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        caplog.clear()
        Author.objects.filter(pk=1).exists()
        Book.objects.filter(pk=1).delete()
        logged = [one.args[1] for one in caplog.records if one.name == "django.db.backends"]
        return HttpResponse("|".join(logged) + "<hr><body></body>")

    with caplog.at_level(logging.DEBUG, "django.db.backends"):
        with_tool, bare = both(serve, view)

    assert with_tool == bare
    assert "SELECT 1" in bare


def test_no_table_is_made_in_the_projects_database(site: Site) -> None:
    call_command("migrate", verbosity=0)
    site.get("/hello/").cycle  # noqa: B018 - once it is kept

    assert not [name for name in connection.introspection.table_names() if "cycle" in name]


def test_nobody_is_looked_up_by_name(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a name was looked up")

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(access, "_CONTAINER_MARKS", (Path("/"),))  # as if in a container
    access._container_gateway.cache_clear()
    settings.INTERNAL_IPS = ["host.docker.internal"]

    answers = [site.ask("GET", "/hello/", client=one) for one in ("172.31.0.9", "127.0.0.1", "::1")]

    access._container_gateway.cache_clear()
    assert [one.headers.keys() >= OURS for one in answers] == [False, True, True]


def test_settings_that_are_overridden_take_effect_at_once(site: Site, settings: Any) -> None:
    assert "cycle-id" in site.get("/hello/").headers
    given = settings.CYCLE_INSPECTOR

    with override_settings(CYCLE_INSPECTOR={**given, "ENABLED": False}):
        off = site.get("/hello/")
        assert (off.text, OURS & off.headers.keys()) == (PAGE, set())
        assert "panel.js" not in site.get("/__cycle__/").text
    with override_settings(CYCLE_INSPECTOR={**given, "IGNORE_PATHS": ["/hello/"]}):
        assert not OURS & site.get("/hello/").headers.keys()
    with override_settings(CYCLE_INSPECTOR={**given, "SHOW_PANEL": lambda request: False}):
        assert not OURS & site.get("/hello/").headers.keys()
        assert site.get("/__cycle__/").status == 404
    with override_settings(CYCLE_INSPECTOR={**given, "MAX_QUERIES": 2}):
        cycle = site.get("/queries/5/").cycle
        assert (len(cycle.queries), cycle.dropped) == (2, {"queries": 3})
    with override_settings(CYCLE_INSPECTOR={**given, "SOFT_MAX_QUERIES": 2}):
        cycle = site.get("/queries/5/").cycle
        assert (len(cycle.queries), cycle.dropped) == (5, {"details": 3})
    with override_settings(DEBUG=False):
        assert not OURS & site.get("/hello/").headers.keys()
    assert "cycle-id" in site.get("/hello/").headers


# Projects with next to nothing

_PROJECT = """
import io, sys
from django.conf import settings

given = {{
    "DEBUG": True, "ALLOWED_HOSTS": ["*"], "INSTALLED_APPS": ["cycle_inspector"],
    "MIDDLEWARE": [{first!r}, {last!r}],
    "CYCLE_INSPECTOR": {{"HISTORY_PATH": sys.argv[1]}},
}}
{settings}
settings.configure(**given)
import django
django.setup()
from django.core.management import call_command
from django.http import HttpResponse
from django.urls import path

def page(request):
    return HttpResponse("<body>Hello</body>")

{urls}
call_command("check", fail_level="WARNING")
from tests.site import Site
"""

_VISIT = """
for server in ("wsgi", "asgi"):
    site = Site(server)
    answer = site.get("/")
    assert answer.status == 200, answer.text
    assert "panel.js" in answer.text
    cycle = answer.cycle
    assert [one for one in cycle.events if one.kind == "fault"] == [], cycle.events
    assert cycle.dropped == {{}}, cycle.dropped
    for own in ("", "panel.js", "latest/", f"{{cycle.id}}/", f"{{cycle.id}}.json"):
        assert site.get("/__cycle__/" + own).status in (200, 302), own
    for stage in cycle.stages:
        assert site.get(f"/__cycle__/{{cycle.id}}/stages/{{stage.stage}}").status == 200
"""

_FAIL = """
site = Site("wsgi")
for one in (site, site.bare()):
    try:
        one.get("/")
    except AttributeError as error:
        assert "ROOT_URLCONF" in str(error)
    else:
        raise AssertionError("answered")
"""

_WITH_URLS = "urlpatterns = [path('', page)]"
_DUMMY = "django.template.backends.dummy.TemplateStrings"
_URLCONF = "given['ROOT_URLCONF'] = '__main__'\n"


def run(script: str, folder: Path, *, settings: str, urls: str = "") -> None:
    """Run `script` in a process and a project of its own, with warnings as errors."""
    code = script.format(settings=settings, urls=urls, first=PAIR[0], last=PAIR[1])
    # In the development mode asyncio tells of each step that takes a tenth of a second.
    environ = {name: one for name, one in os.environ.items() if name != "PYTHONDEVMODE"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(folder / "history.sqlite3")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environ,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("settings", "urls"),
    [
        (_URLCONF, _WITH_URLS),
        (_URLCONF, "urlpatterns = []"),  # Django's rocket
        (_URLCONF + f"given['TEMPLATES'] = [{{'BACKEND': {_DUMMY!r}}}]", _WITH_URLS),
    ],
    ids=["no other app", "no page yet", "no Django templates"],
)
def test_a_project_with_next_to_nothing_is_served(tmp_path: Path, settings: str, urls: str) -> None:
    run(_PROJECT + _VISIT, tmp_path, settings=settings, urls=urls)


def test_without_a_root_urlconf_it_is_django_that_fails(tmp_path: Path) -> None:
    # Before any middleware is called.
    run(_PROJECT + _FAIL, tmp_path, settings="")
