"""CI502: much text is sent without compression."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import by_name, is_local, place_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI502",
    severity=Severity.INFO,
    title="Much text is sent without compression",
    django="ref/middleware/#module-django.middleware.gzip",
)

_TEXT = re.compile(r"text/|application/(?:[\w.+-]+\+)?(?:json|xml|javascript)")


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding if a large text goes out as it is, over https and to who can unpack it.

    By http it is most likely a server of development, or a proxy that packs what it passes on.
    """
    size = cycle.response.get("size_bytes") or 0
    if size < max(thresholds.uncompressed_kb, 1) * 1_000:
        return
    client = cycle.stage(Stage.CLIENT).facts
    sent = by_name(cycle.stage(Stage.RESPONSE).facts.get("headers"))
    asked = by_name(client.get("headers"))
    scheme, host = place_of(str(client.get("url") or ""))
    if scheme != "https" or is_local(host) or "via" in asked:
        return
    if "content-encoding" in sent or "gzip" not in asked.get("accept-encoding", ""):
        return
    if _TEXT.match(str(cycle.response.get("content_type") or "")) is not None:
        yield CODE.about(
            f"{size // 1_000} kB of text were sent without compression",
            "Let the web server in front pack it, or add GZipMiddleware, after reading what its "
            "documentation says about BREACH.",
        )


RULE = Rule(find, (CODE,))
