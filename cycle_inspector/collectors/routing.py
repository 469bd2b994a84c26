"""Stage 5, the routing: which URL pattern matched, which were tried, and which came near.

`resolve_request` is shadowed on the handler (see `cycle_inspector.collectors.middleware`). The
patterns tried come for free: Django keeps them on the match (`ResolverMatch.tried`, whose last
entry is the match itself) and on the exception (`Resolver404`). They become text after the request,
and are compared with the path only where none matched, see `cycle_inspector.routes`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.conf import settings
from django.urls import Resolver404
from django.utils import translation

from cycle_inspector import routes
from cycle_inspector.assembly import Recorded, Summed
from cycle_inspector.collectors import _outcomes, _redaction, exceptions
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import message_of
from cycle_inspector.collectors._values import LONGEST_TEXT, cut, to_json
from cycle_inspector.recorder import current
from cycle_inspector.records import Json, Span, Stage

# Of a 404 the first so many patterns are kept as text, of a match the last so many: every cycle
# pays for these, and the panel can list them all from the URLconf. The count is always exact.
MOST_TRIED = 200
MOST_TRIED_BEFORE_MATCH = 30

_MOST_LOOKUPS = 20
_LONGEST_PATTERN = 300


class Lookup:
    """One time that the handler asked the resolver, and what that answered."""

    __slots__ = ("error", "language", "match", "path", "tried", "urlconf")

    def __init__(self) -> None:
        self.match: Any = None
        self.tried: list[Any] | None = None
        self.error: dict[str, Json] | None = None
        self.urlconf: Any = None  # of the request; None where it has none of its own
        self.path = ""
        # Patterns may be translated, and become text in a thread that speaks another language.
        self.language: str | None = translation.get_language()


class Note:
    """What the resolver was asked: once as a rule, again where a middleware begins anew."""

    __slots__ = ("lookups",)

    def __init__(self) -> None:
        self.lookups: list[Lookup] = []


def watched(resolve_request: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the handler's `resolve_request`, timed and listened to."""

    def resolve(request: Any) -> Any:
        recorder = current()
        if recorder is None:
            return resolve_request(request)
        lookup, span = Lookup(), None
        with guard("record the routing", recorder):
            lookup.urlconf, lookup.path = request.__dict__.get("urlconf"), request.path_info
            lookups = recorder.note(Stage.ROUTING, Note).lookups
            if len(lookups) < _MOST_LOOKUPS:
                lookups.append(lookup)
            span = recorder.open_span(Stage.ROUTING, "resolve")
        try:
            lookup.match = match = resolve_request(request)
        except Resolver404 as error:
            with guard("read the patterns tried", recorder):
                lookup.tried = _tried_of(error)
            raise
        except Exception as error:  # of the URLconf itself
            with guard("record an error of the URLconf", recorder):
                lookup.error = _error_of(error)
            exceptions.take_in(Stage.ROUTING, recorder, error, request)
            raise
        finally:
            if span is not None:
                with guard("record the routing", recorder):
                    recorder.close_span(span)
        return match

    return resolve


def describe(recorded: Recorded) -> Summed:
    """Sum up the stage by its last lookup; its count is that of the patterns tried then."""
    note: Note | None = recorded.notes.get(Stage.ROUTING)
    spans = list(recorded.of(Stage.ROUTING))
    if note is None or not note.lookups or not spans:
        return Summed()
    lookup, earlier = note.lookups[-1], note.lookups[:-1]
    with translation.override(lookup.language):
        facts = _facts(lookup)
        facts |= _outcomes.facts_of(recorded, lookup, facts["urlconf"])
    if earlier:
        facts["earlier"] = [_in_brief(one) for one in earlier]
    return Summed(
        start_ns=spans[0].start_ns,
        duration_ns=sum(map(_duration_of, spans)),
        count=facts["tried_count"],
        facts=facts,
    )


def _facts(lookup: Lookup) -> dict[str, Json]:
    match = lookup.match
    tried = (lookup.tried if match is None else getattr(match, "tried", None)) or []
    kept = tried[:MOST_TRIED] if match is None else tried[-MOST_TRIED_BEFORE_MATCH:]
    facts: dict[str, Json] = {
        "urlconf": _urlconf_text(lookup),
        "not_found": match is None and lookup.error is None,
        "tried": [cut(routes.text_of(chain), _LONGEST_PATTERN) for chain in kept],
        "tried_count": len(tried),
    }
    if lookup.urlconf:
        facts["own_urlconf"] = True
    if len(lookup.path) <= LONGEST_TEXT:  # a part of a path would lead elsewhere
        facts["path_info"] = cut(lookup.path)
    if lookup.language is not None:
        facts["language"] = lookup.language
    if lookup.error is not None:
        facts["error"] = lookup.error
    if match is not None:
        facts |= _match_facts(match, facts["urlconf"])
    return facts


def _match_facts(match: Any, root: str) -> dict[str, Json]:
    chain = (match.tried or [()])[-1]
    converters = {
        name: type(converter).__name__
        for pattern in chain
        for name, converter in getattr(pattern.pattern, "converters", {}).items()
    }
    facts: dict[str, Json] = {
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
    place = routes.place_of(chain, root) if chain else None
    if place is not None:
        facts["place"] = {"module": place.module, "path": place.path, "line": place.line}
    if match.extra_kwargs:
        facts["extra_kwargs"] = [str(to_json(name)) for name in match.extra_kwargs]
    return facts


def _in_brief(lookup: Lookup) -> dict[str, Json]:
    match = lookup.match
    return {
        "urlconf": _urlconf_text(lookup),
        "path_info": cut(lookup.path),
        "route": None if match is None else str(match.route),
        "not_found": match is None and lookup.error is None,
    }


def _urlconf_text(lookup: Lookup) -> str:
    urlconf = lookup.urlconf or getattr(settings, "ROOT_URLCONF", None)
    if type(urlconf) is ModuleType:
        return urlconf.__name__
    return urlconf if isinstance(urlconf, str) else str(to_json(urlconf))


def _error_of(error: Exception) -> dict[str, Json]:
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    return {"type": name, "message": message_of(error)}


def _tried_of(error: Resolver404) -> list[Any] | None:
    first = error.args[0] if error.args else None
    tried = first.get("tried") if isinstance(first, dict) else None
    return tried if isinstance(tried, list) else None


def _duration_of(span: Span) -> int:
    return span.duration_ns
