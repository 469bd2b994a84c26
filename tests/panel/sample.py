"""A rich cycle of a bookshop: seven middlewares, an N+1, nested templates, findings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cycle_inspector import models
from cycle_inspector.records import (
    Cycle,
    Frame,
    Query,
    Render,
    Severity,
    Span,
    Stage,
    TemplateLine,
)
from tests.factories import (
    MS,
    make_cycle,
    make_event,
    make_finding,
    make_frame,
    make_query,
    make_render,
    make_span,
    make_stage,
)

US = 1_000

HOSTILE = "<script>alert(1)</script>\"><img src=x onerror=alert(2)>'"

MIDDLEWARES = (
    ("django.middleware.security.SecurityMiddleware", 90, 60),
    ("django.contrib.sessions.middleware.SessionMiddleware", 140, 380),
    ("django.middleware.common.CommonMiddleware", 110, 80),
    ("django.middleware.csrf.CsrfViewMiddleware", 60, 40),
    ("django.contrib.auth.middleware.AuthenticationMiddleware", 50, 20),
    ("django.contrib.messages.middleware.MessageMiddleware", 80, 210),
    ("shop.middleware.CurrencyMiddleware", 2_400, 120),
)

_BOOKS = (
    'SELECT "catalog_book"."id", "catalog_book"."title", "catalog_book"."slug", '
    '"catalog_book"."author_id", "catalog_book"."published", "catalog_book"."price" '
    'FROM "catalog_book" WHERE ("catalog_book"."in_print" AND "catalog_book"."price" < %s) '
    'ORDER BY "catalog_book"."published" DESC LIMIT 40'
)
_AUTHOR = (
    'SELECT "catalog_author"."id", "catalog_author"."name", "catalog_author"."born" '
    'FROM "catalog_author" WHERE "catalog_author"."id" = %s LIMIT 21'
)
_SESSION = (
    'SELECT "django_session"."session_key", "django_session"."session_data", '
    '"django_session"."expire_date" FROM "django_session" '
    'WHERE ("django_session"."expire_date" > %s AND "django_session"."session_key" = %s) LIMIT 21'
)
_USER = (
    'SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", '
    '"auth_user"."username" FROM "auth_user" WHERE "auth_user"."id" = %s LIMIT 21'
)
_TOTAL = (
    'SELECT COUNT(*) AS "__count" FROM "catalog_book" INNER JOIN "orders_line" ON '
    '("catalog_book"."id" = "orders_line"."book_id") WHERE "orders_line"."placed" >= %s '
    'AND "catalog_book"."language" = \'en\''
)

_VIEW = make_frame(function="BookList.get_queryset")
_VIEW_GET = make_frame(line=31, function="BookList.get")
_LOADER = make_frame(
    path="/env/lib/python3.13/site-packages/rest_framework/generics.py",
    line=190,
    function="ListModelMixin.list",
    is_project=False,
)
_SESSION_FRAME = make_frame(
    path="/srv/shop/shop/middleware.py", line=18, function="CurrencyMiddleware.__call__"
)
_KEY = ("2026-01-02", "••••")
_LIST_LINE = TemplateLine(name="catalog/_book.html", line=6)


DIFF = """\
--- catalog/views.py
+++ catalog/views.py
@@ -41 +41 @@
-    books = Book.objects.all()
+    books = Book.objects.select_related("author")
"""


def make_row(**given: Any) -> models.Cycle:
    """Return the row of a cycle, which is not kept; every column can be given."""
    values = {"id": "019aaa00-0000-7000-8000-00000000a0a0", **given}
    return models.Cycle(**{**models.cycle_row(make_cycle()), **values})


def rich_cycle(**given: Any) -> Cycle:
    """Return a page that took 84 ms, with 45 queries of which 40 load an author each."""
    spans, view_start = _spans()
    renders = _renders(view_start)
    queries = _queries(view_start)
    authors = tuple(one.id for one in queries if one.relation)
    cycle = make_cycle(
        duration_ns=84 * MS + 120 * US,
        request={
            "method": "GET",
            "path": "/books/",
            "host": "127.0.0.1:8000",
            "full_path": "/books/?page=2&order=published",
            "user": "ada",
        },
        response={
            "status": 200,
            "reason": "OK",
            "content_type": "text/html; charset=utf-8",
            "size_bytes": 48_213,
            "streaming": False,
        },
        stages=_stages(queries, renders, view_start),
        spans=spans,
        queries=queries,
        renders=renders,
        findings=(
            make_finding(
                title="N+1: 40 × catalog.Book.author",
                caller=_VIEW,
                template=_LIST_LINE,
                count=40,
                cost_ns=31 * MS,
                evidence=authors,
                fix='Add .select_related("author") to the queryset at catalog/views.py:22.',
                mend=make_frame(line=41, function="book_list"),
                diff=DIFF,
                saved_ns=30 * MS,
            ),
            make_finding(
                code="CI102",
                title="The same query ran twice",
                caller=_SESSION_FRAME,
                template=None,
                count=2,
                cost_ns=600 * US,
                evidence=(200, 202),
                fix="Keep the first result, or cache it for the request.",
            ),
            make_finding(
                code="CI201",
                severity=Severity.INFO,
                title="Slow query: 9.4 ms",
                caller=_VIEW_GET,
                template=None,
                count=1,
                cost_ns=9_400 * US,
                evidence=(204,),
                fix="Look at its plan; an index on orders_line (placed, book_id) may serve it.",
            ),
        ),
        dropped={"queries": 12},
    )
    return replace(cycle, **given)


def failed_cycle() -> Cycle:
    """Return a cycle whose view raised."""
    frames = (_VIEW, _VIEW_GET, _LOADER)
    message = "Cannot resolve keyword 'autor' into field. Choices are: author, id, price, title"
    return rich_cycle(
        id="019aaa00-0000-7000-8000-000000000002",
        response={"status": 500, "reason": "Internal Server Error", "content_type": "text/html"},
        events=(make_event(name="FieldError", frames=frames, attributes={"message": message}),),
        findings=(
            make_finding(
                code="CI001",
                severity=Severity.ERROR,
                title=f"FieldError: {message}",
                template=None,
                count=1,
                cost_ns=0,
                fix="",
            ),
        ),
    )


def empty_cycle() -> Cycle:
    """Return a cycle of which nothing is known but that it was."""
    return make_cycle(kind="block", request={}, response={})


def hostile_cycle() -> Cycle:
    """Return a cycle with markup in every text that may come from outside."""
    frame = make_frame(path=f"/srv/{HOSTILE}.py", function=HOSTILE)
    line = TemplateLine(name=HOSTILE, line=1)
    query = make_query(
        sql=f"SELECT '{HOSTILE}' FROM t WHERE {HOSTILE}",
        params=(HOSTILE, {HOSTILE: HOSTILE}),
        alias=HOSTILE,
        relation=HOSTILE,
        error=HOSTILE,
        thread=HOSTILE,
        template=line,
        frames=(frame,),
    )
    render = make_render(name=HOSTILE, origin=HOSTILE, template=line, error=HOSTILE)
    facts = {key: _poisoned(value) for key, value in full_facts().items()}
    return make_cycle(
        request={"method": HOSTILE, "path": HOSTILE, "full_path": HOSTILE, "user": HOSTILE},
        response={"status": 200, "reason": HOSTILE, "content_type": HOSTILE},
        stages={stage: make_stage(stage, facts=facts[stage]) for stage in Stage},
        spans=(make_span(stage=Stage.MIDDLEWARE, name=HOSTILE),),
        queries=(query, query._replace(id=11, alias="other")),
        renders=(render, render._replace(id=31)),
        events=tuple(
            make_event(stage=stage, kind=kind, name=HOSTILE, attributes=_hostile_exception())
            for stage in Stage
            for kind in ("exception", "fault")
        ),
        findings=(
            make_finding(title=HOSTILE, fix=HOSTILE, caller=frame, template=line, evidence=(10,)),
        ),
    )


def _hostile_exception() -> dict[str, Any]:
    frame = {"path": HOSTILE, "line": 2, "function": HOSTILE, "first": 1, "columns": [2, 9]}
    frame |= {"lines": [HOSTILE] * 3, "locals": [[HOSTILE, HOSTILE]]}
    trace = [{**frame, "is_project": is_project} for is_project in (True, False)]
    linked = {"link": "cause", "depth": 1, "name": HOSTILE, "message": HOSTILE, "trace": trace}
    return {
        "message": HOSTILE,
        "trace": trace,
        "notes": [HOSTILE],
        "template": {**frame, "name": HOSTILE},
        "linked": [linked],
    }


_EVERY_MARK = {
    "hop": "sync_to_async",
    "hop_ns": 1_100 * US,
    "raised": {"type": "shop.rates.Outdated", "handled_as": "500", "response_ns": 2 * MS},
    "left_by": "asyncio.exceptions.CancelledError",
    "returned": "NoneType",
    "carried": True,
    "calls": 2,
    "became": [404, 301],
    "replaced": True,
}


def full_facts() -> dict[Stage, dict[str, Any]]:
    """Return facts of every stage, each key there is."""
    return {
        Stage.CLIENT: {
            "method": "GET",
            "url": "http://127.0.0.1:8000/books/?page=2&order=published",
            "path": "/books/",
            "http_version": "HTTP/1.1",
            "address": "127.0.0.1",
            "connected_from": "10.0.0.2 port 41422",
            "chain": ["203.0.113.9", "10.0.0.2"],
            "forwarded": [["X-Forwarded-For", "203.0.113.9"]],
            "headers": [
                ["Host", "127.0.0.1:8000"],
                ["Accept", "text/html,application/xhtml+xml"],
                ["User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0 Safari/537.36"],
                ["Cookie", "••••••••"],
            ],
            "query": [["page", "2"], ["order", ["published", "title"]]],
            "form": [["title", "Persuasion"], ["password", "••••••••"]],
            "json": {"books": [1, 2, 3], "gift": True},
            "files": [
                {
                    "name": "cover",
                    "filename": "cover.png",
                    "content_type": "image/png",
                    "size_bytes": 120_400,
                    "held_in": "memory",
                }
            ],
            "json_error": "Expecting value: line 1 column 1 (char 0)",
            "text": "title: Persuasion",
            "body_problem": "MultiPartParserError: Invalid boundary",
            "body_notes": ["Content-Length says 2048 bytes, but 21 came."],
            "body_read_bytes": 1_024,
            "is_anonymous": True,
            "body": "read in part",
            "body_bytes": 2_048,
            "cookies": [["sessionid", "••••••••"], ["currency", "EUR"]],
            "session_keys": ["_auth_user_id", "basket"],
            "session_changed": True,
            "user": "ada",
        },
        Stage.GATEWAY: {
            "interface": "WSGI",
            "server": "WSGIServer/0.2 CPython/3.13.0",
            "http_version": "HTTP/1.1",
            "process_id": 4242,
            "thread": "Thread-7 (process_request_thread)",
            "multithread": True,
            "multiprocess": False,
            "script_name": "/shop",
            "interface_version": "1.0",
            "listens": "127.0.0.1:8000",
            "parent_id": 4200,
            "worker_of": "gunicorn 27.0.1",
            "thread_id": 4250,
            "event_loop": "uvloop",
            "run_once": True,
            "state": ["pool"],
            "extensions": ["http.response.push"],
            "wait_ns": 3 * MS,
        },
        Stage.SETTINGS: {
            "digest": "5f2c9a0e4b7d4d0aa0f1c0de5f2c9a0e",
            "module": "shop.settings.local",
            "python": "3.13.0",
            "django": "6.1.3",
            "apps": ["django.contrib.admin", "django.contrib.auth", "catalog", "orders"],
            "differs": [["DEBUG", True], ["LANGUAGE_CODE", "de"], ["SECRET_KEY", "••••••••"]],
            "databases": [
                {
                    "alias": "default",
                    "engine": "django.db.backends.postgresql",
                    "options": [["name", "shop"], ["conn_max_age", 60]],
                }
            ],
            "caches": [
                {
                    "alias": "default",
                    "engine": "django.core.cache.backends.locmem.LocMemCache",
                    "options": [["location", "shop"]],
                }
            ],
            "templates": ["django.template.backends.django.DjangoTemplates"],
            "changed": {
                "since": "019aaa00-0000-7000-8000-000000000000",
                "request": "GET /books/",
                "started_at": "2026-01-02T03:04:05+00:00",
                "changes": [
                    {"what": "setting", "name": "DEBUG", "before": False, "after": True},
                    {"what": "package", "name": "psycopg", "after": "3.2.3"},
                    {"what": "app", "name": "reviews", "before": "installed"},
                ],
            },
            "versions": [["Django", "6.1.3"], ["psycopg", "3.2.3"]],
        },
        Stage.MIDDLEWARE: {
            "onion": [
                {
                    "name": name,
                    "in_ns": way_in * US,
                    "out_ns": way_out * US,
                    "own_ns": (way_in + way_out) * US,
                    "total_ns": 80 * MS - at * MS,
                    "depth": at,
                    "short_circuit": False,
                    "hooks": [
                        {
                            "hook": "process_view",
                            "hop": "sync_to_async",
                            "duration_ns": 30 * US,
                            "answered": False,
                        }
                    ]
                    if "Csrf" in name
                    else [],
                    **(_EVERY_MARK if "Currency" in name else {}),
                }
                for at, (name, way_in, way_out) in enumerate(MIDDLEWARES)
            ],
            "not_used": [
                {
                    "name": "shop.middleware.BetaMiddleware",
                    "reason": "BETA is off",
                    "path": "/srv/shop/shop/middleware.py",
                    "line": 40,
                    "function": "BetaMiddleware.__init__",
                }
            ],
            "outside": ["shop.middleware.OutermostMiddleware"],
            "core": {"type": "django.core.exceptions.FieldError", "handled_as": "500"},
            "hops": [
                {"at": at, "of": of, "name": "a.b", "hop": hop, "hop_ns": 90 * US}
                for at, of in (
                    ("chain", ""),
                    ("middleware", MIDDLEWARES[-1][0]),
                    ("handler", ""),
                    ("own", MIDDLEWARES[0][0]),
                    ("hook", MIDDLEWARES[3][0]),
                    ("view", ""),
                    ("render", ""),
                    ("exception", ""),
                    ("other", ""),
                )
                for hop in ("sync_to_async", "async_to_sync")
            ],
            "modes": [
                {"name": name, "mode": "async" if "Currency" in name else "sync", "knows": "both"}
                for name, _, _ in MIDDLEWARES
            ],
        },
        Stage.ROUTING: {
            "urlconf": "shop.urls",
            "route": "books/<slug:shelf>/",
            "view_name": "catalog:book-list",
            "url_name": "book-list",
            "namespaces": ["catalog"],
            "args": [],
            "kwargs": [["shelf", "novels", "slug"]],
            "tried": ["admin/", "accounts/", "books/<int:pk>/"],
            "tried_count": 3,
            "not_found": False,
            "path_info": "/books/novels/",
            "language": "en",
            "own_urlconf": True,
            "place": {
                "module": "catalog.urls",
                "path": "/srv/shop/catalog/urls.py",
                "line": 14,
            },
            "extra_kwargs": ["kind"],
            "near": [
                {
                    "pattern": "books/<int:pk>/",
                    "sentence": "`books/<int:pk>/` matched `books/`, but `novels` is no `int`.",
                    "kinds": ["converter"],
                    "distance": 4,
                    "would_match": None,
                    "fits": [["books/", "books/", True], ["<int:pk>", "novels", False]],
                    "view_name": "catalog:book",
                    "place": {"module": "catalog.urls", "path": "/srv/urls.py", "line": 15},
                },
                {
                    "pattern": "books/",
                    "sentence": "`books/` matched, but the path goes on with `novels/`.",
                    "kinds": ["rest"],
                    "distance": 11,
                    "would_match": None,
                    "fits": [["books/", "books/", True], ["", "novels/", False]],
                    "view_name": None,
                    "place": None,
                },
            ],
            "redirect": {"to": "/books/", "by": "CommonMiddleware", "because": "it matches"},
            "refused_method": {
                "method": "PUT",
                "answered": ["GET", "HEAD"],
                "said": "GET and HEAD",
                "later": {"pattern": "books/<slug>/", "view_name": "catalog:put"},
            },
            "error_view": "shop.views.sorry",
            "error": {"type": "builtins.ImportError", "message": "no module"},
            "earlier": [
                {"urlconf": "a.urls", "path_info": "/b/", "route": None, "not_found": True}
            ],
        },
        Stage.VIEW: {
            "name": "catalog.views.BookList",
            "kind": "class",
            "is_async": False,
            "method": "get",
            "path": "/srv/shop/catalog/views.py",
            "line": 18,
            "own_ns": 6 * MS,
            "made_by": "catalog.views.factory",
            "decorators": [{"name": "a.b", "path": "/srv/a.py", "line": 3, "is_wrapped": False}],
            "hooks": [{"name": "get_queryset", "path": "/srv/a.py", "line": 9}],
            "bases": ["django.views.generic.list.ListView"],
            "given": {"paginate_by": 3},
            "bound": ["word"],
            "atomic": ["default"],
            "non_atomic": ["other"],
            "exception": {"type": "FieldError", "message": "Cannot resolve keyword 'autor'"},
        },
        Stage.MODELS: {
            "instances": [["catalog.Book", 40], ["catalog.Author", 40], ["auth.User", 1]],
            "rows": [["catalog.Book", 3]],
            "loads": [
                {
                    "model": "catalog.Book",
                    "kind": "objects",
                    "rows": 40,
                    "times": 1,
                    "queries": [13],
                    "ways": ["bool", "iter"],
                    "taken": 20,
                    "asked": [["count", 14]],
                    "related": [["publisher", "catalog.Publisher", 40]],
                    "deferred": ["blurb"],
                    "limited": True,
                    "for": "save",
                    "template": {"name": "catalog/list.html", "line": 14},
                }
            ],
            "lazy": [["catalog.Book.author", 40]],
            "lazy_loads": [
                {
                    "field": "catalog.Book.author",
                    "kind": "to_one",
                    "count": 40,
                    "duration_ns": 31 * MS,
                    "queries": [15, 16],
                    "places": [
                        {"template": {"name": "catalog/list.html", "line": 14}, "count": 40}
                    ],
                    "deferred_by": [13],
                }
            ],
            "prefetches": [
                {
                    "model": "catalog.Book",
                    "lookup": "genres",
                    "times": 1,
                    "parents": 40,
                    "children": 90,
                    "duration_ns": 2 * MS,
                    "queries": [14],
                    "own_queryset": True,
                    "to_attr": "shelves",
                    "used": False,
                    "bypassed": 1,
                    "bypassed_by": [15],
                    "peers": True,
                }
            ],
            "changes": [
                {
                    "what": "save",
                    "model": "orders.Visit",
                    "times": 1,
                    "rows": 1,
                    "created": True,
                    "fields": ["seen"],
                    "fixture": True,
                    "failed": 1,
                    "queries": [15],
                    "query_count": 1,
                    "query_ns": MS,
                    "duration_ns": 2 * MS,
                },
                {
                    "what": "delete",
                    "model": "orders.Basket",
                    "inside": 0,
                    "times": 1,
                    "rows": 1,
                    "given": 1,
                    "relation": "orders.Basket.books",
                    "deleted": [["orders.Basket", 1, "collected"]],
                    "set_fields": ["orders.Bill.basket"],
                    "by_database": [["orders.Hint.basket", "CASCADE"]],
                    "queries": [],
                    "query_count": 0,
                    "query_ns": 0,
                    "duration_ns": MS,
                },
            ],
            "saved": [["orders.Visit", 1, 0]],
            "deleted": [["orders.Basket", 1]],
        },
        Stage.DATABASE: {
            "by_alias": [
                {"alias": "default", "vendor": "postgresql", "count": 45, "duration_ns": 44 * MS}
            ],
            "rows": 84,
            "transactions": 1,
        },
        Stage.TEMPLATES: {
            "contexts": [
                {
                    "render": 30,
                    "name": "catalog/book_list.html",
                    "names": [
                        ["books", "QuerySet", "of Book, evaluated, 25 rows"],
                        ["page", "int", "1"],
                        ["shelf", "Shelf", "id=3"],
                    ],
                    "left_out": 0,
                    "alike": 1,
                }
            ],
            "missing": [
                {
                    "name": "catalog/_ribbon.html",
                    "tried": [["/srv/shop/templates/catalog/_ribbon.html", "Does not exist"]],
                }
            ],
        },
        Stage.RESPONSE: {
            "status": 200,
            "reason": "OK",
            "content_type": "text/html; charset=utf-8",
            "charset": "utf-8",
            "charset_said": "",
            "size_bytes": 48_213,
            "streaming": True,
            "headers": [
                ["Content-Type", "text/html; charset=utf-8"],
                ["X-Frame-Options", "DENY"],
                ["Vary", "Cookie, Accept-Language"],
            ],
            "cookies": [{"name": "sessionid", "flags": ["HttpOnly", "SameSite=Lax"]}],
            "missing": "No response was made: CancelledError.",
            "ended": "raised",
            "complete": False,
            "stream_error": "ValueError",
            "made_whole": "sync under ASGI",
            "announced_bytes": 48_213,
            "longest_wait_ns": 5 * MS,
            "chunks": 3,
            "first_byte_ns": 78 * MS,
            "last_byte_ns": 84 * MS,
            "panel": "shown",
        },
        Stage.BROWSER: {
            "first_byte_ns": 92 * MS,
            "response_end_ns": 96 * MS,
            "dom_interactive_ns": 180 * MS,
            "dom_content_loaded_ns": 210 * MS,
            "load_ns": 342 * MS,
            "fcp_ns": 196 * MS,
            "lcp_ns": 298 * MS,
            "cls": 0.0213,
            "inp_ns": 48 * MS,
            "dns_ns": 2 * MS,
            "connect_ns": 1 * MS,
            "transfer_bytes": 48_600,
            "decoded_bytes": 48_213,
            "navigation_type": "navigate",
        },
    }


def _stages(
    queries: tuple[Query, ...], renders: tuple[Render, ...], view_start: int
) -> dict[Stage, Any]:
    facts = full_facts()
    del facts[Stage.VIEW]["exception"], facts[Stage.TEMPLATES]["missing"]
    del facts[Stage.RESPONSE]["missing"], facts[Stage.SETTINGS]["changed"]
    for key in ("extensions", "event_loop", "state", "run_once", "worker_of"):
        del facts[Stage.GATEWAY][key]
    for key in ("ended", "complete", "stream_error", "made_whole", "longest_wait_ns", "chunks"):
        del facts[Stage.RESPONSE][key]
    for key in ("core", "hops", "modes", "outside"):
        del facts[Stage.MIDDLEWARE][key]
    for key in ("error", "redirect", "refused_method", "near", "earlier", "error_view"):
        del facts[Stage.ROUTING][key]
    for key in ("own_urlconf", "extra_kwargs"):
        del facts[Stage.ROUTING][key]
    for entry in facts[Stage.MIDDLEWARE]["onion"]:
        for key in _EVERY_MARK:
            entry.pop(key, None)
    for key in ("form", "json", "json_error", "text", "files", "is_anonymous", "connected_from"):
        del facts[Stage.CLIENT][key]
    for key in ("body_problem", "body_notes", "body_read_bytes", "chain"):
        del facts[Stage.CLIENT][key]
    facts[Stage.CLIENT]["body"] = "none"
    facts[Stage.RESPONSE].update(streaming=False)
    start_duration_count = {
        Stage.MIDDLEWARE: (200 * US, 3_840 * US, 7),
        Stage.ROUTING: (view_start - 300 * US, 180 * US, 1),
        Stage.VIEW: (view_start, 72 * MS, 1),
        Stage.MODELS: (view_start, 0, 81),
        Stage.DATABASE: (
            queries[0].start_ns,
            sum(one.duration_ns for one in queries),
            len(queries),
        ),
        Stage.TEMPLATES: (renders[0].start_ns, renders[0].duration_ns, len(renders)),
        Stage.RESPONSE: (78 * MS, 6 * MS, 1),
    }
    made = {}
    for stage in Stage:
        start, duration, count = start_duration_count.get(stage, (0, 0, 0))
        made[stage] = make_stage(
            stage, start_ns=start, duration_ns=duration, count=count, facts=facts[stage]
        )
    return made


def _spans() -> tuple[tuple[Span, ...], int]:
    spans: list[Span] = []
    start, end = 200 * US, 81 * MS
    for at, (name, way_in, way_out) in enumerate(MIDDLEWARES):
        spans.append(
            make_span(
                id=at + 1,
                parent=at or None,
                stage=Stage.MIDDLEWARE,
                name=name,
                start_ns=start,
                duration_ns=end - start,
                attributes={"in_ns": way_in * US, "out_ns": way_out * US},
            )
        )
        start, end = start + way_in * US, end - way_out * US
    spans.append(
        make_span(
            id=20,
            parent=7,
            stage=Stage.ROUTING,
            name="resolve",
            start_ns=start,
            duration_ns=180 * US,
        )
    )
    spans.append(
        make_span(
            id=21,
            parent=7,
            stage=Stage.MIDDLEWARE,
            name="process_view django.middleware.csrf.CsrfViewMiddleware",
            start_ns=start + 200 * US,
            duration_ns=30 * US,
            attributes={},
        )
    )
    view_start = start + 300 * US
    spans.append(
        make_span(
            id=22,
            parent=7,
            stage=Stage.VIEW,
            name="catalog.views.BookList.get",
            start_ns=view_start,
            duration_ns=72 * MS,
        )
    )
    return tuple(spans), view_start


def _renders(view_start: int) -> tuple[Render, ...]:
    start = view_start + 16 * MS
    root = "/srv/shop/templates/"
    renders = [
        make_render(
            id=30,
            parent=22,
            name="catalog/book_list.html",
            origin=root + "catalog/book_list.html",
            start_ns=start,
            duration_ns=54 * MS,
            own_ns=3 * MS,
        ),
        make_render(
            id=31,
            parent=30,
            name="base.html",
            origin=root + "base.html",
            how="extends",
            start_ns=start + 300 * US,
            duration_ns=53 * MS,
            own_ns=4 * MS,
            template=TemplateLine(name="catalog/book_list.html", line=1),
        ),
    ]
    renders.extend(
        make_render(
            id=40 + at,
            parent=31,
            name="catalog/_book.html",
            origin=root + "catalog/_book.html",
            start_ns=start + (2 + at) * MS + at * 150 * US,
            duration_ns=1_100 * US,
            own_ns=200 * US,
            template=TemplateLine(name="catalog/book_list.html", line=14),
        )
        for at in range(40)
    )
    renders.append(
        make_render(
            id=90,
            parent=31,
            name="django/forms/div.html",
            origin="/env/lib/python3.13/site-packages/django/forms/templates/django/forms/div.html",
            how="folded",
            count=6,
            start_ns=start + 49 * MS,
            duration_ns=2 * MS,
            own_ns=2 * MS,
            template=TemplateLine(name="base.html", line=31),
        )
    )
    return tuple(renders)


def _queries(view_start: int) -> tuple[Query, ...]:
    def other(identity: int, sql: str, at_ns: int, ms: float, frame: Frame, **given: Any) -> Query:
        values = {
            "id": identity,
            "parent": 22,
            "sql": sql,
            "vendor": "postgresql",
            "start_ns": at_ns,
            "duration_ns": int(ms * MS),
            "frames": (frame, _LOADER),
            "template": None,
        }
        return make_query(**{**values, **given})

    first = [
        other(200, _SESSION, 700 * US, 0.31, _SESSION_FRAME, params=_KEY, parent=7),
        other(201, _USER, 1_400 * US, 0.24, _SESSION_FRAME, params=(3,), parent=7),
        other(202, _SESSION, 2 * MS, 0.29, _SESSION_FRAME, params=_KEY, parent=7),
        other(
            203, "BEGIN", view_start + 100 * US, 0.03, _VIEW_GET, params=None, is_transaction=True
        ),
        other(204, _TOTAL, view_start + 1 * MS, 9.4, _VIEW_GET, params=("2025-01-01",)),
        other(205, _BOOKS, view_start + 11 * MS, 2.6, _VIEW, params=(20,), rows=40),
    ]
    start = view_start + 18 * MS
    authors = [
        other(
            206 + at,
            _AUTHOR,
            start + at * 1_150 * US,
            0.6 + (at * 37 % 11) / 20,
            _VIEW,
            params=(at * 7 % 31 + 1,),
            parent=40 + at,
            relation="catalog.Book.author",
            template=_LIST_LINE,
        )
        for at in range(40)
    ]
    return (*first, *authors)


def _poisoned(value: Any) -> Any:
    if isinstance(value, str):
        return HOSTILE
    if isinstance(value, list):
        return [_poisoned(one) for one in value]
    if isinstance(value, dict):
        return {key: _poisoned(one) for key, one in value.items()}
    return value
