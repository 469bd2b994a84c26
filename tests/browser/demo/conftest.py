"""The demo in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.demo_site.process import Demo


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve one seeded demo for all tests of this folder."""
    demo = Demo(folder=tmp_path_factory.mktemp("demo"))
    demo.run("seed")
    with demo.serve() as url:
        yield url


class Complaints(list[str]):
    """What the browser complained of: errors of scripts and refused or failed loads."""


@pytest.fixture
def page(browser: Browser, demo_url: str) -> Iterator[Page]:
    """Give a new window; the test fails if the browser complains of anything of ours."""
    context = browser.new_context(base_url=demo_url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints = Complaints()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text)
            if "__cycle__" in message.text or "Cycle Inspector" in message.text
            else None
        ),
    )
    yield page
    context.close()
    assert complaints == []
