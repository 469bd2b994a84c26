"""What came of a lookup: the near misses of a 404, a redirect in its place, a method refused.

A part of the routing's description, made after the request. What it costs is bounded: an ordinary
match passes by, and a search for near misses ends when its time is up.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.urls import get_resolver

from cycle_inspector import routes
from cycle_inspector.assembly import Recorded
from cycle_inspector.collectors import _redaction
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._values import cut
from cycle_inspector.records import Json, Stage

_MOST_NEAR = 5
_COMMON = "django.middleware.common.CommonMiddleware"
_LOCALE = "django.middleware.locale.LocaleMiddleware"
_REDIRECTS = (301, 302, 303, 307, 308)


def facts_of(recorded: Recorded, lookup: Any, root: str) -> dict[str, Json]:
    """Return the facts about what `lookup`, in the URLconf `root`, led to; none for most."""
    response = recorded.notes.get(Stage.RESPONSE)
    status = getattr(response, "status", None)
    method = str(getattr(recorded.notes.get(Stage.CLIENT), "method", ""))
    facts: dict[str, Json] = {}
    if lookup.match is None and lookup.error is None:
        with guard("look for near misses"):
            misses = routes.find(lookup.tried or [], lookup.path, method=method, most=_MOST_NEAR)
            facts["near"] = [routes.said_of(one, root, _redaction.is_secret) for one in misses]
        path = str(getattr(recorded.notes.get(Stage.CLIENT), "path", ""))
        if status in _REDIRECTS:
            facts |= _redirect(lookup, path, str(_header(response, "location")))
    elif status == 405 and lookup.match is not None:
        with guard("explain a method that is not allowed"):
            facts["refused_method"] = _refused(lookup, method, str(_header(response, "allow")))
    if status in (400, 403, 404, 500) and not settings.DEBUG:
        with guard("name the view of an error"):
            facts |= _error_view(recorded, lookup, status)
    return facts


def _redirect(lookup: Any, path: str, location: str) -> dict[str, Json]:
    """Say why a redirect came in the place of a 404, where it is one of Django's own."""
    to = unquote(urlsplit(location).path)
    if to == path + "/" and settings.APPEND_SLASH:
        by, because = _COMMON, "APPEND_SLASH is on, and with a slash at its end the path matches"
    elif _has_language_prefix(lookup, path, to):
        by, because = _LOCALE, "with the prefix of a language the path matches"
    else:
        return {}
    name = by.rpartition(".")[2] if by in settings.MIDDLEWARE else "A middleware"
    return {"redirect": {"to": cut(to), "by": name, "because": because}}


def _has_language_prefix(lookup: Any, path: str, to: str) -> bool:
    # LocaleMiddleware puts the prefix between SCRIPT_NAME and the rest.
    script = path.removesuffix(lookup.path)
    language = to.removeprefix(script).strip("/").partition("/")[0]
    rest = to.removeprefix(f"{script}/{language}")
    return language in dict(settings.LANGUAGES) and rest in (lookup.path, lookup.path + "/")


def _refused(lookup: Any, method: str, allow: str) -> dict[str, Json]:
    """Say which methods are answered, and whether a later pattern would have taken this one."""
    match = lookup.match
    allowed = {one.strip().upper() for one in allow.split(",") if one.strip()}
    allowed = allowed or set(routes.methods_of(match.func) or ())
    return {
        "method": method,
        "answered": sorted(allowed),
        "said": routes.in_words(allowed),
        "later": _later(lookup, method),
    }


def _later(lookup: Any, method: str) -> Json:
    """Return the first pattern after the match that would have matched, and takes `method`."""
    matched = lookup.match.tried[-1][-1]
    chains = routes.matching(get_resolver(lookup.urlconf or None), lookup.path[1:])
    is_after = False
    for chain in chains:
        if is_after:
            answered = routes.methods_of(chain[-1].callback)
            if answered is not None and method in answered:
                return {"pattern": cut(routes.text_of(chain)), "view_name": routes.name_of(chain)}
        is_after = is_after or chain[-1] is matched
    return None


def _error_view(recorded: Recorded, lookup: Any, status: int) -> dict[str, Json]:
    answered = (one.attributes.get("handled_as") for one in recorded.events)
    if str(status) not in answered:
        return {}
    # As django.core.handlers.exception.get_exception_response() does.
    view = get_resolver(lookup.urlconf or None).resolve_error_handler(status)
    return {"error_view": f"{view.__module__}.{view.__qualname__}"}


def _header(response: Any, name: str) -> Any:
    headers = getattr(response, "headers", ())
    return next((value for key, value in headers if key.lower() == name), "")
