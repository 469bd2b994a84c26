"""CI507: a page is not in the charset that it says, or does not say in which."""

from __future__ import annotations

import codecs
from collections.abc import Iterable

from cycle_inspector.analysis._response_headers import by_name
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI507",
    severity=Severity.WARNING,
    title="A page does not say in which charset it is",
    django="ref/request-response/#django.http.HttpResponse.__init__",
)

_AS_PAGE = ("", "document", "iframe", "frame")  # Sec-Fetch-Dest


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for a page that browsers have to guess the charset of, or guess wrongly.

    What a script of a page asks for is always taken for UTF-8.
    """
    facts = cycle.stage(Stage.RESPONSE).facts
    said = facts.get("charset_said")
    if not isinstance(said, str):
        return
    asked = by_name(cycle.stage(Stage.CLIENT).facts.get("headers"))
    is_of_script = "x-requested-with" in asked or "hx-request" in asked
    if is_of_script or asked.get("sec-fetch-dest", "") not in _AS_PAGE:
        return
    real = str(facts.get("charset"))
    if said and _name(said) == _name(real):
        return
    what = f"calls itself {said}" if said else "says so nowhere: browsers have to guess"
    yield CODE.about(
        f"The page is {real}, and {what}",
        "Its Content-Type names no charset. Leave content_type out, and Django adds what it "
        f'encodes by; or write content_type="text/html; charset={real}".',
    )


def _name(charset: str) -> str:
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return charset.lower()


RULE = Rule(find, (CODE,))
