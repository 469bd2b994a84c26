from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cycle_inspector import record
from cycle_inspector.history.links import Links
from cycle_inspector.panel import actions, exports, pages
from cycle_inspector.panel.addresses import Urls
from cycle_inspector.records import HIDDEN, Cycle, Stage
from tests.factories import make_cycle, make_stage
from tests.panel.sample import rich_cycle
from tests.site import Site

URLS = Urls(root="/__cycle__/", assets="/__cycle__/")


def cycle_of(**facts: Any) -> Cycle:
    return make_cycle(stages={Stage.CLIENT: make_stage(Stage.CLIENT, facts=facts)})


def test_everything_is_offered_for_a_request() -> None:
    found = actions.of(rich_cycle(), URLS, Links())

    assert [one for one, _ in found.files] == list(exports.FILES)
    assert [one for one, _ in found.texts] == list(exports.TEXTS)
    assert found.pin is not None
    assert found.page is not None


def test_block_has_nothing_to_be_sent_again(switched_on: Any) -> None:
    with record() as recording:
        pass
    found = actions.of(recording.cycle, URLS, Links())

    assert [one.name for one, _ in found.files] == ["json", "chrome-trace"]
    assert [one.name for one, _ in found.texts] == ["markdown"]
    assert found.repeat is None


def test_nothing_is_offered_where_nothing_is_served() -> None:
    urls = Urls(assets="/static/")
    found = actions.of(rich_cycle(), urls, Links())

    assert (found.files, found.texts, found.pin, found.page) == ((), (), None, None)
    assert "<cycle-menu" not in pages.report(rich_cycle(), urls)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_safe_request_is_opened_again(wsgi_site: Site, method: str) -> None:
    found = actions.repeat(wsgi_site.ask(method, "/hello/?page=2").cycle)

    assert found is not None
    assert found.url == "http://testserver/hello/?page=2"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_request_that_may_change_something_is_not(wsgi_site: Site, method: str) -> None:
    found = actions.repeat(wsgi_site.ask(method, "/hello/").cycle)

    assert found is not None
    assert found.url is None
    assert found.sentence == f"{method} is not sent again from here. Copy it as curl."


@pytest.mark.parametrize(
    "url",
    [
        f"http://testserver/?token={HIDDEN}",
        "http://testserver/x… (12 more characters)",
        "javascript:alert(1)",
        "//evil.example/",
        "",
    ],
)
def test_address_that_is_not_whole_or_no_page_is_not_opened(url: str) -> None:
    found = actions.repeat(cycle_of(method="GET", url=url))

    assert found is not None
    assert found.url is None


def test_report_says_that_a_cycle_is_pinned() -> None:
    loose, pinned = (
        pages.report(rich_cycle(), URLS, links=Links(is_pinned=pinned)) for pinned in (False, True)
    )

    assert '/pin"></cycle-pin>' in loose
    assert '/pin" pinned></cycle-pin>' in pinned


def test_way_to_repeat_is_in_the_report() -> None:
    cycle = rich_cycle()
    assert "Opens its address in a new tab." in pages.report(cycle, URLS)
    client = replace(
        cycle.stage(Stage.CLIENT), facts={**cycle.stage(Stage.CLIENT).facts, "method": "POST"}
    )
    posted = replace(
        cycle, stages=tuple(client if one.stage is Stage.CLIENT else one for one in cycle.stages)
    )
    assert "POST is not sent again from here." in pages.report(posted, URLS)
