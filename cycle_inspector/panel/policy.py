"""What the page's Content-Security-Policy says of the panel's script.

A policy is never changed. If the page uses a nonce, so does the script. If the page did not use the
one it has, it is asked for only where the script could not load without: asking makes the
middleware of Django, or django-csp, put it into the policy.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

# The source of a script, falling back as in CSP Level 3, 6.8.3.
_DIRECTIVES = ("script-src-elem", "script-src", "default-src")


def nonce_of(request: HttpRequest, response: HttpResponseBase) -> str:
    """Return the nonce for the script, or the empty text; to be called next to the view."""
    # Django 6.0 keeps it at `_csp_nonce` (django.middleware.csp), django-csp at `csp_nonce`. Both
    # are lazy, and false until they have been read.
    nonce = getattr(request, "_csp_nonce", None)
    if nonce is None:
        nonce = request.__dict__.get("csp_nonce")
    if nonce is None:
        return ""
    if nonce or _needs_nonce(response):
        return str(nonce)
    return ""


def why_blocked(request: HttpRequest, response: HttpResponseBase, nonce: str) -> str | None:
    """Return why the policy would keep the script from loading; None if it lets it."""
    header = response.headers.get("Content-Security-Policy", "")
    # Several policies, in one header separated by commas, must all allow it.
    for policy in header.split(","):
        sources = _sources(policy)
        if sources is not None and not _allows(sources, request, nonce):
            return (
                "The page's Content-Security-Policy does not let a script of its own site load: "
                "see Cycle-Url in the response's headers."
            )
    return None


def _needs_nonce(response: HttpResponseBase) -> bool:
    configured: Any = getattr(response, "_csp_config", None) or getattr(settings, "SECURE_CSP", None)
    if not isinstance(configured, dict):
        return False
    for directive in _DIRECTIVES:
        if directive in configured:
            sources = configured[directive] or ()
            texts = [str(one) for one in sources]
            return "'strict-dynamic'" in texts or not {"'self'", "*"} & set(texts)
    return False


def _sources(policy: str) -> list[str] | None:
    directives = {
        words[0].lower(): words[1:] for one in policy.split(";") if (words := one.split())
    }
    return next((directives[name] for name in _DIRECTIVES if name in directives), None)


def _allows(sources: list[str], request: HttpRequest, nonce: str) -> bool:
    if nonce and f"'nonce-{nonce}'" in sources:
        return True
    if "'strict-dynamic'" in sources:  # then hosts count for nothing
        return False
    host = request.META.get("HTTP_HOST", "")
    own = {"'self'", "*", f"{request.scheme}:", host, f"{request.scheme}://{host}"}
    return any(source in own for source in sources)
