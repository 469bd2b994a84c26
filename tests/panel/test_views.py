from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.test import RequestFactory

from cycle_inspector.codec import UnreadableCycle
from cycle_inspector.history import pins, reader
from cycle_inspector.history.links import Cause, Links
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.panel import assets, beacon, plan, views
from cycle_inspector.records import Stage
from tests.panel.sample import make_row

UNKNOWN = "019aaa00-0000-7000-8000-00000000ffff"
OWN = {"HTTP_SEC_FETCH_SITE": "same-origin"}
TIMINGS = json.dumps({"load_ns": 342_000_000, "cls": 0.02, "navigation_type": "reload"})


def text(response):
    return response.content.decode()


# Reading a cycle


def test_the_page_of_a_cycle_holds_every_stage(ask, cycle):
    response = ask(f"{cycle.id}/")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/html")
    for stage in Stage:
        assert f'id="{stage.value}"' in text(response)
    assert "data-src" not in text(response)


def test_the_report_names_the_address_of_each_stage(ask, cycle):
    shown = text(ask(f"{cycle.id}/report"))
    for stage in Stage:
        assert f'data-src="/__cycle__/{cycle.id}/stages/{stage.value}"' in shown
    assert "<html" not in shown


@pytest.mark.parametrize("stage", [one.value for one in Stage])
def test_a_stage_is_a_fragment(ask, cycle, stage):
    response = ask(f"{cycle.id}/stages/{stage}")
    assert response.status_code == 200
    assert "<html" not in text(response)


def test_the_document_is_the_public_json(ask, cycle):
    response = ask(f"{cycle.id}.json")
    assert response["Content-Type"] == "application/json"
    shown = json.loads(response.content)
    assert shown["id"] == cycle.id
    assert [one["name"] for one in shown["stages"]] == [stage.value for stage in Stage]


def test_the_summary_says_what_the_closed_line_needs(ask, cycle):
    shown = json.loads(ask(f"{cycle.id}/summary.json").content)
    assert shown["name"] == "catalog:book-list"
    assert shown["status"] == 200
    assert shown["duration_ms"] == 84.12
    assert shown["query_count"] == len(cycle.statements) + 12
    assert shown["repeated_count"] == 42
    assert shown["render_count"] == 48
    assert shown["finding"]["title"] == "N+1: 40 × catalog.Book.author"
    assert [one["stage"] for one in shown["stages"]] == [
        "middleware",
        "routing",
        "view",
        "database",
        "templates",
    ]
    assert sum(one["own_ms"] for one in shown["stages"]) <= shown["duration_ms"]


def test_links_honour_the_script_name(cycle):
    request = RequestFactory().get(f"/__cycle__/{cycle.id}/report")
    request.META["SCRIPT_NAME"] = "/shop"
    assert views.urls_of(request).page(cycle.id) == f"/shop/__cycle__/{cycle.id}/"


# The cycles beside it


def test_the_redirects_that_led_to_a_cycle_are_in_its_page_its_report_and_its_summary(
    ask, cycle, history
):
    sent = make_row(method="POST", path="/orders/new/", status=302, severity="warning")
    history.links = Links(before=(sent,))
    for path in ("", "report"):
        shown = text(ask(f"{cycle.id}/{path}"))
        assert "Redirected here from" in shown
        assert f'<a href="/__cycle__/{sent.id}/" data-cycle="{sent.id}">POST /orders/new/' in shown
    assert json.loads(ask(f"{cycle.id}/summary.json").content)["redirects"] == [
        {
            "id": sent.id,
            "method": "POST",
            "path": "/orders/new/",
            "status": 302,
            "duration_ms": 40.0,
            "severity": "warning",
        }
    ]


# Finding the newest


def test_latest_leads_to_the_newest(ask, cycle):
    response = ask("latest/")
    assert response.status_code == 302
    assert response["Location"] == f"/__cycle__/{cycle.id}/"


def test_latest_without_any_cycle_is_a_friendly_404(ask, history):
    response = ask("latest/")
    assert response.status_code == 404
    assert "No request has been recorded yet" in text(response)


def test_latest_of_a_path(ask, cycle, history):
    response = ask("latest.json?path=/books/")
    assert json.loads(response.content) == {"id": cycle.id, "url": f"/__cycle__/{cycle.id}/"}
    assert history.asked_paths == ["/books/"]


