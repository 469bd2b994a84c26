"""A project in one file, run as a process of its own: a page that asks the database a lot.

    python queries_site.py 127.0.0.1:8000

The history is kept in the folder in which it runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

PAGE = "<!doctype html><html lang='en'><title>Books</title><body><h1>Books</h1></body></html>"


def page(request: HttpRequest, count: int) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(count):
            cursor.execute("SELECT %s, %s", [number, "x" * (number % 80)])
    return HttpResponse(PAGE)


urlpatterns = [path("", page, {"count": 1}), path("<int:count>/", page)]

if __name__ == "__main__":
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        CYCLE_INSPECTOR={"HISTORY_PATH": Path("history.sqlite3").resolve()},
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
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
