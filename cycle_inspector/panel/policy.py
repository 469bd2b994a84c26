"""What the page's Content-Security-Policy says of the panel's script.

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

# The source of a script, falling back as in CSP Level 3, 6.8.3.
_DIRECTIVES = ("script-src-elem", "script-src", "default-src")


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
    name = next((name for name in _DIRECTIVES if name in directives), None)
    if name is None:
        return False
    sources = _as_texts(directives[name])
    # The place in the policy where the nonce will stand: django.utils.csp.CSP.NONCE, or
    # csp.constants.NONCE.
    if not any("NONCE" in source for source in sources):
        return False
    if "'strict-dynamic'" in sources:
        return True
    # With a nonce in the policy browsers no longer heed 'unsafe-inline', on which the page rests.
    return "'unsafe-inline'" not in sources and not _allows(sources, request, "")


def use_nonce(request: HttpRequest) -> str:
    """Return the page's nonce, which from now on counts as used."""
    nonce = _nonce(request)
    return "" if nonce is None else str(nonce)


def why_blocked(request: HttpRequest, response: HttpResponseBase, nonce: str) -> str | None:
    """Return why the policy would keep the script from loading; None if it lets it."""
    # Several policies, in one header separated by commas, must all allow it.
    for policy in response.headers.get(_HEADER, "").split(","):
        sources = _sources(policy)
        if sources is not None and not _allows(sources, request, nonce):
            return (
                "The page's Content-Security-Policy does not let a script of its own site load: "
                "see Cycle-Url in the response's headers."
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


def _as_texts(sources: Any) -> list[str]:
    if not isinstance(sources, list | tuple | set | frozenset):
        sources = [sources]
    return [str(source) for source in sources if source not in (None, True, False)]


def _sources(policy: str) -> list[str] | None:
    directives = {
        words[0].lower(): words[1:] for one in policy.split(";") if (words := one.split())
    }
    return next((directives[name] for name in _DIRECTIVES if name in directives), None)


def _allows(sources: list[str], request: HttpRequest, nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    lowered = [source.lower() for source in sources]
    if "'strict-dynamic'" in lowered:  # then hosts count for nothing
        return False
    scheme, host = str(request.scheme), str(request.META.get("HTTP_HOST", "")).lower()
    anywhere = {"'self'", "*", f"{scheme}:", "http:"}
    return any(
        source in anywhere or source.removeprefix(f"{scheme}://").rstrip("/") == host
        for source in lowered
    )
