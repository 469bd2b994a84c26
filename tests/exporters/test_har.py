from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from cycle_inspector import record
from cycle_inspector.exporters.har import export
from cycle_inspector.records import Cycle
from tests.panel.sample import rich_cycle
from tests.site import Site

# HAR 1.2: what each object must have, and of which kind; the rest is optional.
REQUIRED: dict[str, dict[str, Any]] = {
    "log": {"version": str, "creator": dict, "entries": list},
    "page": {"startedDateTime": str, "id": str, "title": str, "pageTimings": dict},
    "entry": {
        "startedDateTime": str,
        "time": float,
        "request": dict,
        "response": dict,
        "cache": dict,
        "timings": dict,
    },
    "request": {
        "method": str,
        "url": str,
        "httpVersion": str,
        "cookies": list,
        "headers": list,
        "queryString": list,
        "headersSize": int,
        "bodySize": int,
    },
    "response": {
        "status": int,
        "statusText": str,
        "httpVersion": str,
        "cookies": list,
        "headers": list,
        "content": dict,
        "redirectURL": str,
        "headersSize": int,
        "bodySize": int,
    },
    "content": {"size": int, "mimeType": str},
    "timings": {"send": (int, float), "wait": float, "receive": (int, float)},
}


def has(kind: str, given: dict[str, Any]) -> None:
    for name, wanted in REQUIRED[kind].items():
        assert isinstance(given[name], wanted), (kind, name)


def entry(cycle: Cycle) -> Any:
    (found,) = export(cycle)["log"]["entries"]
    return found


def test_each_part_has_what_the_format_wants(wsgi_site: Site) -> None:
    for cycle in (rich_cycle(), wsgi_site.get("/hello/?a=1").cycle):
        log = export(cycle)["log"]
        has("log", log)
        assert log["version"] == "1.2"
        for page in log["pages"]:
            has("page", page)
        for one in log["entries"]:
            for kind, given in (
                *(("entry", one), ("request", one["request"]), ("response", one["response"])),
                *(("content", one["response"]["content"]), ("timings", one["timings"])),
            ):
                has(kind, given)
            assert datetime.fromisoformat(one["startedDateTime"]).tzinfo is not None
            for pair in (
                *one["request"]["headers"],
                *one["request"]["queryString"],
                *one["request"]["cookies"],
                *one["response"]["headers"],
                *one["response"]["cookies"],
            ):
                assert isinstance(pair["name"], str)
                assert isinstance(pair["value"], str)
        assert json.loads(json.dumps(log, allow_nan=False)) == log


def test_request_and_response_are_those_of_the_cycle(wsgi_site: Site) -> None:
    answer = wsgi_site.get("/hello/?page=2", {"Accept-Language": "de"})
    found = entry(answer.cycle)

    assert found["request"]["url"] == "http://testserver/hello/?page=2"
    assert found["request"]["queryString"] == [{"name": "page", "value": "2"}]
    assert {"name": "Accept-Language", "value": "de"} in found["request"]["headers"]
    assert found["response"]["status"] == 200
    assert found["response"]["content"]["mimeType"] == "text/html; charset=utf-8"
    assert found["_cycle"]["id"] == answer.cycle_id


def test_parts_of_the_time_add_up_to_it(wsgi_site: Site) -> None:
    for path in ("/hello/", "/stream/"):
        found = entry(wsgi_site.get(path).cycle)
        timings = found["timings"]
        assert found["time"] == timings["send"] + timings["wait"] + timings["receive"]
        assert found["time"] > 0


def test_redirect_says_where_to(wsgi_site: Site) -> None:
    found = entry(wsgi_site.get("/redirect/").cycle)

    assert found["response"]["status"] == 302
    assert found["response"]["redirectURL"] == "/hello/"


def test_form_is_there_and_its_secrets_are_not(wsgi_site: Site) -> None:
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": "sessionid=hunter2",
        "Authorization": "hunter2",
    }
    body = b"name=ada&password=hunter2"
    cycle = wsgi_site.ask("POST", "/reads-post/?key=hunter2", body=body, headers=headers).cycle
    found = entry(cycle)

    assert "hunter2" not in json.dumps(found)
    assert found["request"]["postData"] == {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [
            {"name": "name", "value": "ada"},
            {"name": "password", "value": "REDACTED"},
        ],
        "text": "name=ada&password=REDACTED",
    }
    assert found["request"]["cookies"] == [{"name": "sessionid", "value": "REDACTED"}]
    assert {"name": "key", "value": "REDACTED"} in found["request"]["queryString"]
    assert "the cookie sessionid, the field password." in found["comment"]


def test_json_is_there(wsgi_site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    cycle = wsgi_site.ask("POST", "/reads-body/", body=b'{"a": 1}', headers=headers).cycle

    assert entry(cycle)["request"]["postData"]["text"] == '{"a": 1}'


def test_body_that_nobody_read_is_missing_and_so_is_the_page(wsgi_site: Site) -> None:
    cycle = wsgi_site.ask("POST", "/reads-nothing/", body=b"a=1").cycle
    found = entry(cycle)

    assert "postData" not in found["request"]
    assert "The body of 3 bytes is not in the record" in found["comment"]
    assert "What the response held is not kept." in found["comment"]
    assert "text" not in found["response"]["content"]


def test_times_of_the_browser_are_those_of_the_page() -> None:
    (page,) = export(rich_cycle())["log"]["pages"]

    assert page["pageTimings"] == {"onContentLoad": 210.0, "onLoad": 342.0}


def test_cookies_that_were_set_have_their_flags() -> None:
    (cookie,) = entry(rich_cycle())["response"]["cookies"]

    assert cookie == {
        "name": "sessionid",
        "value": "REDACTED",
        "httpOnly": True,
        "secure": False,
        "sameSite": "Lax",
    }


def test_block_has_no_entry(switched_on: Any) -> None:
    with record() as recording:
        pass

    assert export(recording.cycle)["log"]["entries"] == []
