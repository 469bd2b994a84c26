"""Answer the requests below `/__cycle__/`, for FirstMiddleware, before any other middleware.

Nothing here depends on the project's URLconf, templates, sessions or middleware. Everything may be
asked by anyone who is allowed to look; whoever is not gets the 404 of an address that is not there.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
    UnreadablePostError,
)
from django.urls import resolve
from django.utils.cache import get_conditional_response

from cycle_inspector.codec import UnreadableCycle
from cycle_inspector.exporters import json_document
from cycle_inspector.history import pins, reader, snapshots, writer
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.panel import (
    access,
    assets,
    beacon,
    exports,
    finding_pages,
    found,
    listing,
    origin,
    pages,
    plan,
    template_sources,
)
from cycle_inspector.panel import patterns as tried
from cycle_inspector.panel import summary as summaries
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.panel.answers import READING, Absent, allow, cycle_of, plain
from cycle_inspector.records import Stage

PREFIX = "/__cycle__/"

_URLCONF = "cycle_inspector.panel.urls"
_RECENT = 50  # cycles on the index page

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def respond(request: HttpRequest) -> HttpResponseBase:
    """Return the response to `request`, whose path is below `/__cycle__/`."""
    if not access.may_show(request) or origin.is_foreign(request):
        response: HttpResponseBase = plain("Not Found", 404)
    else:
        response = _answer(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def urls_of(request: HttpRequest) -> Urls:
    """Return the addresses as the sender of `request` must write them."""
    root = str(request.META.get("SCRIPT_NAME") or "").rstrip("/") + PREFIX
    queries = (lambda cycle_id: f"{root}{cycle_id}/queries/") if settings.DEBUG else None
    return Urls(root=root, assets=root, queries=queries)


def _answer(request: HttpRequest) -> HttpResponseBase:
    try:
        request.get_host()
        match = resolve(request.path_info, _URLCONF)
        return match.func(request, *match.args, **match.kwargs)  # type: ignore[no-any-return]
    except DisallowedHost:
        return plain("Bad Request: this host is not in ALLOWED_HOSTS.", 400)
    except Http404 as error:
        sentence = str(error) if isinstance(error, Absent) else "There is nothing at this address."
        return _problem(request, "Not found", sentence, 404)
    except HistoryUnavailable as error:
        return _problem(request, "The history cannot be read", str(error), 503)
    except UnreadableCycle as error:
        return _problem(request, "This cycle cannot be read", str(error), 503)


@allow(*READING)
def index(request: HttpRequest) -> HttpResponseBase:
    """List the latest cycles."""
    rows = reader.recent(_RECENT)
    causes = reader.causes_of(rows)
    shown = pages.index(rows, urls_of(request), causes=causes, problem=writer.problem())
    return HttpResponse(shown)


@allow(*READING)
def latest(request: HttpRequest) -> HttpResponseBase:
    """Go to the newest cycle."""
    newest = reader.latest()
    if newest is None:
        raise Absent(writer.problem() or "No request has been recorded yet. Visit a page first.")
    return HttpResponseRedirect(urls_of(request).page(newest))


@allow(*READING)
def latest_document(request: HttpRequest) -> HttpResponseBase:
    """Name the newest cycle of a path."""
    path = request.GET.get("path")
    # No path holds a NUL, and PostgreSQL refuses to look for one.
    newest = None if "\0" in (path or "") else reader.latest(path)
    if newest is None:
        raise Absent("No request for this path has been recorded yet.")
    return JsonResponse({"id": newest, "url": urls_of(request).page(newest)})


@allow(*READING)
def cycles(request: HttpRequest) -> HttpResponseBase:
    """List the latest cycles, those that a search finds, or those of some ids."""
    return JsonResponse(listing.document(request.GET))


@allow(*READING)
def page(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Show one cycle on a page of its own."""
    cycle = snapshots.with_changes(cycle_of(cycle_id))
    return HttpResponse(pages.page(cycle, urls_of(request), links=reader.links_of(cycle)))


