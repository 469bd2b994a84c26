from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.panel import pages, stages
from cycle_inspector.records import Stage
from tests.factories import make_cycle, make_event, make_frame, make_span, make_stage
from tests.panel.sample import full_facts, rich_cycle


def cycle_with(stage: Stage, facts: dict[str, Any], **given: Any) -> Any:
    return make_cycle(stages={stage: make_stage(stage, facts=facts)}, **given)


def shown(stage: Stage, facts: dict[str, Any], **given: Any) -> str:
    return str(pages.stage(cycle_with(stage, facts, **given), stage))


def context(stage: Stage, facts: dict[str, Any], **given: Any) -> dict[str, Any]:
    return stages.context(cycle_with(stage, facts, **given), stage)


def test_every_stage_says_what_it_is_and_where_to_read_on() -> None:
    assert list(stages.ABOUT) == list(Stage)
    for about in stages.ABOUT.values():
        assert about.sentence.endswith(".")
        assert about.page.startswith("https://")


def test_a_stage_has_its_number_and_its_own_events() -> None:
    own, other = make_event(stage=Stage.ROUTING), make_event(stage=Stage.RESPONSE)

    given = context(Stage.ROUTING, {"route": "a/"}, events=(own, other))

    assert (given["number"], given["stage"]) == (5, "routing")
    assert given["facts"] == {"route": "a/"}
    assert given["events"] == [own]


# Client


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"body": "none", "body_bytes": 0}, "<dd>none</dd>"),
        ({"body": "read", "body_bytes": 2048}, "<dd>2.0 KB</dd>"),
        ({"body": "unread", "body_bytes": 2048}, '<dd>2.0 KB <span class="quiet">nobody read it'),
    ],
)
def test_a_body_is_told_with_its_size_and_whether_it_was_read(facts: Any, words: str) -> None:
    assert words in shown(Stage.CLIENT, facts)


# View


def test_an_exception_of_the_view_is_shown_first_with_its_frames() -> None:
    frames = (make_frame(line=18, function="average"), make_frame(line=12, function="pick"))
    event = make_event(
        name="shop.Sold", frames=frames, attributes={"message": "out", "handled_as": "500"}
    )

    html = shown(Stage.VIEW, {"name": "shop.views.pick"}, events=(event,))

    assert html.index("Sold") < html.index("average") < html.index("pick") < html.index("<dt>View")
    assert "answered as 500." in html
    assert html.count("out</span>") == 1
    assert "Events" not in html


def test_another_event_of_the_view_stands_below() -> None:
    event = make_event(kind="not_found", name="Http404", attributes={"message": "no such book"})

    html = shown(Stage.VIEW, {"name": "shop.views.pick"}, events=(event,))

    assert html.index("<dt>View") < html.index("Http404")
    assert '<span class="event-kind">not found</span>' in html


def test_an_exception_whose_event_was_dropped_is_still_told() -> None:
    facts = {"exception": {"type": "django.core.exceptions.FieldError", "message": "no field"}}

    assert '<strong title="django.core.exceptions.FieldError">FieldError' in shown(
        Stage.VIEW, facts
    )


@pytest.mark.parametrize(("thread", "is_said"), [("MainThread", True), ("Thread-7", False)])
def test_a_view_that_ran_in_another_thread_says_so(thread: str, is_said: bool) -> None:
    both = {
        Stage.VIEW: make_stage(Stage.VIEW, facts={"name": "a"}),
        Stage.GATEWAY: make_stage(Stage.GATEWAY, facts={"thread": "Thread-7"}),
    }

    html = pages.stage(make_cycle(stages=both, spans=(make_span(thread=thread),)), Stage.VIEW)

    assert ("not that of the gateway" in html) is is_said


def test_of_a_block_no_thread_is_told() -> None:
    assert "Thread" not in shown(Stage.VIEW, {"name": "a"}, spans=(make_span(),))


# Models, templates, response, browser


def test_each_list_of_models_has_bars_of_its_own() -> None:
    given = context(
        Stage.MODELS, {"instances": [["a.B", 40], ["a.C", 10]], "deleted": [["a.B", 1]]}
    )

    assert [bar.width for _, _, bar in given["instances"]] == ["100.000%", "25.000%"]
    assert [bar.width for _, _, bar in given["deleted"]] == ["100.000%"]
    assert given["lazy"] == []


def test_the_names_a_template_was_given_stand_at_its_own_branch() -> None:
    given = stages.context(rich_cycle(), Stage.TEMPLATES)

    told = [[one[0] for one in found["names"]] if found else [] for _, found, _ in given["tree"]]
    assert told == [["books", "page", "shelf"], [], [], []]


def test_folded_templates_are_said_to_be() -> None:
    html = pages.stage(rich_cycle(), Stage.TEMPLATES)

    assert html.count("folded into one") == 1
    assert html.index("django/forms/div.html") < html.index("folded into one")


@pytest.mark.parametrize("sentence", ["No response was made: CancelledError.", None])
def test_why_there_was_no_response_is_told(sentence: str | None) -> None:
    html = shown(Stage.RESPONSE, {"missing": sentence} if sentence else {"status": 200})

    assert ("No response was made" in html) is bool(sentence)
    assert ("<dt>Status</dt>" in html) is not sentence


@pytest.mark.parametrize(
    ("content_type", "sentence"),
    [
        ("text/html; charset=utf-8", "Waiting for the browser"),
        ("application/xhtml+xml", "Waiting for the browser"),
        ("application/json", "Not a page"),
        ("", "Not a page"),
    ],
)
def test_the_browser_is_waited_for_only_on_pages(content_type: str, sentence: str) -> None:
    assert sentence in shown(Stage.BROWSER, {}, response={"content_type": content_type})


def test_a_layout_shift_is_written_without_a_comma(settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    facts = full_facts()[Stage.BROWSER]

    assert "<dd>0.0213 <" in shown(Stage.BROWSER, facts)
    assert "<dd>0 <" in shown(Stage.BROWSER, {**facts, "cls": 0.0})


def test_the_snapshot_of_the_settings_has_a_short_name() -> None:
    html = shown(Stage.SETTINGS, full_facts()[Stage.SETTINGS])

    assert "<dd>5f2c9a0e <" in html


# What the limits left out


_QUERIES = [
    "3 more queries were only counted, to stay within the limits.",
    "4 queries were kept without parameters and call stack, to stay within the limits.",
]
_TEMPLATES = ["1 more template was only counted, to stay within the limits."]


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (Stage.DATABASE, _QUERIES),
        (Stage.TEMPLATES, _TEMPLATES),
        (Stage.MIDDLEWARE, []),
        (
            None,
            [
                *_QUERIES,
                *_TEMPLATES,
                "2 more of x were only counted, to stay within the limits.",
            ],
        ),
    ],
)
def test_what_was_left_out_is_told_under_its_stage_and_in_the_overview(
    stage: Stage | None, told: list[str]
) -> None:
    cycle = make_cycle(dropped={"queries": 3, "details": 4, "renders": 1, "spans": 0, "x": 2})

    assert stages.dropped(cycle, stage) == told
