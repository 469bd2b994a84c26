"""CI501 to CI503: cookies that browsers refuse, text sent unpacked, pages cached for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cycle_inspector.analysis._response_headers import COOKIE, not_set
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

COOKIES = Code(
    code="CI501",
    severity=Severity.WARNING,
    title="Browsers refuse a cookie, or send it over plain http",
    django="ref/request-response/#django.http.HttpResponse.set_cookie",
)
UNPACKED = Code(
    code="CI502",
    severity=Severity.INFO,
    title="Much text is sent without compression",
    django="ref/middleware/#module-django.middleware.gzip",
)
SHARED = Code(
    code="CI503",
    severity=Severity.WARNING,
    title="A page that depends on a cookie is kept for everybody",
    django="topics/cache/#controlling-cache-using-other-headers",
)

_TEXT = re.compile(r"text/|application/(?:[\w.+-]+\+)?(?:json|xml|javascript)")
_LOCAL = re.compile(r"https://(?:localhost|[\w.-]+\.(?:localhost|local|test)|[\d.]+|\[)(?=[:/]|$)")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield what is wrong with the headers of the response; over http that is little."""
    for one in not_set(cycle):
        name, _, flag = one.name.partition(": ")
        if one.kind == COOKIE and flag == "Secure":
            yield COOKIES.about(
                f"The cookie {name} is not Secure: {one.why[0].lower()}{one.why[1:].rstrip('.')}",
                f"Set it with secure=True{_setting(name)}.",
            )
    facts = cycle.stage(Stage.RESPONSE).facts
    sent = _headers(facts.get("headers"))
    asked = _headers(cycle.stage(Stage.CLIENT).facts.get("headers"))
    url = str(cycle.stage(Stage.CLIENT).facts.get("url"))
    yield from _unpacked(cycle, sent, asked, url, thresholds)
    yield from _shared(sent)


def _setting(name: str) -> str:
    settings = {"sessionid": "SESSION_COOKIE_SECURE", "csrftoken": "CSRF_COOKIE_SECURE"}
    return f", by {settings[name]} = True" if name in settings else ""


def _unpacked(
    cycle: Cycle, sent: dict[str, str], asked: dict[str, str], url: str, thresholds: Thresholds
) -> Iterator[Finding]:
    size = cycle.response.get("size_bytes") or 0
    # By http it is most likely a server of development, or a proxy that packs what it passes on.
    if not url.startswith("https://") or _LOCAL.match(url) or "via" in asked:
        return
    if "content-encoding" in sent or "gzip" not in asked.get("accept-encoding", ""):
        return
    is_text = _TEXT.match(str(cycle.response.get("content_type") or "")) is not None
    if is_text and size >= max(thresholds.uncompressed_kb, 1) * 1_000:
        yield UNPACKED.about(
            f"{size // 1_000} kB of text were sent without compression",
            "Let the web server in front pack it, or add GZipMiddleware, after reading what its "
            "documentation says about BREACH.",
        )


def _shared(sent: dict[str, str]) -> Iterator[Finding]:
    vary = {one.strip().lower() for one in sent.get("vary", "").split(",")}
    control = sent.get("cache-control", "").lower()
    if "cookie" in vary and re.search(r"\bpublic\b|\bs-maxage\s*=\s*[1-9]", control):
        yield SHARED.about(
            "The page varies by cookie, and says that shared caches may keep it",
            "A shared cache keeps one copy for each visitor, which is of no use. Do not touch the "
            "session or the CSRF token on this page, or say cache_control(private=True).",
        )


def _headers(given: Iterable[object] | None) -> dict[str, str]:
    pairs = [one for one in given or () if isinstance(one, list | tuple) and len(one) == 2]
    return {str(name).lower(): str(value) for name, value in pairs}


RULE = Rule(find, (COOKIES, UNPACKED, SHARED))
