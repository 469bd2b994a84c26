"""The project that the benchmarks serve: six pages, through the usual seven middlewares.

`configure` sets it up in the running process, bare or with one of the tools that watch requests.
The visitor is logged in, so each page loads a session and, where it asks for it, a user.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

TINY, TYPICAL, MANY, THOUSAND, FORM, ROWS = (
    *("/tiny/", "/typical/", "/many/", "/thousand/", "/form/", "/rows/"),
)

# What a tool asks to be installed: apps, middlewares before the others and after them.
TOOLS: dict[str, tuple[list[str], list[str], list[str]]] = {
    "bare": ([], [], []),
    "cycle_inspector": (
        ["cycle_inspector"],
        ["cycle_inspector.middleware.FirstMiddleware"],
        ["cycle_inspector.middleware.LastMiddleware"],
    ),
    "debug_toolbar": (
        ["debug_toolbar"],
        ["debug_toolbar.middleware.DebugToolbarMiddleware"],
        [],
    ),
    "silk": (["silk"], ["silk.middleware.SilkyMiddleware"], []),
    "kolo": ([], ["kolo.middleware.KoloMiddleware"], []),
}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = {
    "base.html": (
        "<!doctype html><html><head><title>{% block title %}Shelves{% endblock %}</title></head>"
        '<body><nav>{% for one in "abcdefgh" %}<a href="{% url "typical" %}?{{ one }}">{{ one }}'
        "</a>{% endfor %}{% if user.is_authenticated %}{{ user.get_username }}{% endif %}</nav>"
        "{% for message in messages %}{{ message }}{% endfor %}"
        "{% block content %}{% endblock %}</body></html>"
    ),
    "section.html": (
        '{% extends "base.html" %}{% block title %}{{ title }}{% endblock %}'
        "{% block content %}<h1>{{ title|title }}</h1>{% block body %}{% endblock %}{% endblock %}"
    ),
    "row.html": (
        '<li class="{% cycle "odd" "even" %}"><a href="{% url "typical" %}{{ one.pk }}">'
        "{{ one.name|capfirst }}</a> {{ one.content_type.model|truncatechars:20 }}"
        "{% if one.codename|length > 2 %} <b>{{ one.codename|upper }}</b>{% endif %}</li>"
    ),
    "typical.html": (
        '{% extends "section.html" %}{% block body %}<ul>{% for one in permissions %}'
        '{% include "row.html" %}{% endfor %}</ul>{% for group in groups %}<p>{{ group.name }}: '
        "{{ group.how_many }}</p>{% endfor %}{{ form }}{{ total }}{% endblock %}"
    ),
    "many.html": (
        '{% extends "base.html" %}{% block content %}{% for one in permissions %}'
        "<p>{{ one.name }} of {{ one.content_type.model }}</p>{% endfor %}{% endblock %}"
    ),
    "form.html": '{% extends "section.html" %}{% block body %}{{ form }}{% endblock %}',
}


urlpatterns: list[Any] = []
"""Filled by `configure`: importing Django's routes needs the settings."""


def configure(folder: Path, tool: str) -> None:
    """Set up the project in this process, with `tool` in it."""
    import django
    from django.conf import settings

    apps, first, last = TOOLS[tool]
    settings.configure(
        DEBUG=True,
        BASE_DIR=folder,
        SECRET_KEY="for the benchmark",
        ALLOWED_HOSTS=["*"],
        INTERNAL_IPS=["127.0.0.1"],
        ROOT_URLCONF=__name__,
        STATIC_URL="/static/",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            *apps,
        ],
        MIDDLEWARE=[*first, *MIDDLEWARE, *last],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                ("django.template.loaders.locmem.Loader", TEMPLATES),
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                    "context_processors": [
                        "django.template.context_processors.debug",
                        "django.template.context_processors.request",
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                    ],
                },
            }
        ],
    )
    django.setup()
    from django.urls import include, path

    routes = [
        path("tiny/", tiny),
        path("typical/", typical, name="typical"),
        path("many/", many),
        path("thousand/", thousand),
        path("form/", form),
        path("rows/", rows),
    ]
    if tool == "debug_toolbar":
        routes.append(path("__debug__/", include("debug_toolbar.urls")))
    if tool == "silk":
        routes.append(path("silk/", include("silk.urls", namespace="silk")))
    urlpatterns.extend(routes)