@allow(*READING)
def document(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Send one cycle as the public JSON document."""
    shown = json_document.export(snapshots.with_changes(cycle_of(cycle_id)))
    return JsonResponse(shown, json_dumps_params={"ensure_ascii": False, "indent": 1})


@allow(*READING)
def export(request: HttpRequest, cycle_id: UUID, name: str) -> HttpResponseBase:
    """Send one cycle as a file or a text for elsewhere."""
    asked = exports.BY_NAME.get(name)
    if asked is None:
        raise Absent("A cycle cannot be exported as that.")
    return exports.answer(snapshots.with_changes(cycle_of(cycle_id)), asked)


@allow(*READING)
def compare(request: HttpRequest, cycle_id: UUID, other: UUID) -> HttpResponseBase:
    """Show two cycles side by side, the one before first."""
    before, after = cycle_of(cycle_id), cycle_of(other)
    return HttpResponse(pages.comparison(before, after, urls_of(request)))


@allow(*READING)
def report(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Send the report of one cycle as a fragment, its stages to be fetched when wanted."""
    cycle = cycle_of(cycle_id)
    links = reader.links_of(cycle)
    return HttpResponse(pages.report(cycle, urls_of(request), is_lazy=True, links=links))


@allow(*READING)
def stage(request: HttpRequest, cycle_id: UUID, stage: str) -> HttpResponseBase:
    """Send one stage of a cycle as a fragment."""
    try:
        asked = Stage(stage)
    except ValueError:
        raise Absent("There is no such stage.") from None
    cycle = cycle_of(cycle_id)
    if asked is Stage.SETTINGS:
        cycle = snapshots.with_changes(cycle)
    return HttpResponse(pages.stage(cycle, asked, urls_of(request)))


@allow(*READING)
def events(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Send the side events of a cycle as a fragment."""
    return HttpResponse(pages.events(cycle_of(cycle_id)))


@allow(*READING)
def search(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Send what `q` finds in a cycle as a fragment."""
    return HttpResponse(found.fragment(cycle_of(cycle_id), request.GET.get("q", "")))


@allow(*READING)
def patterns(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """List the URL patterns that were tried, from the project's URLconf as it is now."""
    cycle = cycle_of(cycle_id)
    return HttpResponse(pages.patterns(cycle, urls_of(request), tried.of(cycle)))


@allow(*READING)
def template(request: HttpRequest, cycle_id: UUID, render: int) -> HttpResponseBase:
    """Show the file of a template as it is now, with what its lines cost in a cycle."""
    cycle = cycle_of(cycle_id)
    source = template_sources.of(cycle, render)
    if source is None:
        raise Absent("There is no such template in this cycle.")
    return HttpResponse(pages.template_source(cycle, urls_of(request), source))


@allow(*READING)
def queries(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """List the queries of a cycle, sorted or in groups."""
    shown = pages.queries(cycle_of(cycle_id), urls_of(request), request.GET.dict())
    return HttpResponse(shown)


@allow(*READING)
def summary(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Send what the closed line of the panel shows."""
    cycle = cycle_of(cycle_id)
    before = reader.links_of(cycle).before
    return JsonResponse(summaries.summarise(cycle, urls_of(request), before=before))


@allow("POST")
def browser(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Take the timings and fetches that a browser tells of once its page has loaded."""
    if not origin.is_own(request):
        return plain("Forbidden: this is for the page's own script.", 403)
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return plain("Bad Request: Content-Length is not a number.", 400)
    if announced > beacon.LIMIT_BYTES:
        return plain("Content Too Large", 413)
    try:
        body = request.read(beacon.LIMIT_BYTES + 1)
        if len(body) > beacon.LIMIT_BYTES:
            return plain("Content Too Large", 413)
        told = beacon.parse(body)
    except (beacon.BeaconError, UnreadablePostError) as error:
        return plain(f"Bad Request: {error}", 400)
    writer.put_beacon(str(cycle_id), told.facts, told.fetched)
    return HttpResponse(status=204)


@allow("POST")
def pin(request: HttpRequest, cycle_id: UUID) -> HttpResponseBase:
    """Pin a cycle, so that retention leaves it alone; with `?on=0` let it go."""
    if not origin.is_own(request):
        return plain("Forbidden: this is for the page's own script.", 403)
    wanted = request.GET.get("on") != "0"
    cycle = cycle_of(cycle_id)
    if not pins.pin(cycle.id, pinned=wanted):
        raise Absent("There is no such cycle any more.")
    return JsonResponse({"pinned": wanted})


def explain(request: HttpRequest, cycle_id: UUID, number: int) -> HttpResponseBase:
    """Ask the database for the plan of a query now; without DEBUG there is no such address."""
    if not settings.DEBUG:
        raise Http404
    return _explain(request, cycle_id=cycle_id, number=number)


@allow("POST")
def _explain(request: HttpRequest, cycle_id: UUID, number: int) -> HttpResponseBase:
    if not origin.is_own(request):
        return plain("Forbidden: this is for the page's own script.", 403)
    query = plan.find(cycle_of(cycle_id), number)
    if query is None:
        raise Absent("There is no such query in this cycle.")
    measure = request.GET.get("measure") == "1"
    return HttpResponse(plan.show(query, measure=measure, cycle_id=str(cycle_id)))


@allow(*READING)
def asset(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send one of the package's own static files, or the page about a finding."""
    file = assets.table().get(name) or finding_pages.find(name)
    if file is None:
        raise Http404
    response = HttpResponse(file.content, content_type=file.content_type)
    response.headers["ETag"] = file.etag
    response.headers["Cache-Control"] = "no-cache"
    answer = get_conditional_response(request, file.etag, None, response)
    return response if answer is None else answer


def _problem(request: HttpRequest, title: str, sentence: str, status: int) -> HttpResponse:
    path = request.path_info
    if path.endswith(".json"):
        return JsonResponse({"error": sentence}, status=status)
    if path.endswith(("/report", "/events", "/search", "/explain", "/pin")) or "/stages/" in path:
        return HttpResponse(pages.problem_fragment(sentence), status=status)
    return HttpResponse(pages.problem(title, sentence, urls_of(request)), status=status)
