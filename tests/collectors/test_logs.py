"""Log records: those that the project's logging lets through, each with its caller."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import logs as logs_module
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage

logger = logging.getLogger("shop.orders")


@pytest.fixture(autouse=True)
def _level() -> Iterator[None]:
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)


def logs(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "log"]


def message_of(text: Any, *args: Any) -> str:
    """Return what is kept of one message."""
    with quiet(), record() as recording:
        logger.info(text, *args)
    (event,) = logs(recording.cycle)
    return str(event.attributes["message"])


class Hostile:
    """Fails a test that runs its code."""

    def __str__(self) -> str:
        raise AssertionError

    __repr__ = __format__ = __str__


class Quiet(logging.Handler):
    """Takes records without formatting them."""

    def emit(self, record: logging.LogRecord) -> None: ...


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the records from the handlers of the tests, which would format them."""
    before, logger.handlers, logger.propagate = logger.handlers, [Quiet()], False
    yield
    logger.handlers, logger.propagate = before, True


def test_a_record_is_kept_with_level_logger_message_and_caller(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        logger.warning("%d copies of %s", 3, "Ulysses")
        return HttpResponse("ok")

    (event,) = logs(serve(view).get("/").cycle)

    assert (event.kind, event.name, event.stage) == ("log", "shop.orders", Stage.VIEW)
    assert event.attributes == {"level": "WARNING", "message": "3 copies of Ulysses"}
    assert event.frames[0].path == __file__
    assert event.frames[0].function.endswith("view")
    assert event.at_ns > 0


def test_a_record_of_a_middleware_stands_there(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError

    events = logs(serve(view).get("/").cycle)

    # Django says itself that it answers with an error.
    assert [(one.name, one.stage) for one in events] == [("django.request", Stage.RESPONSE)]
    assert events[0].attributes["exception"] == {"name": "ValueError", "message": ""}
    assert events[0].attributes["raised_at"]["path"] == __file__


def test_what_the_logging_does_not_want_is_not_recorded() -> None:
    class Refusing(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            return False

    refusing = Refusing()
    with record() as recording:
        logger.debug("below the level")
        logging.disable(logging.ERROR)
        try:
            logger.error("disabled")
        finally:
            logging.disable(logging.NOTSET)
        logger.addFilter(refusing)
        try:
            logger.error("refused by a filter")
        finally:
            logger.removeFilter(refusing)

    assert logs(recording.cycle) == []


def test_statements_and_our_own_records_are_not_recorded() -> None:
    with record() as recording:
        for name in ("django.db.backends", "django.db.backends.schema", "cycle_inspector"):
            logging.getLogger(name).error("something")
        logging.getLogger("django.db").error("of the project's interest")

    assert [one.name for one in logs(recording.cycle)] == ["django.db"]


def test_a_logger_that_does_not_propagate_is_heard() -> None:
    assert message_of("here") == "here"


def test_an_exception_is_told_with_the_line_that_raised_it() -> None:
    def broken() -> None:
        raise LookupError("no such shelf")

    with record() as recording:
        try:
            broken()
        except LookupError:
            logger.exception("caught")
    (event,) = logs(recording.cycle)

    assert event.attributes["exception"] == {"name": "LookupError", "message": "no such shelf"}
    assert event.attributes["raised_at"]["function"].endswith("broken")


@pytest.mark.parametrize("exc_info", [None, (None, None, None), (1, 2, 3), "odd"])
def test_no_exception_is_told_where_there_is_none(exc_info: Any) -> None:
    with quiet(), record() as recording:
        made = logger.makeRecord("shop", logging.INFO, "a.py", 1, "m", (), None)
        made.exc_info = exc_info
        logger.handle(made)
    (event,) = logs(recording.cycle)

    assert event.attributes == {"level": "INFO", "message": "m"}


def test_no_code_of_an_argument_is_run() -> None:
    one = Hostile()

    assert message_of("%s, %r", one, one).startswith("<tests.collectors.test_logs.Hostile>, '<")
    assert message_of("%d", one) == "<tests.collectors.test_logs.Hostile>"
    assert message_of(one) == "<tests.collectors.test_logs.Hostile>"


def test_an_argument_is_kept_as_it_was() -> None:
    books = ["Ulysses"]
    with record() as recording:
        logger.info("%s", books)
        books.append("Emma")

    assert logs(recording.cycle)[0].attributes["message"] == "['Ulysses']"


@pytest.mark.parametrize(
    ("text", "args", "shown"),
    [
        ("plain 100 %", (), "plain 100 %"),
        ("%s", (None,), "None"),
        ("%.2f", (1.5,), "1.50"),
        ("%(title)s", ({"title": "Emma"},), "Emma"),
        ("failed: %s", (ValueError("no such shelf"),), "failed: no such shelf"),
        (ValueError("itself"), (), "itself"),
    ],
)
def test_a_message_is_formatted_as_logging_does(text: Any, args: Any, shown: str) -> None:
    assert message_of(text, *args) == shown


def test_a_message_that_cannot_be_formatted_is_shown_with_its_arguments() -> None:
    assert message_of("%s and %s", "one") == "%s and %s ('one',)"


def test_secrets_are_hidden() -> None:
    assert message_of("token=%s for %s", "abc123", "ada") == f"token={HIDDEN} for ada"
    assert message_of("%(password)s", {"password": "hunter2"}) == HIDDEN
    assert message_of("sent Authorization: Bearer abc") == f"sent Authorization: {HIDDEN}"
    assert message_of("https://ada:hunter2@example.com/") == f"https://{HIDDEN}@example.com/"
    assert message_of('{"api_key": "abc", "page": "2"}') == f'{{"api_key": {HIDDEN}, "page": "2"}}'
    assert message_of("page=2, title: Emma") == "page=2, title: Emma"


def test_a_long_message_is_cut() -> None:
    assert len(message_of("x" * 10_000)) < 2_100


def test_many_records_leave_room_for_an_exception(settings: Any) -> None:
    settings.CYCLE_INSPECTOR = {"MAX_EVENTS": 20}

    def view() -> None:
        for number in range(30):
            logger.info("%d", number)
        raise ValueError("at last")

    recording = record()
    with pytest.raises(ValueError, match="at last"), recording:
        view()

    assert len(logs(recording.cycle)) == 18
    assert recording.cycle.dropped == {"events": 12}
    assert recording.cycle.events[-1].kind == "exception"


def test_afterwards_nothing_is_hooked() -> None:
    before = logging.Logger.callHandlers
    with logs_module.collect():
        assert logging.Logger.callHandlers is not before

    assert logging.Logger.callHandlers is before


def test_the_records_that_handlers_get_are_the_same(caplog: pytest.LogCaptureFixture) -> None:
    with record():
        logger.info("%s", "here")

    (found,) = [one for one in caplog.records if one.name == "shop.orders"]
    assert (found.pathname, found.funcName) == (
        __file__,
        "test_the_records_that_handlers_get_are_the_same",
    )
