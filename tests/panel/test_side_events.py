"""Side events in the panel: a view of their own where there are any, and dots on the timeline."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import pages, side_events, timeline
from cycle_inspector.panel.layout import Axis
from cycle_inspector.panel.pages import Urls
from cycle_inspector.records import SIDE_KINDS, Cycle, Event, Stage
from tests.factories import MS, make_cycle, make_event
from tests.panel.sample import HOSTILE

URLS = Urls(root="/__cycle__/", assets="/__cycle__/")


def log(message: str = "sold out", level: str = "WARNING", **given: Any) -> Event:
    facts = {"level": level, "message": message, **given.pop("facts", {})}
    return make_event(**{"kind": "log", "name": "shop", "attributes": facts, **given})


def call(operation: str = "get", **facts: Any) -> Event:
    values = {"alias": "default", "keys": ["books"], "duration_ns": MS, **facts}
    return make_event(kind="cache", name=operation, attributes=values)


def mail(**facts: Any) -> Event:
    values = {
        "subject": "Your order",
        "from": "shop@example.com",
        "to": ["ada@example.com"],
        "body": "Thank you.",
        "backend": "smtp.EmailBackend",
        "duration_ns": 20 * MS,
        "attachments": [{"name": "bill.pdf", "type": "application/pdf", "size": 2_048}],
        **facts,
    }
    return make_event(kind="mail", name=values["subject"], attributes=values)


def with_events(*events: Event) -> Cycle:
    return make_cycle(events=events)


def test_where_nothing_happened_there_is_no_view() -> None:
    shown = pages.report(with_events(make_event()), URLS, is_lazy=True)

    assert 'data-view="events"' not in shown
    assert side_events.of(with_events(make_event())) == []


def test_where_something_happened_the_view_is_the_last_of_the_rail() -> None:
    shown = pages.report(with_events(log(), call()), URLS, is_lazy=True)

    assert shown.count('data-view="events"') == 2
    assert shown.index('id="tab-browser"') < shown.index('id="tab-events"')
    assert 'data-src="/__cycle__/019aaa00-0000-7000-8000-000000000001/events"' in shown


def test_a_log_record_is_shown_with_its_caller() -> None:
    shown = pages.events(with_events(log()))

    assert "sold out" in shown
    assert "shop/catalog/views.py:22" in shown
    assert '<span class="chip severity-warning">warning</span>' in shown


def test_an_exception_that_was_logged_is_told() -> None:
    raised = {"name": "ValueError", "message": "no such shelf"}
    place = {"path": "/srv/a.py", "line": 7, "function": "f", "is_project": True}
    shown = pages.events(with_events(log(facts={"exception": raised, "raised_at": place})))

    assert "ValueError: no such shelf" in shown
    assert "srv/a.py:7" in shown


def test_cache_calls_are_summed_up_by_alias() -> None:
    cycle = with_events(
        call(hits=1, misses=0),
        call(hits=0, misses=1),
        call("set", alias="other", size=2_048),
    )

    (section,) = side_events.context(cycle)["sections"]
    default, other = section.sums
    assert (default.alias, default.calls, default.hits, default.misses) == ("default", 2, 1, 1)
    assert (default.duration_ns, default.operations) == (2 * MS, [("get", 2)])
    assert (other.calls, other.hits) == (1, 0)
    shown = pages.events(cycle)
    assert "2 × get" in shown
    assert "2.0 KB" in shown
    assert shown.count(">hit<") == shown.count(">miss<") == 1


def test_keys_that_are_not_listed_are_counted() -> None:
    shown = pages.events(with_events(call("get_many", key_count=5, hits=2, misses=3)))

    assert "and 4 more" in shown
    assert "2 hit, 3 missed" in shown


def test_a_mail_can_be_opened_to_be_read() -> None:
    shown = pages.events(with_events(mail()))

    assert "<strong>Your order</strong>" in shown
    assert '<pre class="text">Thank you.</pre>' in shown
    assert "bill.pdf" in shown
    assert "2.0 KB" in shown
    assert "not sent" not in shown
    assert "not sent" in pages.events(with_events(mail(error="OSError: no host")))


def happened(kind: str, name: str, /, **facts: Any) -> str:
    return pages.events(with_events(make_event(kind=kind, name=name, attributes=facts)))


def test_a_warning_says_how_often_and_whether_it_was_shown() -> None:
    shown = happened("warning", "DeprecationWarning", message="old", count=3, shown=0)

    assert '<td class="figure strong">3</td>' in shown
    assert "not shown, by a filter" in shown
    assert "not shown" not in happened("warning", "UserWarning", message="old", count=1, shown=1)


def test_a_caught_exception_says_by_whom_and_what_became_of_it() -> None:
    shown = happened("caught", "ValueError", message="no", by="Django Ninja", status=400)

    assert "ValueError: no" in shown
    assert "Django Ninja" in shown
    assert "became 400" in shown


def test_a_signal_lists_its_receivers() -> None:
    place = {"path": "/srv/a.py", "line": 7, "function": "f", "is_project": True}
    one = {**place, "called": True, "duration_ns": MS, "queries": 2}
    other = {**place, "line": 9, "called": False, "duration_ns": 0}
    shown = happened("signal", "post_save", sender="shop.Book", receivers=[one, other])

    assert "srv/a.py:7" in shown
    assert "1.00 ms, 2 queries" in shown
    assert shown.count("not called") == 1


def test_a_task_shows_its_arguments_and_state() -> None:
    shown = happened(
        "task", "shop.restock", state="enqueued", arguments=[["title", "str", "Ulysses"]]
    )

    assert "title: Ulysses" in shown
    assert '<span class="chip">enqueued</span>' in shown
    assert "in this request" not in shown
    assert "in this request" in happened("task", "shop.restock", state="success", here=True)


def test_an_outgoing_request_shows_its_address_and_answer() -> None:
    url = "https://books.example/isbn"
    shown = happened("http", "GET", url=url, by="httpx", status=404, size=2_048, duration_ns=MS)

    assert url in shown
    assert '<span class="chip severity-warning">404</span>' in shown
    assert "httpx, 2.0 KB" in shown
    assert "not ended" not in shown
    assert '<span class="chip">200</span>' in happened("http", "GET", url=url, status=200)
    assert "not ended" in happened("http", "GET", url=url)


def test_a_call_of_a_storage_shows_its_file() -> None:
    shown = happened("storage", "save", name="a.txt", saved_as="a_x.txt", alias="covers", size=4)

    assert "a.txt" in shown
    assert "a_x.txt" in shown
    assert "covers, 4 B" in shown
    assert "is not there" not in shown
    assert "is not there" in happened("storage", "exists", name="a.txt", found=False)


def test_a_static_file_shows_its_address_and_its_line() -> None:
    line = {"name": "shop/base.html", "line": 4}
    shown = happened("static", "shop.css", url="/static/shop.1f.css", count=3, template=line)

    assert "/static/shop.1f.css" in shown
    assert "shop/base.html:4" in shown
    assert '<td class="figure strong">3</td>' in shown


def test_a_form_says_why_it_failed() -> None:
    error = {"field": "title", "code": "required", "message": "This field is required."}
    other = {"form": 2, "field": None, "code": None, "message": "Sold out."}
    facts = {"class": "shop.forms.OrderForm", "fields": ["title", "email"], "duration_ns": MS}
    failed = happened(
        "form", "OrderForm", valid=False, errors=[error, other], error_count=2, forms=3, **facts
    )

    assert '<span class="chip severity-warning">2 errors</span>' in failed
    assert '<strong class="key">title</strong>' in failed
    assert '<span class="message">This field is required.</span>' in failed
    assert '<span class="quiet">form 2</span> <span class="quiet">as a whole</span>' in failed
    assert "3 forms" in failed
    valid = happened("form", "OrderForm", valid=True, **facts)
    assert '<span class="chip good">valid</span>' in valid
    assert "error" not in valid.partition("</thead>")[2]


def test_a_permission_check_says_what_was_asked_and_answered() -> None:
    about = {"object": {"class": "shop.Book", "pk": 7}, "user": 3, "by": "has_perm", "queries": 2}
    shown = happened("permission", "shop.add_book", granted=True, count=4, superuser=True, **about)

    assert '<span class="key">shop.add_book</span>' in shown
    assert "has_perm, user 3, 2 queries" in shown
    assert "shop.Book 7" in shown
    assert '<span class="chip good">granted</span>' in shown
    assert "superuser" in shown
    assert '<td class="figure strong">4</td>' in shown
    denied = happened("permission", "shop.add_book", granted=False, user=None, count=1)
    assert '<span class="chip warn">denied</span>' in denied
    assert "anonymous user" in denied
    failed = happened("permission", "shop.add_book", error="OSError: no", user=None)
    assert "denied" not in failed


def test_errors_of_a_form_that_are_not_listed_are_said_to_be_more() -> None:
    error = {"field": "title", "code": None, "message": "No."}

    assert "and more" in happened("form", "F", valid=False, errors=[error], error_count=2)
    assert "and more" not in happened("form", "F", valid=False, errors=[error], error_count=1)


def test_hostile_text_stays_text() -> None:
    words = (
        "message",
        "by",
        "in",
        "sender",
        "sent_by",
        "queue",
        "id",
        "state",
        "error",
        "url",
        "name",
        "saved_as",
        "backend",
    )
    hostile = {
        **dict.fromkeys((*words, "class", "model", "prefix"), HOSTILE),
        "arguments": [[HOSTILE] * 3],
        "fields": [HOSTILE],
        "user": HOSTILE,
        "object": {"class": HOSTILE, "pk": HOSTILE},
        "errors": [{"field": HOSTILE, "code": HOSTILE, "message": HOSTILE}],
    }
    shown = pages.events(
        with_events(
            log(HOSTILE, level=HOSTILE, name=HOSTILE),
            call(HOSTILE, alias=HOSTILE, keys=[HOSTILE], error=HOSTILE),
            mail(**dict.fromkeys(("subject", "from", "body", "error", "backend"), HOSTILE)),
            *(make_event(kind=kind, name=HOSTILE, attributes=hostile) for kind in SIDE_KINDS),
        )
    )

    assert "<script" not in shown
    assert "<img" not in shown


@pytest.mark.parametrize(
    "facts", [{}, {"keys": None, "hits": "odd"}, {"to": 7}, {"arguments": [1]}]
)
def test_facts_of_another_shape_do_not_cost_the_page(facts: dict[str, Any]) -> None:
    cycle = with_events(*(make_event(kind=kind, attributes=facts) for kind in SIDE_KINDS))

    assert pages.events(cycle)


def test_a_stage_says_what_happened_in_it() -> None:
    cycle = with_events(log(), log(), call())

    assert side_events.words(cycle, Stage.VIEW) == "2 log records, 1 cache call"
    assert side_events.words(cycle, Stage.MIDDLEWARE) == ""
    assert "2 log records, 1 cache call" in pages.stage(cycle, Stage.VIEW)
    assert "In this stage" not in pages.stage(cycle, Stage.MIDDLEWARE)


def test_a_side_event_is_marked_where_it_happened() -> None:
    cycle = with_events(log(at_ns=10 * MS), call())
    rows = {one.name: one for one in timeline.lay_out(cycle).rows}

    assert [one.x for one in rows["view"].dots] == ["22.500%", "25.000%"]
    assert rows["view"].dots[1].words == "log at 10.0 ms: sold out"
    assert rows["view"].dots[1].severity == "warning"
    assert rows["middleware"].dots == ()


def test_dots_that_would_touch_are_one() -> None:
    events = [log(at_ns=at * 1_000) for at in range(500)] + [log("bad", "ERROR", at_ns=9_000)]
    (dot, *others) = side_events.dots(with_events(*events), Stage.VIEW, Axis(100 * MS))

    assert dot.severity == "error"
    assert dot.words.endswith(", and 500 more")
    assert others == []


def test_every_kind_can_be_shown() -> None:
    assert tuple(side_events.KINDS) == SIDE_KINDS
    shown = pages.events(with_events(*(make_event(kind=kind) for kind in SIDE_KINDS)))

    for kind in side_events.KINDS.values():
        assert f"<h3>{kind.title} " in shown


def test_an_event_that_took_its_time_is_a_line_below_the_dots() -> None:
    cycle = with_events(log(at_ns=MS), call(duration_ns=20 * MS))
    line, dot = side_events.dots(cycle, Stage.VIEW, Axis(100 * MS))

    assert (line.words.partition(" ")[0], line.x, line.end) == ("cache", "9.000%", "29.000%")
    assert (dot.words.partition(" ")[0], dot.end) == ("log", "")
    assert pages.overview(cycle, URLS).count('class="happening lasting"') == 1


def test_an_event_that_took_little_time_is_a_dot() -> None:
    (dot,) = side_events.dots(with_events(call(duration_ns=MS // 2)), Stage.VIEW, Axis(100 * MS))

    assert dot.end == ""


def test_an_exception_is_no_side_event() -> None:
    assert side_events.dots(with_events(make_event()), Stage.VIEW, Axis(MS)) == ()
    assert len(side_events.others(with_events(make_event(), log()))) == 1
