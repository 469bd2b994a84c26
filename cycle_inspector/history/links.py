"""Which cycles belong together: what caused one, and what it caused.

Worked out when somebody looks, of rows that any process may have written in any order. A request is
what came of a redirect if the same client makes it within ten seconds, to the address and by the
method that it was told. Each redirect is taken once, the newest first: who loads the final page
again has not been redirected again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from cycle_inspector import codec, records
from cycle_inspector.history import redirects
from cycle_inspector.models import Cycle, Fetch, Redirect, fit, stored_time
from cycle_inspector.records import Stage

WINDOW = timedelta(seconds=10)

# Two clocks of one machine agree to that, and two readings of one clock.
_TOLERANCE = timedelta(milliseconds=50)

_MOST = 20  # redirects in a row, as in browsers
_MOST_CANDIDATES = 100
_MOST_FETCHED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What caused a cycle: `kind` is as `records.Cycle.cause`."""

    kind: str
    parent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The rows of the cycles that one belongs together with, as far as they are kept; its pin."""

    outer: Cycle | None = None  # inside which it ran
    page: Cycle | None = None  # whose script made it, or what was redirected to it
    before: tuple[Cycle, ...] = ()  # the redirects that led to it, the first one first
    after: tuple[Cycle, ...] = ()  # where it led, and on
    inside: tuple[Cycle, ...] = ()
    fetched: tuple[Cycle, ...] = ()  # by its page, the first ones
    fetched_count: int = 0
    earlier: Cycle | None = None  # the one before of the same view, to compare with
    is_pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A request, as it is held against redirects."""

    id: str
    at: datetime
    method: str
    digest: str


def cause_of(cycle: records.Cycle) -> Cause | None:
    """Return what caused `cycle`: what it ran in, else what redirected to it, else its page."""
    if cycle.parent is not None:
        return Cause(kind="inside", parent=cycle.parent)
    sent = _redirect_before(_arrival_of(cycle))
    if sent is not None:
        return Cause(kind="redirect", parent=sent.cycle_id)
    page = _page_of([cycle.id, *(one.id for one in _after(cycle))])
    return None if page is None else Cause(kind="fetch", parent=page)


def links_of(cycle: records.Cycle) -> Links:
    """Return the cycles that `cycle` belongs together with."""
    before, after = _before(cycle), _after(cycle)
    page = _page_of([cycle.id, *(one.id for one in (*before, *after))])
    told = Fetch.objects.filter(page_id=cycle.id).values("cycle_id")
    fetched = _rows().filter(pk__in=told, parent="")
    return Links(
        outer=_rows().filter(pk=cycle.parent).first() if cycle.cause == "inside" else None,
        page=None if page is None else _rows().filter(pk=page).first(),
        before=before,
        after=after,
        inside=tuple(_rows().filter(parent=cycle.id).order_by("id")),
        fetched=tuple(fetched.order_by("id")[:_MOST_FETCHED]),
        fetched_count=fetched.count(),
        earlier=_earlier(cycle),
        is_pinned=Cycle.objects.filter(pk=cycle.id, pinned=True).exists(),
    )


def causes_of(rows: Iterable[Cycle]) -> dict[str, Cause]:
    """Return what caused each of the cycles in a list, by their ids."""
    listed = {row.id: row for row in rows}
    if not listed:
        return {}
    fetches = Fetch.objects.filter(pk__in=list(listed))
    found = {one.cycle_id: Cause(kind="fetch", parent=one.page_id) for one in fetches}
    moments = [row.started_at for row in listed.values()]
    sent = _redirects(since=min(moments) - WINDOW, until=max(moments))
    for arrival_id, one in _match(sent, _arrivals(sent, until=max(moments))).items():
        found[arrival_id] = Cause(kind="redirect", parent=one.cycle_id)
    inside = {row.id: row.parent for row in listed.values() if row.parent}
    return found | {one: Cause(kind="inside", parent=parent) for one, parent in inside.items()}


def without_fetched(rows: QuerySet[Cycle]) -> QuerySet[Cycle]:
    """Return `rows` without those that a page has fetched."""
    return rows.filter(~Exists(Fetch.objects.filter(cycle_id=OuterRef("pk"))))


def _rows() -> QuerySet[Cycle]:
    return Cycle.objects.defer("document")


def _earlier(cycle: records.Cycle) -> Cycle | None:
    """Return the newest cycle before `cycle` that the same view has answered, by the same method.

    Where no view was called, it is one of the same path that called none either.
    """
    method = cycle.request.get("method")
    if not method:
        return None
    view = fit("view", cycle.stage(Stage.VIEW).facts.get("name"))
    same = {"view": view} if view else {"view": "", "path": fit("path", cycle.request.get("path"))}
    found = _rows().filter(id__lt=cycle.id, method=fit("method", method), **same)
    return found.order_by("-id").first()


