from __future__ import annotations

import json
from typing import Any

import pytest

from cycle_inspector import record
from cycle_inspector.exporters._sent import PLACEHOLDER, Sent, is_cut, one_line, what_was_sent
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_stage
from tests.site import Site

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def sent(site: Site, method: str, url: str, **given: Any) -> Sent:
    found = what_was_sent(site.ask(method, url, **given).cycle)
    assert found is not None
    return found


def test_method_address_and_headers_are_those_of_the_client(wsgi_site: Site) -> None:
    found = sent(wsgi_site, "GET", "/hello/?page=2", headers={"Accept-Language": "de"})

    assert (found.method, found.url) == ("GET", "http://testserver/hello/?page=2")
    assert ("Accept-Language", "de") in found.headers
    assert (found.hidden, found.lacks) == ((), ())


def test_secrets_are_placeholders_and_named(wsgi_site: Site) -> None:
    headers = {"Authorization": "Bearer hunter2", "Cookie": "sessionid=hunter2; theme=dark", **FORM}
    body = b"name=ada&password=hunter2"
    found = sent(wsgi_site, "POST", "/reads-post/?token=hunter2", body=body, headers=headers)

    assert "hunter2" not in repr(found)
    assert found.url.endswith(f"?token={PLACEHOLDER}")
    assert ("Authorization", PLACEHOLDER) in found.headers
    assert dict(found.form) == {"name": "ada", "password": PLACEHOLDER}
    assert found.cookies == ("sessionid", "theme")
    assert found.hidden == (
        "the query parameter token",
        "the header Authorization",
        "the cookie sessionid",
        "the cookie theme",
        "the field password",
    )


def test_json_is_as_it_was_read_with_the_names_of_its_secrets(wsgi_site: Site) -> None:
    body = json.dumps({"who": {"api_token": "hunter2"}, "n": [1, 2]}).encode()
    found = sent(wsgi_site, "POST", "/reads-body/", body=body, headers=JSON)

    assert found.json == {"who": {"api_token": PLACEHOLDER}, "n": [1, 2]}
    assert found.hidden == ("who.api_token in the JSON",)


def test_body_that_nobody_read_is_missing(wsgi_site: Site) -> None:
    found = sent(wsgi_site, "POST", "/reads-nothing/", body=b"name=ada", headers=FORM)

    assert found.form == ()
    assert found.lacks == (
        "The body of 8 bytes is not in the record, as the project did not read it.",
    )


def test_what_was_cut_is_said(wsgi_site: Site) -> None:
    body = json.dumps({"long": "x" * 5_000}).encode()
    found = sent(wsgi_site, "POST", "/reads-body/", body=body, headers=JSON)

    assert found.lacks == ("The JSON was too long or too deep to be kept whole.",)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("short", False),
        ("it goes on …", False),
        ("x… (12 more characters)", True),
        ({"a": ["… 3 more"]}, True),
        ({"…": "3 more"}, True),
        (["<dict of 3>"], True),
        (7, False),
    ],
)
def test_what_is_cut_is_told_from_what_is_whole(value: Any, told: bool) -> None:
    assert is_cut(value) is told


def test_content_of_files_is_missing(wsgi_site: Site) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nada\r\n'
        b'--x\r\nContent-Disposition: form-data; name="cover"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\nbytes\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    found = sent(wsgi_site, "POST", "/reads-post/", body=body, headers=headers)

    assert found.is_multipart
    assert [one["filename"] for one in found.files] == ["a.png"]
    assert found.lacks == ("What was in the files is not kept, only their names.",)


def test_block_has_sent_nothing(switched_on: Any) -> None:
    with record() as recording:
        pass

    assert what_was_sent(recording.cycle) is None


def test_facts_of_another_shape_are_left_out() -> None:
    client = make_stage(Stage.CLIENT, facts={"headers": [["a"], "b", ["X-Kept", "1"]], "form": 3})
    client.facts["form"] = [["one"]]  # type: ignore[index]
    found = what_was_sent(make_cycle(stages={Stage.CLIENT: client}))

    assert found is not None
    assert found.headers == (("X-Kept", "1"),)
    assert found.form == ()


def test_header_whose_name_is_no_token_is_left_out() -> None:
    facts = {"headers": [["@/etc/passwd", "x"], ["X-Good", "x"]]}
    found = what_was_sent(make_cycle(stages={Stage.CLIENT: make_stage(Stage.CLIENT, facts=facts)}))

    assert found is not None
    assert found.headers == (("X-Good", "x"),)


def test_one_line_has_no_control_characters() -> None:
    assert one_line("a\nb\x1b[2J\u202ec") == "a b [2J c"
