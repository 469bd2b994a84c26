"""Mail, a side event: the messages that are handed to a backend.

`send_messages` of the backends is wrapped, in the classes themselves: every way to send leads
there, `send_mass_mail` and a backend of the project's own as well. `EmailMessage.send` of Django
6.1 looks at who has called it, which must not be us. What a message says is taken before it is
sent; an attachment is known by its name and size, and nothing is read or encoded again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from email.message import Message
from functools import wraps
from types import FrameType
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from cycle_inspector.collectors import _subclasses
from cycle_inspector.collectors._followed import told
from cycle_inspector.collectors._guard import guard
from cycle_inspector.collectors._messages import clean
from cycle_inspector.collectors._side_events import SideEvent
from cycle_inspector.collectors._values import cut, to_json
from cycle_inspector.recorder import Recorder, current
from cycle_inspector.records import Json

_MOST_MESSAGES = 100  # of those sent at once
_MOST_PARTS = 50  # attachments or addresses of one message
_LONGEST_BODY = 4_000

# A backend may hand its messages on to another one.
_is_sending: ContextVar[bool] = ContextVar("cycle_inspector_mail", default=False)


class Mail(SideEvent):
    """One message, as it was when it was handed over; the message itself is not kept."""

    __slots__ = ("_body", "_facts", "duration", "error")

    KIND = "mail"

    def __init__(
        self, recorder: Recorder, message: Any, backend: Any, frame: FrameType | None
    ) -> None:
        super().__init__(recorder, frame)
        self.duration = 0
        self.error: str | None = None
        given = vars(message)
        # Texts do not change; only the beginning is cleaned, and after the cycle.
        self._body = _beginning(given.get("body"))
        self._facts: dict[str, Json] = {
            "subject": to_json(given.get("subject")),
            "from": to_json(given.get("from_email")),
            **{name: _addresses(given.get(name)) for name in ("to", "cc", "bcc", "reply_to")},
            "alternatives": [_type_of(one) for one in _listed(given.get("alternatives"))],
            "attachments": [_attachment(one) for one in _listed(given.get("attachments"))],
            "backend": f"{type(backend).__module__}.{type(backend).__qualname__}",
        }

    def name(self) -> str:
        return clean(cut(str(self._facts["subject"]), 300))

    def attributes(self) -> dict[str, Json]:
        facts = {name: value for name, value in self._facts.items() if value not in ([], None, "")}
        if "subject" in facts:
            facts["subject"] = self.name()
        facts["duration_ns"] = self.duration
        if self._body:
            facts["body"] = cut(clean(self._body), _LONGEST_BODY)
        if self.error is not None:
            facts["error"] = self.error
        return facts


@contextmanager
def collect() -> Iterator[None]:
    """Wrap the backends' `send_messages`; put it back afterwards."""
    with _subclasses.wrapped(BaseEmailBackend, ("send_messages",), _wrap, "see a mail backend"):
        yield


def _wrap(_: str, method: Any) -> Any:
    @wraps(method)
    def send_messages(self: Any, email_messages: Any, *args: Any, **kwargs: Any) -> Any:
        recorder = current()
        if recorder is None or recorder.closed or _is_sending.get():
            return method(self, email_messages, *args, **kwargs)
        taken: list[Mail] = []
        with guard("record a mail", recorder):
            # An iterator is not to be consumed.
            messages = email_messages if type(email_messages) in (list, tuple) else ()
            frame = sys._getframe(1)
            for message in messages[:_MOST_MESSAGES]:
                if issubclass(type(message), EmailMessage):
                    taken.append(Mail(recorder, message, self, frame))
        token = _is_sending.set(True)
        start = recorder.clock()
        try:
            return method(self, email_messages, *args, **kwargs)
        except BaseException as error:
            with guard("record a mail", recorder):
                for one in taken:
                    one.error = told(error)
            raise
        finally:
            _is_sending.reset(token)
            with guard("record a mail", recorder):
                for one in taken:
                    one.duration = recorder.clock() - start  # of all that were sent at once
                    recorder.add_side_event(one)

    return send_messages


def _listed(value: Any) -> list[Any]:
    return list(value)[:_MOST_PARTS] if type(value) in (list, tuple) else []


def _addresses(value: Any) -> list[Json]:
    found: list[Json] = [to_json(one) for one in _listed(value)]
    more = len(value) - len(found) if found else 0
    return [*found, f"… {more} more"] if more else found


def _beginning(body: Any) -> str:
    text = body if type(body) is str else to_json(body) if body is not None else ""
    return str(text)[: _LONGEST_BODY * 2]


def _type_of(alternative: Any) -> Json:
    return to_json(alternative[1]) if issubclass(type(alternative), tuple) else "?"


def _attachment(one: Any) -> dict[str, Json]:
    if issubclass(type(one), tuple) and tuple.__len__(one) == 3:
        name, content, kind = tuple.__iter__(one)
        size = len(content) if type(content) in (bytes, str) else None
        return {"name": to_json(name), "type": to_json(kind), "size": size}
    if issubclass(type(one), Message) and type(one).__module__.startswith("email."):
        kind = one.get_content_type()
        return {"name": to_json(one.get_filename()), "type": kind, "size": None}
    return {"name": to_json(one), "type": None, "size": None}
