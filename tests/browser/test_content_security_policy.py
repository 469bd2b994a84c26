"""Pages under a policy in a real browser, served with the app installed: there, or away quietly."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import policies_site
from tests.server import served

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [sys.executable, "-W", "error", str(policies_site.__file__)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with served(command, tmp_path_factory.mktemp("policies"), environ) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Give a page that fails the test if a script of it failed, or opened a dialog."""
    context = browser.new_context(base_url=address)
    opened, problems = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    yield opened
    context.close()
    assert problems == []


def visit(page: Page, path: str) -> dict[str, Any]:
    """Open a page, wait for its scripts, and return what the response stage of its cycle says."""
    response = page.goto(path, wait_until="networkidle")
    assert response is not None
    document = page.request.get(f"/__cycle__/{response.headers['cycle-id']}.json").json()
    facts: dict[str, Any] = document["stages"][9]["facts"]
    return facts


@pytest.mark.parametrize("path", ["/open/", "/stream/open/"])
def test_where_scripts_may_fetch_from_their_own_site_the_panel_shows(page: Page, path: str) -> None:
    facts = visit(page, path)

    expect(page.locator("cycle-panel .line")).to_contain_text("200")
    assert facts["panel"] == "shown"


def test_where_they_may_not_there_is_no_script_and_the_cycle_says_why(page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))

    facts = visit(page, "/closed/")

    assert "does not let a script fetch from its own site (connect-src)" in facts["panel"]
    expect(page.locator("cycle-panel")).to_have_count(0)
    expect(page.locator("script")).to_have_count(0)
    assert [one for one in said if "cycle" in one.lower()] == []


def test_of_a_stream_whose_script_may_not_fetch_the_cycle_says_why(page: Page) -> None:
    # It gets its script before its policy is known: the browser refuses what that fetches.
    facts = visit(page, "/stream/closed/")

    assert "(connect-src)" in facts["panel"]
    expect(page.locator("cycle-panel")).to_have_count(1)
    expect(page.locator("cycle-panel .line, cycle-panel .drawer")).to_have_count(0)
