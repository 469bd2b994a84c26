from __future__ import annotations

import re
from typing import Any

from cycle_inspector import record
from cycle_inspector.exporters.markdown import export
from cycle_inspector.records import TemplateLine
from tests.factories import (
    make_cycle,
    make_event,
    make_finding,
    make_frame,
    make_query,
    make_render,
)
from tests.panel.sample import DIFF, rich_cycle
from tests.site import Site

NASTY = "\n```\n# Hello @ada\n<script>alert(1)</script>\n````sql\n| a | b |\n- [x](http://evil)"


def outside_of_code(written: str) -> str:
    """Return `written` without its blocks and spans of code, as CommonMark reads these."""
    kept: list[str] = []
    fence = ""
    for line in written.split("\n"):
        ticks = re.match(r"`{3,}", line)
        if fence:
            if re.fullmatch(f"{fence}`*", line):
                fence = ""
        elif ticks and "`" not in line[ticks.end() :]:
            fence = ticks[0]
        else:
            kept.append(re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", line))
    assert fence == ""
    return "\n".join(kept)


def test_cycle_is_told_from_its_findings_to_its_queries() -> None:
    written = export(rich_cycle())

    assert re.findall(r"^#+ .*$", outside_of_code(written), re.M) == [
        "# GET ",
        "## 3 findings",
        "## Time of each stage",
        "## What the database spent most on",
    ]
    assert "- Answer: 200 OK\n- Time on the server: 84.1 ms\n" in written
    assert "- Queries: 57 in " in written
    assert "- **N+1: 40 × catalog.Book.author** (CI101, warning, 31.0 ms)" in written
    assert "  - at `shop/catalog/views.py:22` in `BookList.get_queryset`" in written
    assert f"```diff\n{DIFF.strip()}\n```" in written
    assert "| database | 0.7 ms |" in written
    assert "- 40 × in 33.7 ms, first at `shop/catalog/views.py:22`" in written
    assert "Only counted, to stay within the limits: 12 queries." in written


def test_page_without_anything_wrong_is_short(wsgi_site: Site) -> None:
    written = export(wsgi_site.get("/hello/").cycle)

    assert "finding" not in written
    assert "Raised" not in written
    assert "database spent" not in written


def test_exception_has_its_frames_with_their_lines(wsgi_site: Site) -> None:
    written = export(wsgi_site.get("/raises/").cycle)

    assert "## Raised: `ValueError`\n\n```\nno such shelf\n```" in written
    assert re.search(
        r'- `tests/shelf/views.py:\d+` in `raises`: `raise ValueError\("no such shelf"\)`', written
    )


def test_exception_that_led_to_it_is_told() -> None:
    linked = [{"link": "cause", "name": "KeyError", "message": "7", "trace": []}]
    attributes = {"message": "m", "linked": linked, "template": {"name": "a.html", "line": 3}}
    written = export(make_cycle(events=(make_event(attributes=attributes),)))

    assert "In the template `a.html:3`." in written
    assert "Caused by `KeyError`:\n\n```\n7\n```" in written
    assert "- `shop/catalog/views.py:22` in `book_list`" in written


def test_long_stack_is_cut() -> None:
    frames = tuple(make_frame(line=number) for number in range(1, 36))
    written = export(make_cycle(events=(make_event(frames=frames),)))

    assert written.count("in `book_list`") == 30
    assert "- 5 more frames" in written


def test_line_to_be_changed_is_told_where_it_is_another() -> None:
    here = make_finding(mend=make_frame())
    there = make_finding(
        mend=make_frame(line=41), mend_template=TemplateLine(name="a.html", line=7)
    )

    assert "to be changed" not in export(make_cycle(findings=(here,)))
    written = export(make_cycle(findings=(there,)))
    assert "to be changed at `shop/catalog/views.py:41` in `book_list`" in written
    assert "to be changed in the template `a.html:7`" in written


def test_what_to_read_is_told_unless_it_is_of_a_rule_of_the_project() -> None:
    read_on = "  - Read on: <https://docs.djangoproject.com/en/stable/topics/db/optimization/#"

    assert read_on in export(make_cycle(findings=(make_finding(code="CI101"),)))
    assert "Read on" not in export(make_cycle(findings=(make_finding(code="SHOP1"),)))


def test_nothing_that_was_captured_gets_out_of_its_place() -> None:
    written = export(
        make_cycle(
            request={"method": NASTY, "path": NASTY},
            response={"status": 200, "reason": NASTY},
            queries=(make_query(sql=NASTY, template=TemplateLine(name=NASTY, line=1)),),
            renders=(make_render(name=NASTY),),
            events=(make_event(name=NASTY, attributes={"message": NASTY}),),
            findings=(make_finding(title=NASTY, fix=NASTY, diff=NASTY, code=NASTY),),
        )
    )

    left = outside_of_code(written)
    assert "@ada" not in left
    assert "<script" not in left
    assert "evil" not in left
    assert "\n# Hello" not in left


def test_values_stay_out_of_it(wsgi_site: Site) -> None:
    answer = wsgi_site.ask(
        "POST",
        "/reads-post/?q=hunter2",
        body=b"name=hunter2",
        headers={"Content-Type": "application/x-www-form-urlencoded", "X-A": "hunter2"},
    )
    literal = make_query(sql="SELECT 1 WHERE a = 'hunter2'", params=("hunter2",))

    assert "hunter2" not in export(answer.cycle)
    assert "hunter2" not in export(make_cycle(queries=(literal,)))


def test_only_the_slowest_queries_are_told() -> None:
    many = tuple(
        make_query(id=at, sql=f"SELECT a FROM t{chr(97 + at)}", duration_ns=at) for at in range(7)
    )
    written = export(make_cycle(queries=many))

    assert written.count("```sql") == 5
    assert "SELECT a FROM tg" in written
    assert "SELECT a FROM ta" not in written
    assert "And 2 more shapes of queries." in written


def test_long_statement_is_cut() -> None:
    written = export(make_cycle(queries=(make_query(sql=f"SELECT {'x' * 9_000}"),)))

    assert len(written) < 3_000


def test_block_is_told_as_one(switched_on: Any) -> None:
    with record() as recording:
        pass

    assert export(recording.cycle).startswith("# A recorded block of code\n")
