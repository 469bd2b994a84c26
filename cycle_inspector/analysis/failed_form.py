"""CI605: a form failed, and the visitor cannot see why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Event, Finding, Severity, Stage

CODE = Code(
    code="CI605",
    severity=Severity.WARNING,
    title="A form failed, and the visitor cannot see why",
    django="topics/forms/#rendering-form-error-messages",
)

_REDIRECTS = (301, 302, 303, 307, 308)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each form whose errors are lost, or stand at a field that is not there.

    A form that failed and is shown again is how forms work, and no finding.
    """
    client = cycle.stage(Stage.CLIENT).facts
    if client.get("method") not in ("POST", "PUT", "PATCH"):
        return
    forms = [one for one in cycle.events if one.kind == "form"]
    failed = [one for one in forms if one.attributes.get("valid") is False]
    status = cycle.response.get("status")
    if status in _REDIRECTS:
        # One of several forms may be meant; and what is kept in the session is told later.
        if len(failed) == len(forms) and not _is_told(cycle):
            yield from map(_lost, failed)
    elif status == 200 and str(cycle.response.get("content_type")).startswith("text/html"):
        names = set(_sent(client))
        for event in failed:
            fields = _not_sent(event, names)
            if fields:
                yield replace(_absent(event, fields), severity=Severity.INFO)


def _is_told(cycle: Cycle) -> bool:
    has_message = any(one.kind == "message" for one in cycle.events)
    return has_message or bool(cycle.stage(Stage.CLIENT).facts.get("session_changed"))


def _lost(event: Event) -> Finding:
    return CODE.about_events(
        [event],
        f"The form {event.name} failed, and the page that follows does not say why",
        "Show the form again, with its errors, in the place of the redirect: render it where "
        "is_valid() is false. Or say what is wrong by messages.error().",
    )


def _absent(event: Event, fields: list[str]) -> Finding:
    return CODE.about_events(
        [event],
        f"The form {event.name} failed for {', '.join(fields)}, which the page did not send",
        f"Unless that is a box that nobody has ticked, the page has no such field, and no place "
        f"for its error: show {{{{ form.{fields[0]} }}}} in the template, or take it out of the "
        "fields of the form.",
        count=len(fields),
    )


def _sent(client: Any) -> Iterator[str]:
    for one in client.get("form") or ():
        yield str(one[0])
    for one in client.get("files") or ():
        yield str(one.get("name"))


def _not_sent(event: Event, names: set[str]) -> list[str]:
    """Return the required fields that were not sent, though others of the form were.

    The forms of a formset have names of their own.
    """
    said = event.attributes
    if "forms" in said:
        return []
    prefix = f"{said['prefix']}-" if said.get("prefix") else ""
    is_sent = {
        field: any(one == prefix + field or one.startswith(f"{prefix}{field}_") for one in names)
        for field in said.get("fields") or ()
    }
    if not any(is_sent.values()):
        return []
    return [
        one["field"]
        for one in said.get("errors") or ()
        if one.get("code") == "required" and is_sent.get(one.get("field")) is False
    ]


RULE = Rule(find, (CODE,))