def test_latest_of_a_path_nobody_asked_for_is_a_json_404(ask, cycle):
    response = ask("latest.json?path=/nowhere/")
    assert response.status_code == 404
    assert json.loads(response.content)["error"]


def test_a_path_with_a_nul_is_not_looked_for(ask, cycle, history):
    assert ask("latest.json?path=/books/%00").status_code == 404
    assert history.asked_paths == []


def test_the_index_lists_recent_cycles(ask, cycle, monkeypatch):
    class Row:
        id = cycle.id
        started_at = cycle.started_at
        method, path, status = "GET", "/books/", 200
        duration_ns, query_count = 84_000_000, 45

    monkeypatch.setattr(reader, "recent", lambda limit, before=None: [Row()])
    shown = text(ask(""))
    assert f'href="/__cycle__/{cycle.id}/"' in shown
    assert "84.0 ms" in shown
    assert "after a redirect" not in shown


def test_the_index_says_what_caused_a_cycle(ask, cycle, history, monkeypatch):
    row = make_row()
    monkeypatch.setattr(reader, "recent", lambda limit, before=None: [row])
    history.causes = {row.id: Cause(kind="redirect", parent=cycle.id)}
    assert "after a redirect" in text(ask(""))


def test_the_index_says_which_cycles_are_pinned(ask, cycle, history, monkeypatch):
    rows = [make_row(pinned=True), make_row(id=cycle.id)]
    monkeypatch.setattr(reader, "recent", lambda limit, before=None: rows)
    assert text(ask("")).count('<span class="chip">pinned</span>') == 1


# What is not there, and what goes wrong


@pytest.mark.parametrize(
    "path",
    [
        f"{UNKNOWN}/",
        f"{UNKNOWN}.json",
        f"{UNKNOWN}/report",
        f"{UNKNOWN}/summary.json",
        f"{UNKNOWN}/stages/database",
        "not-an-id/",
        "..%2f..%2fsettings.py",
        "../views.py",
        "elements/../../../views.py",
        "1/stages/database",
        "nothing.css",
        "%00",
    ],
)
def test_what_is_not_there_is_a_404(ask, cycle, path):
    assert ask(path).status_code == 404


def test_an_unknown_stage_is_a_404(ask, cycle):
    assert ask(f"{cycle.id}/stages/kitchen").status_code == 404


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("{}/", "POST", "GET, HEAD"),
        ("{}.json", "DELETE", "GET, HEAD"),
        ("{}/summary.json", "PUT", "GET, HEAD"),
        ("{}/stages/view", "PATCH", "GET, HEAD"),
        ("latest/", "POST", "GET, HEAD"),
        ("panel.js", "POST", "GET, HEAD"),
        ("{}/browser", "GET", "POST"),
    ],
)
def test_another_method_is_a_405(ask, cycle, path, method, allowed):
    response = ask(path.format(cycle.id), method)
    assert response.status_code == 405
    assert response["Allow"] == allowed


@pytest.mark.parametrize("path", ["{}/", "{}.json", "{}/stages/view"])
@pytest.mark.parametrize(
    "error", [HistoryUnavailable("The disk is full."), UnreadableCycle("Old.")]
)
def test_a_history_in_trouble_is_said_in_a_sentence(ask, cycle, monkeypatch, path, error):
    def fail(cycle_id):
        raise error

    monkeypatch.setattr(reader, "get", fail)
    response = ask(path.format(cycle.id))
    assert response.status_code == 503
    assert str(error) in text(response)


def test_a_host_that_is_not_allowed_is_a_400(ask, cycle):
    assert ask(f"{cycle.id}/", HTTP_HOST="evil.example").status_code == 400


# Who may look


def test_who_may_not_look_gets_a_plain_404(ask, cycle, settings):
    settings.DEBUG = False
    for path in ("", "panel.js", f"{cycle.id}/", f"{cycle.id}/browser"):
        response = ask(path)
        assert response.status_code == 404
        assert text(response) == "Not Found"


