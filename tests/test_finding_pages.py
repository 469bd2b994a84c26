"""The pages on the findings, true because their examples are run here."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.analysis import codes_of
from tests.conftest import PAIR
from tests.example_shop import INDEX, PAGES, TIMED, Page, Shop, sections

HEADINGS = [
    *("How it looks", "Bad example", "Good example"),
    *("What changes", "When to ignore it", "Read on"),
]
PATHS = sorted(PAGES.glob("*.md"))
each_page = pytest.mark.parametrize("page", [Page(one) for one in PATHS], ids=lambda one: one.code)


# As in a project, which hides them.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:shop")


@pytest.fixture(autouse=True)
def _rates(elsewhere: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `rates.example` be a server of ours."""
    port = int(elsewhere.rpartition(":")[2])
    connect = socket.create_connection

    def create_connection(address: tuple[str, int], *args: Any, **given: Any) -> socket.socket:
        place = ("127.0.0.1", port) if address[0] == "rates.example" else address
        return connect(place, *args, **given)

    monkeypatch.setattr(socket, "create_connection", create_connection)


@pytest.fixture
def shop(
    tmp_path: Path, settings: Any, switched_on: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.syspath_prepend(root)
    one = Shop(root, settings, switched_on, PAIR)
    yield one
    one.close()


def without_times(text: str) -> str:
    return re.sub(r"\d+ ms", "0 ms", text)


@each_page
def test_the_bad_example_gives_what_the_page_shows(page: Page, shop: Shop) -> None:
    _, told = page.told

    found = shop.ask(page, "Bad example").findings

    said = [shop.tell(one) for one in found]
    codes = {one.code for one in found}
    assert page.code in codes, said
    # The costliest stands first, whichever it is; the fix may be cut, as Django 6.1 has more ways.
    plain = [without_times(one) for one in said]
    for shown in map(without_times, told):
        assert [one for one in plain if one.startswith(shown)], f"{shown!r} is none of {said}"
    assert len(said) == len(told), said
    linked = sections(page.text)["How it looks"]
    assert [one for one in codes - {page.code} if f"]({one}.md)" not in linked] == []


@each_page
def test_the_good_example_gives_no_finding(page: Page, shop: Shop) -> None:
    cycle = shop.ask(page, "Bad example", "Good example")
    if page.code in TIMED and cycle.findings:  # a busy machine makes anything slow, once
        cycle = shop.again()

    assert [shop.tell(one) for one in cycle.findings] == []
    assert cycle.response["status"] < 500


@each_page
def test_what_the_page_says_ignores_it(page: Page, shop: Shop) -> None:
    cycle = shop.ask(page, "Bad example", "When to ignore it")
    if page.code in TIMED and cycle.findings:  # and what is slow may be so at another line
        cycle = shop.again()

    assert page.code not in [one.code for one in cycle.findings]
    assert page.files("When to ignore it") != page.files()


@each_page
def test_the_page_has_its_parts_in_their_order(page: Page) -> None:
    assert re.match(rf"# {page.code}: [^\n]+\n\n\S", page.text)
    assert [one for one in sections(page.text) if one in HEADINGS] == HEADINGS


@each_page
def test_the_page_has_a_rule_and_links_to_the_page_of_django_that_the_rule_names(
    page: Page,
) -> None:
    code = codes_of().get(page.code)

    assert code is not None, f"{page.path.name} has no rule"
    assert code.django_url is None or f"]({code.django_url})" in sections(page.text)["Read on"]


@each_page
def test_the_index_leads_to_the_page(page: Page) -> None:
    assert f"| [{page.code}](../findings/{page.path.name}) |" in INDEX.read_text(encoding="utf-8")
