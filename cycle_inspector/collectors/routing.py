"""Stage 5, the routing: which URL pattern matched, and which were tried.

`resolve_request` is shadowed on the handler (see `cycle_inspector.collectors.middleware`). The
patterns tried come for free: Django keeps them on the match (`ResolverMatch.tried`, whose last
entry is the match itself) and on the exception (`Resolver404`). They become text after the request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.urls import Resolver404
from django.urls.resolvers import LocalePrefixPattern, RoutePattern
from django.utils import translation

from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import current
from cycle_inspector.records import Json, Span, Stage

_ROUTES = (RoutePattern, LocalePrefixPattern)

# On a URLconf of thousands of patterns the list is cut here; the count stays exact.
_MOST_TRIED = 200


class Note:
    """What the resolver answered."""

    __slots__ = ("language", "match", "tried", "urlconf")

    def __init__(self) -> None:
        self.match: Any = None
        self.tried: list[Any] | None = None
        self.urlconf: Any = None
        # Patterns may be translated, and become text in a thread that speaks another language.
        self.language: str | None = translation.get_language()


def watched(resolve_request: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the handler's `resolve_request`, timed and listened to."""

    def resolve(request: Any) -> Any:
        recorder = current()
        if recorder is None:
            return resolve_request(request)
        note, span = Note(), None
        with guard("record the routing", recorder):
            note = recorder.note(Stage.ROUTING, Note)
            note.urlconf = request.__dict__.get("urlconf")
            span = recorder.open_span(Stage.ROUTING, "resolve")
        try:
            note.match = match = resolve_request(request)
        except Resolver404 as error:
            with guard("read the patterns tried", recorder):
                note.match, note.tried = None, _tried_of(error)
            raise
        finally:
            if span is not None:
                with guard("record the routing", recorder):
                    recorder.close_span(span)
        return match

    return resolve


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage; its count is that of the patterns tried."""
    note: Note | None = recorded.notes.get(Stage.ROUTING)
    span = next(iter(recorded.of(Stage.ROUTING)), None)
    if note is None or span is None:
        return Summed()
    with translation.override(note.language):
        return _sum_up(note, span)


def _sum_up(note: Note, span: Span) -> Summed:
    tried = note.tried if note.match is None else getattr(note.match, "tried", None)
    urlconf = note.urlconf or getattr(settings, "ROOT_URLCONF", None)
    facts: dict[str, Json] = {
        "urlconf": urlconf if isinstance(urlconf, str) else str(to_json(urlconf)),
        "not_found": note.match is None,
        "tried": [_pattern_text(chain) for chain in (tried or ())[:_MOST_TRIED]],
        "tried_count": len(tried or ()),
    }
    if note.match is not None:
        facts |= _match_facts(note.match)
    return Summed(
        start_ns=span.start_ns,
        duration_ns=span.duration_ns,
        count=len(tried or ()),
        facts=facts,
    )


def _match_facts(match: Any) -> dict[str, Json]:
    converters = {
        name: type(converter).__name__
        for chain in (match.tried or ())[-1:]
        for pattern in chain
        for name, converter in getattr(pattern.pattern, "converters", {}).items()
    }
    return {
        "route": str(match.route),
        "view_name": str(match.view_name),
        "url_name": None if match.url_name is None else str(match.url_name),
        "namespaces": [str(one) for one in match.namespaces],
        "args": [to_json(one) for one in match.args],
        "kwargs": [
            [name, _redaction.redact(name, to_json(value)), converters.get(name)]
            for name, value in match.kwargs.items()
        ],
    }


def _tried_of(error: Resolver404) -> list[Any] | None:
    first = error.args[0] if error.args else None
    tried = first.get("tried") if isinstance(first, dict) else None
    return tried if isinstance(tried, list) else None


def _pattern_text(chain: Any) -> str:
    # path() joins to one route as it is read; a regular expression in between stands apart.
    parts = [str(pattern.pattern) for pattern in chain]
    are_routes = all(isinstance(pattern.pattern, _ROUTES) for pattern in chain)
    return cut(("" if are_routes else " ").join(part for part in parts if part), 300)