def seed() -> str:
    """Make the tables, 1000 permissions of as many content types, a visitor; return a session."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import Group, Permission, User
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    for number in range(1000):
        kind = ContentType.objects.create(app_label="benchmark", model=f"model{number}")
        Permission.objects.create(name=f"Can {number}", content_type=kind, codename=f"can{number}")
    for number in range(10):
        group = Group.objects.create(name=f"Group {number}")
        group.permissions.set(Permission.objects.all()[: number + 1])
    user = User.objects.create_user("visitor")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    connection.close()
    return str(session.session_key)


def tiny(request: Any) -> Any:
    """Answer with a string: nearly all of the time is Django's own."""
    from django.http import HttpResponse

    return HttpResponse("<!doctype html><html><body>Hello</body></html>")


def typical(request: Any) -> Any:
    """Ten queries, three levels of templates, fifty includes, a form of three fields."""
    from django import forms
    from django.contrib.auth.models import Group, Permission, User
    from django.db.models import Count
    from django.shortcuts import render

    permissions = Permission.objects.select_related("content_type").order_by("pk")
    groups = Group.objects.annotate(how_many=Count("permissions")).order_by("name")
    fields: dict[str, forms.Field] = {
        "name": forms.CharField(),
        "email": forms.EmailField(required=False),
        "agree": forms.BooleanField(),
    }
    total = (
        permissions.count()
        + groups.filter(name__contains="1").count()
        + User.objects.filter(is_active=True).count()
        + Permission.objects.filter(codename__startswith="can9").count()
        + len(Group.objects.filter(permissions__codename="can0")[:5])
        + int(Permission.objects.filter(codename="can1").exists())
    )
    return render(
        request,
        "typical.html",
        {
            "title": "All that there is",
            "permissions": permissions[:50],
            "groups": groups,
            "form": type("Search", (forms.Form,), fields)(),
            "total": total,
        },
    )


def many(request: Any) -> Any:
    """One query for 100 rows, and one for each of them."""
    return _loop(request, 100)


def thousand(request: Any) -> Any:
    """One query for 1000 rows, and one for each of them."""
    return _loop(request, 1000)


def _loop(request: Any, count: int) -> Any:
    from django.contrib.auth.models import Permission
    from django.shortcuts import render

    permissions = Permission.objects.order_by("pk")[:count]
    return render(request, "many.html", {"permissions": permissions})


def form(request: Any) -> Any:
    """A form of fifteen fields of several kinds: more than a hundred small templates."""
    from django import forms
    from django.shortcuts import render

    kinds: list[Any] = [
        lambda: forms.CharField(help_text="As on the cover."),
        lambda: forms.DateField(),
        lambda: forms.ChoiceField(choices=[(str(one), f"Choice {one}") for one in range(5)]),
        lambda: forms.BooleanField(required=False),
        lambda: forms.CharField(widget=forms.Textarea),
    ]
    fields = {f"field_{number}": kinds[number % len(kinds)]() for number in range(15)}
    filled = type("Fields", (forms.Form,), fields)()
    return render(request, "form.html", {"title": "A form", "form": filled})


def rows(request: Any) -> Any:
    """5000 instances, as JSON."""
    from django.contrib.auth.models import Permission
    from django.http import JsonResponse

    found = [
        {"id": one.pk, "name": one.name, "codename": one.codename}
        for _ in range(5)
        for one in Permission.objects.order_by("pk")
    ]
    return JsonResponse({"rows": found})
