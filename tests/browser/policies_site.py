"""A project in one file, run as a process of its own: pages under policies, and the app installed.

    python policies_site.py 127.0.0.1:8000

The history is kept in the folder in which it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

HEADER = "Content-Security-Policy"
POLICIES = {
    "open": "default-src 'none'; script-src 'self'; connect-src 'self'",
    "closed": "default-src 'none'; script-src 'self'",
}
PAGE = "<!doctype html><html lang='en'><title>Books</title><body><h1>Books</h1></body></html>"


def page(request: HttpRequest, policy: str) -> HttpResponseBase:
    return HttpResponse(PAGE, headers={HEADER: POLICIES[policy]})


def stream(request: HttpRequest, policy: str) -> HttpResponseBase:
    return StreamingHttpResponse(iter([PAGE]), headers={HEADER: POLICIES[policy]})


urlpatterns = [path("<str:policy>/", page), path("stream/<str:policy>/", stream)]

if __name__ == "__main__":
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        CYCLE_INSPECTOR={"HISTORY_PATH": Path("history.sqlite3").resolve()},
        DEBUG=True,
        INSTALLED_APPS=["cycle_inspector"],
        MIDDLEWARE=[
            "cycle_inspector.middleware.FirstMiddleware",
            "cycle_inspector.middleware.LastMiddleware",
        ],
        ROOT_URLCONF=__name__,
        SECRET_KEY="for tests only",
        USE_TZ=True,
    )
    execute_from_command_line(["", "runserver", "--noreload", *sys.argv[1:]])