def _page_of(cycle_ids: list[str]) -> str | None:
    """Return the page that fetched one of these cycles, which are a chain of redirects.

    The browser knows the last one of a chain only.
    """
    found = Fetch.objects.filter(pk__in=cycle_ids).order_by("pk")
    return found.values_list("page_id", flat=True).first()


def _before(cycle: records.Cycle) -> tuple[Cycle, ...]:
    found: list[Cycle] = []
    arrival = _arrival_of(cycle)
    while len(found) < _MOST and (sent := _redirect_before(arrival)) is not None:
        row = Cycle.objects.filter(pk=sent.cycle_id).first()
        if row is None:  # removed this very moment
            break
        found.insert(0, row)
        arrival = _arrival_of_row(row)
    return tuple(found)


def _after(cycle: records.Cycle) -> tuple[Cycle, ...]:
    found: list[Cycle] = []
    at: str | None = cycle.id if redirects.target_of(cycle) is not None else None
    while at is not None and len(found) < _MOST:
        sent = Redirect.objects.filter(pk=at).first()
        landing = None if sent is None else _landing_of(sent)
        if landing is not None:
            found.append(landing)
        at = None if landing is None else landing.id
    return tuple(found)


def _redirect_before(arrival: _Arrival | None) -> Redirect | None:
    """Return the redirect that `arrival` came of."""
    if arrival is None:
        return None
    sent = _redirects(since=arrival.at - WINDOW, until=arrival.at, target=arrival.digest)
    others = [one for one in _arrivals(sent, until=arrival.at) if one.id < arrival.id]
    return _match(sent, [*others, arrival]).get(arrival.id)


def _landing_of(sent: Redirect) -> Cycle | None:
    """Return the row of the cycle that came of the redirect `sent`."""
    until = sent.ended_at + WINDOW
    rivals = _redirects(since=sent.ended_at - WINDOW, until=until, target=sent.target)
    for arrival_id, one in _match(rivals, _arrivals(rivals, until=until)).items():
        if one.pk == sent.pk:
            return _rows().filter(pk=arrival_id).first()
    return None


def _match(sent: Iterable[Redirect], arrivals: Iterable[_Arrival]) -> dict[str, Redirect]:
    """Return the redirect that each of `arrivals` took, by its id: the newest that was left."""
    left = sorted(sent, key=lambda one: one.ended_at, reverse=True)
    taken: dict[str, Redirect] = {}
    for arrival in arrivals:
        found = next((one for one in left if _may_follow(arrival, one)), None)
        if found is not None:
            left.remove(found)
            taken[arrival.id] = found
    return taken


def _may_follow(arrival: _Arrival, sent: Redirect) -> bool:
    return (
        sent.target == arrival.digest
        and sent.cycle_id < arrival.id
        and sent.ended_at - _TOLERANCE <= arrival.at <= sent.ended_at + WINDOW
        and redirects.follows(arrival.method, sent)
    )


def _redirects(*, since: datetime, until: datetime, target: str | None = None) -> list[Redirect]:
    """Return the newest of the redirects that ended meanwhile and are kept."""
    kept = Cycle.objects.filter(pk=OuterRef("cycle_id")).order_by()
    found = Redirect.objects.filter(
        Exists(kept), ended_at__gte=since, ended_at__lte=until + _TOLERANCE
    )
    if target is not None:
        found = found.filter(target=target)
    return list(found.order_by("-ended_at")[:_MOST_CANDIDATES])


def _arrivals(sent: list[Redirect], *, until: datetime) -> list[_Arrival]:
    """Return the requests that can have come of `sent`, in the order of their start."""
    if not sent:
        return []
    rows = Cycle.objects.filter(
        path__in={one.path for one in sent},
        started_at__gte=sent[-1].ended_at - _TOLERANCE,
        started_at__lte=until,
    )
    arrivals = map(_arrival_of_row, rows.only("document").order_by("id")[:_MOST_CANDIDATES])
    return [one for one in arrivals if one is not None]


def _arrival_of(cycle: records.Cycle) -> _Arrival | None:
    digest = redirects.arrival_of(cycle)
    if digest is None:
        return None
    return _Arrival(
        id=cycle.id,
        at=stored_time(cycle.started_at),
        method=str(cycle.request.get("method") or ""),
        digest=digest,
    )


def _arrival_of_row(row: Cycle) -> _Arrival | None:
    try:
        return _arrival_of(codec.decode(bytes(row.document)))
    except codec.UnreadableCycle:
        return None
