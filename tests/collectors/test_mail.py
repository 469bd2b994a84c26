"""Mail: what was handed to a backend, by whatever way, and the page as it is without us."""

from __future__ import annotations

from email.mime.text import MIMEText
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail, send_mass_mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import mail as mail_module
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage

pytestmark = pytest.mark.filterwarnings("ignore:Django 2028 will not have")


def mails(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "mail"]


def sent(message: EmailMessage) -> Event:
    with record() as recording:
        EmailBackend().send_messages([message])
    (event,) = mails(recording.cycle)
    return event


def test_a_mail_is_kept_with_what_it_says_and_its_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        send_mail("Your order", "Thank you.", "shop@example.com", ["ada@example.com"])
        return HttpResponse("ok")

    (event,) = mails(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("Your order", Stage.VIEW)
    said = dict(event.attributes)
    assert said.pop("duration_ns") > 0
    assert said == {
        "subject": "Your order",
        "from": "shop@example.com",
        "to": ["ada@example.com"],
        "body": "Thank you.",
        "backend": "django.core.mail.backends.locmem.EmailBackend",
    }
    assert event.frames[0].path == __file__
    assert len(mail.outbox) == 1


def test_attachments_are_known_by_name_and_size() -> None:
    message = EmailMultiAlternatives("s", "b", "a@example.com", ["b@example.com"], cc=["c@x.org"])
    message.attach_alternative("<p>b</p>", "text/html")
    message.attach("prices.csv", "a;b", "text/csv")
    message.attach("cover.png", b"\x89PNG", "image/png")

    event = sent(message)

    assert event.attributes["cc"] == ["c@x.org"]
    assert event.attributes["alternatives"] == ["text/html"]
    assert event.attributes["attachments"] == [
        {"name": "prices.csv", "type": "text/csv", "size": 3},
        {"name": "cover.png", "type": "image/png", "size": 4},
    ]


@pytest.mark.filterwarnings("ignore:MIMEBase attachments are deprecated")
def test_an_attachment_that_is_a_part_has_no_size() -> None:
    part = MIMEText("text")
    part.add_header("Content-Disposition", "attachment", filename="note.txt")
    message = EmailMessage("s", "b", "a@example.com", ["b@example.com"], attachments=[part])

    assert sent(message).attributes["attachments"] == [
        {"name": "note.txt", "type": "text/plain", "size": None}
    ]


def test_mails_that_are_sent_at_once_are_each_kept() -> None:
    with record() as recording:
        send_mass_mail(
            [(name, "body", "a@example.com", ["b@example.com"]) for name in ("one", "two")]
        )

    assert [one.name for one in mails(recording.cycle)] == ["one", "two"]


def test_a_mail_to_nobody_is_not_sent() -> None:
    with record() as recording:
        EmailMessage("s", "b", "a@example.com", []).send()

    assert mails(recording.cycle) == []


class Broken(BaseEmailBackend):
    """Sends nothing."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError("no such host")


class Relaying(EmailBackend):
    """Hands on what it is given."""

    def send_messages(self, email_messages: Any) -> int:
        return EmailBackend().send_messages(email_messages)


def test_an_error_is_told_and_raised() -> None:
    message = EmailMessage("s", "b", "a@example.com", ["b@example.com"])
    with record() as recording, pytest.raises(ConnectionRefusedError):
        Broken().send_messages([message])

    (event,) = mails(recording.cycle)
    assert event.attributes["error"] == "ConnectionRefusedError: no such host"
    assert event.attributes["backend"] == "tests.collectors.test_mail.Broken"


def test_a_mail_that_is_handed_on_is_one() -> None:
    with record() as recording:
        Relaying().send_messages([EmailMessage("s", "b", "a@example.com", ["b@example.com"])])

    (event,) = mails(recording.cycle)
    assert event.attributes["backend"] == "tests.collectors.test_mail.Relaying"


def test_an_iterator_of_messages_is_left_to_the_backend() -> None:
    message = EmailMessage("s", "b", "a@example.com", ["b@example.com"])
    with record() as recording:
        EmailBackend().send_messages(one for one in [message])

    assert mails(recording.cycle) == []
    assert len(mail.outbox) == 1


def test_secrets_are_hidden_and_a_long_body_is_cut() -> None:
    body = "Your password: hunter2\n" + "x" * 9_000
    event = sent(EmailMessage("s", body, "a@example.com", ["b@example.com"]))

    assert event.attributes["body"].startswith(f"Your password: {HIDDEN}\nxxx")
    assert len(event.attributes["body"]) < 4_100


def test_no_code_of_a_message_is_run() -> None:
    class Lazy:
        def __str__(self) -> str:
            raise AssertionError

    class Silent(BaseEmailBackend):
        def send_messages(self, email_messages: Any) -> int:
            return 0

    message = EmailMessage("s", "b", "a@example.com", ["b@example.com"])
    message.subject = message.body = Lazy()  # type: ignore[assignment]
    with record() as recording:
        Silent().send_messages([message])

    (event,) = mails(recording.cycle)
    assert event.name.startswith("<tests.collectors.test_mail.")


def test_afterwards_all_is_as_it_was() -> None:
    before = EmailBackend.send_messages
    with mail_module.collect():
        assert EmailBackend.send_messages is not before

    assert EmailBackend.send_messages is before
