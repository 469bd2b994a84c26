"""An exception in the panel: the project's frames first, all else folded, and text only."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import pages, tracebacks
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_event
from tests.panel.sample import HOSTILE


def frame(function: str, *, is_project: bool = True, **given: Any) -> dict[str, Any]:
    values = {
        "path": "/srv/shop/views.py",
        "line": 12,
        "function": function,
        "is_project": is_project,
        "first": 11,
        "lines": ["def pick(books):", "    return books[0]", ""],
        "columns": [11, 19],
        "locals": [["books", "[]"]],
    }
    return {**values, **given}


def django(function: str, **given: Any) -> dict[str, Any]:
    return frame(function, is_project=False, path="/env/site-packages/django/a.py", **given)


def named(blocks: list[tracebacks.Block]) -> list[tuple[str, list[str]]]:
    return [
        (
            one.step.frame["function"] if one.step else "",
            [inner.frame["function"] for inner in one.called],
        )
        for one in blocks
    ]


def shown(**attributes: Any) -> str:
    event = make_event(attributes={"message": "m", **attributes})
    return pages.stage(make_cycle(events=(event,)), Stage.VIEW)


def test_a_frame_of_the_project_holds_those_that_it_called() -> None:
    trace = [django("deep"), django("less"), frame("pick"), frame("view"), django("handler")]

    assert named(tracebacks.blocks(trace)) == [
        ("pick", ["deep", "less"]),
        ("view", []),
        ("", ["handler"]),
    ]


def test_the_innermost_of_the_project_are_open() -> None:
    blocks = tracebacks.blocks([frame(str(at)) for at in range(5)])

    assert [one.is_open for one in blocks] == [True, True, True, False, False]
    assert [one.is_first for one in blocks] == [True, False, False, False, False]


def test_where_there_is_no_frame_of_the_project_it_is_said() -> None:
    (block,) = tracebacks.blocks([django("a"), django("b")])

    assert block.is_all
    assert block.step is None
    assert "none of your own code in 1 frame" in shown(trace=[django("deep")])
    assert not tracebacks.blocks([frame("pick"), django("a")])[-1].is_all
    assert tracebacks.blocks([]) == []


def test_the_failing_line_is_marked_and_what_failed_in_it() -> None:
    before, failing, _ = tracebacks.lines(frame("pick"), [11, 19])

    assert (before.number, before.is_failing, before.failed) == (11, False, "")
    assert (failing.number, failing.is_failing) == (12, True)
    assert (failing.before, failing.failed, failing.after) == ("    return ", "books[0]", "")


def test_the_exceptions_that_led_to_it_are_told_in_words() -> None:
    linked = [
        {"link": how, "depth": 1, "name": "KeyError", "message": how, "notes": [], "trace": []}
        for how in ("cause", "context", "group", "another")
    ]

    assert [one.words.rstrip(":") for one in tracebacks.linked({"linked": linked})] == [
        "Caused by",
        "Raised while this was being handled",
        "One of the group",
        "",
    ]
    assert tracebacks.linked({}) == []


def test_the_panel_shows_source_locals_and_notes() -> None:
    html = shown(
        trace=[django("deep", skipped=900), frame("pick", more_locals=2)],
        notes=["look at the shelf"],
        linked=[
            {
                "link": "cause",
                "depth": 1,
                "name": "KeyError",
                "message": "because",
                "notes": [],
                "trace": [],
            }
        ],
        template={"name": "shop/a.html", "path": "/t/shop/a.html", "line": 2, "first": 2}
        | {"lines": ["{{ a }}"]},
    )

    for text in (
        "<mark>books[0]</mark>",
        "1 local variable</summary>",
        "2 more local variables left out",
        "look at the shelf",
        "Caused by",
        "shop/a.html:2",
        "{{ a }}",
        "through 1 frame of Django and packages",
        "900 frames left out here",
    ):
        assert text in html
    assert html.index("pick") < html.index("deep")


def test_the_same_stands_under_another_stage() -> None:
    event = make_event(stage=Stage.MIDDLEWARE, attributes={"trace": [frame("pick")]})

    html = pages.stage(make_cycle(events=(event,)), Stage.MIDDLEWARE)

    assert "<mark>books[0]</mark>" in html


@pytest.mark.parametrize(("handled_as", "is_mild"), [("403", True), ("500", False), (None, False)])
def test_one_that_is_an_answer_looks_milder(handled_as: str | None, *, is_mild: bool) -> None:
    given = {} if handled_as is None else {"handled_as": handled_as}

    assert ("raised mild" in shown(trace=[], **given)) is is_mild


def test_hostile_text_is_text_everywhere() -> None:
    hostile = frame(HOSTILE, path=HOSTILE, lines=[HOSTILE] * 3, locals=[[HOSTILE, HOSTILE]])
    html = shown(
        message=HOSTILE,
        trace=[hostile, {**hostile, "is_project": False, "columns": None}],
        notes=[HOSTILE],
        template={**hostile, "name": HOSTILE},
        linked=[
            {
                "link": HOSTILE,
                "depth": 1,
                "name": HOSTILE,
                "message": HOSTILE,
                "notes": [HOSTILE],
                "trace": [hostile],
            }
        ],
    )

    assert "<script>" not in html
    assert "<img" not in html


VIEW = {
    "name": "shop.views.BookList",
    "decorators": [{"name": "a.b", "path": "/srv/a.py", "line": 3, "is_wrapped": False}],
    "hooks": [{"name": "get_queryset", "path": "/srv/a.py", "line": 9}],
    "bases": ["django.views.generic.ListView"],
    "given": {"paginate_by": 3},
    "made_by": "shop.views.factory",
    "bound": ["word"],
    "atomic": ["default"],
    "non_atomic": ["other"],
}


def test_what_is_known_of_the_view_is_shown() -> None:
    from tests.factories import make_stage

    stages = {Stage.VIEW: make_stage(Stage.VIEW, facts=VIEW)}
    html = pages.stage(make_cycle(stages=stages), Stage.VIEW)

    for text in (
        "without functools.wraps",
        "get_queryset",
        "srv/a.py:9",
        "1 base class",
        "paginate_by",
        "shop.views.factory",
        "word",
        "default",
        "other",
    ):
        assert text in html