def test_another_site_cannot_read_a_cycle(ask, cycle):
    foreign = {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_MODE": "cors"}
    assert ask(f"{cycle.id}.json", **foreign).status_code == 404
    assert ask("panel.js", **{**foreign, "HTTP_SEC_FETCH_MODE": "no-cors"}).status_code == 404


def test_another_site_may_link_to_a_cycle(ask, cycle):
    followed = {"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_MODE": "navigate"}
    assert ask(f"{cycle.id}/", **followed).status_code == 200


@pytest.mark.parametrize("path", ["", "{}/", "{}.json", "nothing", "latest/"])
def test_every_response_is_closed_to_others(ask, cycle, path):
    response = ask(path.format(cycle.id))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cache-Control"] == "no-store"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "Access-Control-Allow-Origin" not in response


# The browser's timings


def test_the_beacon_is_kept(ask, cycle, history):
    response = ask(f"{cycle.id}/browser", "POST", data=TIMINGS, **OWN)
    assert response.status_code == 204
    facts = {"load_ns": 342_000_000, "cls": 0.02, "navigation_type": "reload"}
    assert history.beacons == [(cycle.id, facts, ())]


def test_the_fetches_of_a_page_are_taken_with_its_timings(ask, cycle, history):
    body = json.dumps({"load_ns": 1, "fetched": [UNKNOWN, "evil"]})
    assert ask(f"{cycle.id}/browser", "POST", data=body, **OWN).status_code == 204
    assert history.beacons == [(cycle.id, {"load_ns": 1}, (UNKNOWN,))]


def test_a_beacon_without_fetch_metadata_needs_its_own_origin(ask, cycle, history):
    path = f"{cycle.id}/browser"
    assert ask(path, "POST", data=TIMINGS).status_code == 403
    assert ask(path, "POST", data=TIMINGS, HTTP_ORIGIN="http://evil.example").status_code == 403
    assert ask(path, "POST", data=TIMINGS, HTTP_ORIGIN="http://testserver").status_code == 204
    assert len(history.beacons) == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_beacon_from_another_site_is_refused(ask, cycle, history, site):
    response = ask(f"{cycle.id}/browser", "POST", data=TIMINGS, HTTP_SEC_FETCH_SITE=site)
    assert response.status_code in (403, 404)
    assert history.beacons == []


@pytest.mark.parametrize("body", ["", "{", "[]", "7", "{}", '{"load_ns": "soon"}', "[" * 9000])
def test_a_beacon_that_is_none_is_a_400(ask, cycle, history, body):
    response = ask(f"{cycle.id}/browser", "POST", data=body, **OWN)
    assert response.status_code == 400
    assert history.beacons == []


def test_an_oversized_beacon_is_refused_unread(ask, cycle, history):
    given = {"CONTENT_LENGTH": str(beacon.LIMIT_BYTES + 1), **OWN}
    response = ask(f"{cycle.id}/browser", "POST", data=TIMINGS, **given)
    assert response.status_code == 413
    assert history.beacons == []


# The plan of a query


@pytest.mark.parametrize("path", ["report", "events", "search?q=a", "pin"])
def test_of_what_is_put_into_a_page_a_problem_is_a_fragment(ask, history, path):
    response = ask(f"{UNKNOWN}/{path}", "POST" if path == "pin" else "GET", **OWN)
    assert response.status_code == 404
    assert "There is no such cycle" in text(response)
    assert "<html" not in text(response)


def test_the_plan_of_a_query_is_a_fragment(ask, cycle, monkeypatch):
    query, asked = cycle.queries[0], []
    monkeypatch.setattr(
        plan,
        "show",
        lambda query, *, measure, cycle_id: (
            asked.append((query, measure, cycle_id)) or "<p>a plan</p>"
        ),
    )
    for more in ("", "?measure=1", "?measure=0"):
        response = ask(f"{cycle.id}/queries/{query.id}/explain{more}", "POST", **OWN)
        assert (response.status_code, text(response)) == (200, "<p>a plan</p>")
    assert asked == [(query, measure, cycle.id) for measure in (False, True, False)]


def test_a_plan_is_for_the_pages_own_script_and_by_post(ask, cycle, settings):
    path = f"{cycle.id}/queries/{cycle.queries[0].id}/explain"
    assert ask(path, "POST", HTTP_SEC_FETCH_SITE="same-site").status_code == 403
    assert ask(path, "POST", HTTP_SEC_FETCH_SITE="cross-site").status_code == 404
    assert ask(path, "POST").status_code == 403
    assert ask(path, **OWN).status_code == 405
    assert ask(f"{cycle.id}/queries/999999/explain", "POST", **OWN).status_code == 404
    assert ask(f"{UNKNOWN}/queries/1/explain", "POST", **OWN).status_code == 404
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {"SHOW_PANEL": lambda request: True}
    assert ask(f"{cycle.id}/").status_code == 200
    assert ask(path, "POST", **OWN).status_code == 404
    assert ask(path, **OWN).status_code == 404


def test_explaining_is_offered_at_a_query_that_reads_and_with_debug_alone(ask, cycle, settings):
    address = f'src="/__cycle__/{cycle.id}/queries/'
    assert address in text(ask(f"{cycle.id}/stages/database"))
    settings.DEBUG = False
    settings.CYCLE_INSPECTOR = {"SHOW_PANEL": lambda request: True}
    assert address not in text(ask(f"{cycle.id}/stages/database"))


# Static files


def test_every_static_file_is_served_with_its_type(ask):
    for name in assets.table():
        response = ask(name)
        assert response.status_code == 200
        kind = {"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
        assert response["Content-Type"].startswith(kind[name.rpartition(".")[2]])
        assert response["Cache-Control"] == "no-cache"


def test_a_known_file_is_not_sent_again(ask):
    etag = ask("panel.js")["ETag"]
    response = ask("panel.js", HTTP_IF_NONE_MATCH=etag)
    assert response.status_code == 304
    assert response.content == b""


def test_the_page_about_a_finding_is_served_without_the_project(ask):
    response = ask("findings/CI101.html")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>CI101: N+1</h1>" in text(response)
    assert ask("findings/CI999.html").status_code == 404


@pytest.mark.parametrize(
    ("asked", "chosen"), [("?by=table", "table"), ("", "list"), ("?by=x", "list")]
)
def test_the_queries_are_shown_as_asked_for(ask, cycle, asked, chosen):
    response = ask(f"{cycle.id}/queries{asked}")

    assert response.status_code == 200
    assert f'?by={chosen}" aria-current="true"' in response.content.decode()


def test_the_queries_of_no_cycle_are_not_found(ask, history):
    assert ask(f"{UNKNOWN}/queries").status_code == 404


# Comparing


def test_two_cycles_are_shown_side_by_side(ask, cycle, history):
    other = history.add(replace(cycle, id=UNKNOWN, duration_ns=10_000_000))
    response = ask(f"{cycle.id}/compare/{other.id}")
    assert response.status_code == 200
    assert "−74.1 ms (−88 %)" in text(response)


def test_a_cycle_that_is_not_kept_cannot_be_compared(ask, cycle):
    assert ask(f"{cycle.id}/compare/{UNKNOWN}").status_code == 404
    assert ask(f"{UNKNOWN}/compare/{cycle.id}").status_code == 404


# Pinning


def test_a_cycle_is_pinned_and_let_go(ask, cycle, monkeypatch):
    asked = []

    def pin(cycle_id, *, pinned):
        asked.append((cycle_id, pinned))
        return True

    monkeypatch.setattr(pins, "pin", pin)
    for query, wanted in (("?on=1", True), ("", True), ("?on=0", False)):
        response = ask(f"{cycle.id}/pin{query}", "POST", **OWN)
        assert json.loads(response.content) == {"pinned": wanted}
    assert asked == [(cycle.id, True), (cycle.id, True), (cycle.id, False)]


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "same-site"},
        {"HTTP_ORIGIN": "https://evil.example"},
    ],
)
def test_only_a_page_of_this_origin_may_pin(ask, cycle, monkeypatch, sent):
    monkeypatch.setattr(pins, "pin", pytest.fail)
    assert ask(f"{cycle.id}/pin", "POST", **sent).status_code in (403, 404)


def test_pinning_is_no_reading(ask, cycle, monkeypatch):
    monkeypatch.setattr(pins, "pin", pytest.fail)
    assert ask(f"{cycle.id}/pin", **OWN).status_code == 405


def test_a_cycle_that_is_gone_cannot_be_pinned(ask, cycle, monkeypatch):
    monkeypatch.setattr(pins, "pin", lambda cycle_id, *, pinned: False)
    assert ask(f"{UNKNOWN}/pin", "POST", **OWN).status_code == 404
    assert ask(f"{cycle.id}/pin", "POST", **OWN).status_code == 404
