"""What recording costs: the same pages with and without the tool, in turns.

    python benchmarks/cost.py [rounds]

Two processes serve the same pages through Django's WSGI handler with the usual seven middlewares;
one has the pair. They take turns, so that a busy machine is as busy for both. Each round is served
at another call depth: CPython 3.11 to 3.13 map and unmap memory where a hot loop's calls straddle a
chunk of the stack, which can cost more than what is measured. Wall time is that of the requests
alone; CPU time is the whole process's, so what the writer thread does is in it. Two figures each:
the best over the depths is the pure cost, the mean is what a user sees.
"""

from __future__ import annotations

import io
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PAGES = {"tiny page": ("/tiny/", 150), "N+1, 101 queries": ("/many/", 12), "form": ("/form/", 40)}
DEPTHS = 160  # frames: about what a chunk holds


def configure(folder: Path, *, with_tool: bool) -> Any:
    """Set up a small project in this process and return its WSGI handler."""
    import django
    from django.conf import settings

    pair = [f"cycle_inspector.middleware.{name}Middleware" for name in ("First", "Last")]
    usual = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ]
    settings.configure(
        DEBUG=True,
        BASE_DIR=folder,
        SECRET_KEY="for the benchmark",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "cycle_inspector",
        ],
        MIDDLEWARE=[pair[0], *usual, pair[1]] if with_tool else usual,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {"loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)]},
            }
        ],
    )
    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.urls import path

    sys.modules[__name__].urlpatterns = [  # type: ignore[attr-defined]
        path("tiny/", tiny),
        path("many/", many),
        path("form/", form),
    ]
    return WSGIHandler()


TEMPLATES = {
    "base.html": "<!doctype html><html><body>{% block content %}{% endblock %}</body></html>",
    "many.html": (
        '{% extends "base.html" %}{% block content %}{% for one in permissions %}'
        "<p>{{ one.name }} of {{ one.content_type.model }}</p>{% endfor %}{% endblock %}"
    ),
    "form.html": '{% extends "base.html" %}{% block content %}{{ form }}{% endblock %}',
}


def tiny(request: Any) -> Any:
    from django.http import HttpResponse

    return HttpResponse("<!doctype html><html><body>Hello</body></html>")


def many(request: Any) -> Any:
    from django.contrib.auth.models import Permission
    from django.shortcuts import render

    return render(request, "many.html", {"permissions": Permission.objects.order_by("pk")[:100]})


def form(request: Any) -> Any:
    from django import forms
    from django.shortcuts import render

    fields = {f"field_{number}": forms.CharField() for number in range(15)}
    return render(request, "form.html", {"form": type("Fields", (forms.Form,), fields)()})


def seed() -> None:
    """Make 100 permissions, each of a content type of its own."""
    from django.contrib.auth.models import Permission
    from django.contrib.contenttypes.models import ContentType
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    for number in range(100):
        kind = ContentType.objects.create(app_label="benchmark", model=f"model{number}")
        Permission.objects.create(name=f"Can {number}", content_type=kind, codename=str(number))
    connection.close()


def serve(pipe: Any, folder: Path, with_tool: bool) -> None:  # noqa: FBT001 - called by position, in a process of its own
    """Serve rounds as they are asked for; answer each with the ms per request, wall and CPU."""
    handler = configure(folder, with_tool=with_tool)
    if not (folder / "db").exists():
        seed()
    pipe.send("ready")
    while (order := pipe.recv()) is not None:
        path, count, depth = order
        pipe.send(at_depth(depth, lambda path=path, count=count: run(handler, path, count)))


def at_depth(depth: int, call: Any) -> Any:
    return call() if depth == 0 else at_depth(depth - 1, call)


def run(handler: Any, path: str, count: int) -> tuple[float, float]:
    from cycle_inspector.history import writer

    environs = [
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
        for _ in range(count)
    ]
    wall, cpu = 0.0, time.process_time()
    for environ in environs:
        start = time.perf_counter()
        response = handler(environ, lambda status, headers: None)
        b"".join(response)
        response.close()
        wall += time.perf_counter() - start
    writer.flush(10)  # at once where nothing was recorded
    return wall / count * 1e3, (time.process_time() - cpu) / count * 1e3


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 48
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        workers = []
        for with_tool in (False, True):
            ours, theirs = context.Pipe()
            process = context.Process(target=serve, args=(theirs, Path(name), with_tool))
            process.start()
            assert ours.recv() == "ready"
            workers.append((ours, process))
        for page, (path, count) in PAGES.items():
            measured: list[list[tuple[float, float]]] = [[], []]
            for turn in range(rounds + 2):
                for which in (0, 1) if turn % 2 else (1, 0):
                    workers[which][0].send((path, count, turn * 37 % DEPTHS))
                    result = workers[which][0].recv()
                    if turn >= 2:
                        measured[which].append(result)
            report(page, measured)
        for pipe, process in workers:
            pipe.send(None)
            process.join()


def report(page: str, measured: list[list[tuple[float, float]]]) -> None:
    for kind, name in enumerate(("wall", "cpu")):
        bare, tool = ([one[kind] for one in of_one] for of_one in measured)
        for how, taken in (("best", min), ("mean", statistics.mean)):
            before, added = taken(bare), taken(tool) - taken(bare)
            print(
                f"{page:18} {name:5} {how:5} bare {before:7.3f} ms   added {added:+7.3f} ms   "
                f"x{1 + added / before:.3f}"
            )


if __name__ == "__main__":
    main()
