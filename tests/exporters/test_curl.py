"""What a shell makes of the command is what the client had sent."""

from __future__ import annotations

import doctest
import subprocess
from itertools import pairwise
from typing import Any

import pytest

from cycle_inspector import record
from cycle_inspector.exporters import curl
from cycle_inspector.exporters.curl import export
from cycle_inspector.records import HIDDEN, Cycle, Stage
from tests.factories import make_cycle, make_stage
from tests.site import Site

NASTY = "'; touch /tmp/pwned; $(id) `id` \" \\ !! \n # \x1b[2J é"


def test_examples_are_true() -> None:
    assert doctest.testmod(curl).failed == 0


def words(command: str) -> list[str]:
    """Return what curl would be called with, by a real shell."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}\n{command}"
    ran = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True)
    assert ran.stderr == ""
    return ran.stdout.split("\0")[:-1]


def options(command: str, name: str) -> list[str]:
    found = words(command)
    return [value for option, value in pairwise(found) if option == name]


def cycle_of(method: str = "POST", **facts: Any) -> Cycle:
    given = {"method": method, "url": "http://testserver/books/", **facts}
    return make_cycle(stages={Stage.CLIENT: make_stage(Stage.CLIENT, facts=given)})


def test_page_is_asked_for_again(wsgi_site: Site) -> None:
    command = export(wsgi_site.get("/hello/?page=2&tags[]=a", {"Accept-Language": "de"}).cycle)

    assert command.startswith("# GET /hello/, answered with 200.\ncurl --globoff ")
    assert words(command) == [
        *("--globoff", "http://testserver/hello/?page=2&tags[]=a"),
        *("--header", "Accept-Language: de"),
    ]


def test_form_is_sent_again(wsgi_site: Site) -> None:
    answer = wsgi_site.ask(
        "POST",
        "/reads-post/",
        body=b"name=ada+l%26&name=b&password=hunter2",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    command = export(answer.cycle)

    assert options(command, "--data-raw") == ["name=ada%20l%26&name=b&password=REDACTED"]
    assert "# Put in what was hidden, where it says REDACTED: the field password.\n" in command


def test_json_is_sent_again(wsgi_site: Site) -> None:
    headers = {"Content-Type": "application/json"}
    answer = wsgi_site.ask("PUT", "/reads-body/", body='{"a": "é\'"}'.encode(), headers=headers)
    command = export(answer.cycle)

    assert options(command, "--request") == ["PUT"]
    assert options(command, "--data-raw") == ['{"a": "é\'"}']
    assert options(command, "--header") == ["Content-Type: application/json"]


def test_text_is_sent_again(wsgi_site: Site) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = wsgi_site.ask("POST", "/reads-body/", body=NASTY.encode(), headers=headers)

    assert options(export(answer.cycle), "--data-raw") == [NASTY]


def test_files_are_named_and_their_content_is_missing() -> None:
    command = export(
        cycle_of(
            headers=[["Content-Type", "multipart/form-data; boundary=x"]],
            form=[["name", "@/etc/passwd"]],
            files=[{"name": "cover", "filename": 'a";type=x', "content_type": "image/png"}],
        )
    )

    assert options(command, "--form-string") == ["name=@/etc/passwd"]
    assert options(command, "--form") == ['cover=@PATH-OF-THE-FILE;filename="a__type_x"']
    assert options(command, "--header") == []
    assert "# What was in the files is not kept, only their names.\n" in command


def test_cookies_are_names_with_placeholders() -> None:
    command = export(
        cycle_of("GET", headers=[["Cookie", HIDDEN]], cookies=[["a", HIDDEN], ["b", HIDDEN]])
    )

    assert options(command, "--header") == ["Cookie: a=REDACTED; b=REDACTED"]


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("GET", []),
        ("HEAD", ["--head"]),
        ("POST", ["--request", "POST"]),
        ("DELETE", ["--request", "DELETE"]),
    ],
)
def test_method_without_a_body(method: str, told: list[str]) -> None:
    assert words(export(cycle_of(method)))[2:] == told


def test_header_without_a_value_is_sent_all_the_same() -> None:
    assert options(export(cycle_of("GET", headers=[["X-Empty", ""]])), "--header") == ["X-Empty;"]


def test_compressed_answer_is_unpacked_and_the_connection_is_curls_own() -> None:
    headers = [["Accept-Encoding", "gzip"], ["Connection", "close"], ["Host", "testserver"]]

    assert words(export(cycle_of("GET", headers=headers)))[2:] == ["--compressed"]


def test_nothing_that_was_captured_gets_out_of_its_quotes() -> None:
    command = export(
        cycle_of(
            NASTY,
            url=f"http://testserver/{NASTY}",
            headers=[["X-Nasty", NASTY]],
            form=[[NASTY, HIDDEN]],
        )
    )

    assert "\x1b" not in command
    found = words(command)
    assert f"http://testserver/{NASTY}" in found
    assert NASTY in found
    # A header is one line.
    assert f"X-Nasty: {NASTY}".replace("\n", " ").replace("\x1b", " ") in " ".join(found)


def test_a_shell_that_knows_no_such_quotes_runs_nothing_either() -> None:
    command = export(cycle_of("GET", url="http://testserver/\x01'; touch /tmp/pwned; ': \\'"))

    # To dash this is a dollar and a text in single quotes: the next quote would end it.
    [line] = [line for line in command.splitlines() if line.startswith("curl ")]
    assert line.startswith("curl --globoff $'")
    assert line.count("'") == 2
    assert words(command)[1] == "http://testserver/\x01'; touch /tmp/pwned; ': \\'"


def test_type_of_no_body_is_not_sent() -> None:
    headers = [["Content-Type", "text/plain"]]

    assert options(export(cycle_of("GET", headers=headers)), "--header") == []
    assert options(export(cycle_of("POST", headers=headers, text="a")), "--header") == [
        "Content-Type: text/plain"
    ]


def test_block_has_no_command(switched_on: Any) -> None:
    with record() as recording:
        pass

    assert words(export(recording.cycle)) == []
