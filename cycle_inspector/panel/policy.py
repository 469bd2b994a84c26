"""What the page's Content-Security-Policy says of the panel: of its script, and of what it fetches.

A policy is never changed. If the page used its nonce, so does the script. If it did not, the nonce
is asked for only where the script could not load without: asking makes the middleware of Django, or
django-csp, put it into the policy.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import LazyObject, empty

_HEADER = "Content-Security-Policy"

# What is said of a script and of a fetch, falling back as in CSP Level 3, 6.8.3.
_SCRIPT = ("script-src-elem", "script-src", "default-src")
_FETCH = ("connect-src", "default-src")


def nonce_in_use(request: HttpRequest) -> str:
    """Return the nonce that the page has used; the empty text if it has none, or did not."""
    nonce = _nonce(request)
    return "" if nonce is None or _is_unread(nonce) else str(nonce)


def needs_nonce(request: HttpRequest, response: HttpResponseBase) -> bool:
    """Whether the script can load only by a nonce that the page has but did not use.

    To be asked next to the view: the policy is made further out, from what has been used by then.
    """
    nonce = _nonce(request)
    if nonce is None or not _is_unread(nonce) or _HEADER in response.headers:
        return False
    directives = _configured(request, response)
    sources, fetched = _about(directives, _SCRIPT), _about(directives, _FETCH)
    if sources is None or (fetched is not None and not _allow_own(fetched, request)):
        return False
    # The place in the policy where the nonce will stand: django.utils.csp.CSP.NONCE, or
    # csp.constants.NONCE.
    if not any("NONCE" in source for source in sources):
        return False
    if "'strict-dynamic'" in sources:
        return True
    # With a nonce in the policy browsers no longer heed 'unsafe-inline', on which the page rests.
    return "'unsafe-inline'" not in sources and not _allow_script(sources, request, "")


def use_nonce(request: HttpRequest) -> str:
    """Return the page's nonce, which from now on counts as used."""
    nonce = _nonce(request)
    return "" if nonce is None else str(nonce)


def why_blocked(request: HttpRequest, response: HttpResponseBase, nonce: str) -> str | None:
    """Return why the policy would keep the panel from working; None if it lets it."""
    # Several policies, in one header separated by commas, must all allow it.
    for policy in response.headers.get(_HEADER, "").split(","):
        directives = _directives(policy)
        sources, fetched = _about(directives, _SCRIPT), _about(directives, _FETCH)
        if sources is not None and not _allow_script(sources, request, nonce):
            return (
                "The page's Content-Security-Policy does not let a script of its own site load: "
                "see Cycle-Url in the response's headers."
            )
        if fetched is not None and not _allow_own(fetched, request):
            return (
                "The page's Content-Security-Policy does not let a script fetch from its own site "
                "(connect-src): see Cycle-Url in the response's headers."
            )
    return None


def _nonce(request: HttpRequest) -> Any:
    # Django 6.0 keeps it at `_csp_nonce` (django.middleware.csp), django-csp at `csp_nonce`.
    nonce = getattr(request, "_csp_nonce", None)
    return request.__dict__.get("csp_nonce") if nonce is None else nonce


def _is_unread(nonce: Any) -> bool:
    # Both are lazy objects. Not by bool(), which reads that of django-csp 3.
    return issubclass(type(nonce), LazyObject) and nonce._wrapped is empty


def _configured(request: HttpRequest, response: HttpResponseBase) -> dict[str, Any]:
    """Return the directives the policy will be made of."""
    # Set by the decorators of both; an empty one switches the policy off for this page.
    configured: Any = getattr(response, "_csp_config", None)
    if configured is None and "csp_nonce" in request.__dict__:
        configured = getattr(settings, "CONTENT_SECURITY_POLICY", None) or {}
        configured = configured.get("DIRECTIVES")
    elif configured is None:
        configured = getattr(settings, "SECURE_CSP", None)
    return configured if isinstance(configured, dict) else {}


def _directives(policy: str) -> dict[str, list[str]]:
    directives: dict[str, list[str]] = {}
    for words in map(str.split, policy.split(";")):
        if words:  # of two by the same name the first counts
            directives.setdefault(words[0].lower(), words[1:])
    return directives


def _about(directives: dict[str, Any], names: tuple[str, ...]) -> list[str] | None:
    """Return the sources of the first of `names` that is given; None if none is."""
    given = (directives.get(name) for name in names)
    # In settings None and False leave a directive out.
    sources: Any = next((one for one in given if one is not None and one is not False), None)
    if sources is None:
        return None
    if not isinstance(sources, list | tuple | set | frozenset):
        sources = [sources]
    texts = (str(source) for source in sources if source not in (None, True, False))
    return [word for text in texts for word in text.split()]


def _allow_script(sources: list[str], request: HttpRequest, nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    # With 'strict-dynamic' hosts count for nothing.
    is_strict = any(source.lower() == "'strict-dynamic'" for source in sources)
    return not is_strict and _allow_own(sources, request)


def _allow_own(sources: list[str], request: HttpRequest) -> bool:
    """Whether `sources` name the site that answers `request`."""
    scheme, host = str(request.scheme), str(request.META.get("HTTP_HOST", "")).lower()
    anywhere = {"'self'", "*", f"{scheme}:", "http:"}
    return any(
        source in anywhere or source.removeprefix(f"{scheme}://").rstrip("/") == host
        for source in map(str.lower, sources)
    )
