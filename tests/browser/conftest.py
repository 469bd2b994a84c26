"""One headless Chromium for all tests of this folder.

Without one these tests are skipped on a developer's machine; in continuous integration a missing
browser is a failure. CHROMIUM names another one than the usual.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium, sample_site
from tests.browser.sample_site import Site


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # One at a time: Playwright refuses to start again in a thread in which it runs.
    path = chromium.find()
    if path is None:
        message = "There is no Chromium: install one, or name it by CHROMIUM=/path/to/it."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with sample_site.serve() as served:
        yield served


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    """Give a page that fails the test if a script of it failed, or asked for a dialog."""
    context = browser.new_context(base_url=site.address, viewport={"width": 1280, "height": 800})
    opened, problems = context.new_page(), list[str]()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
    yield opened
    context.close()
    assert problems == []
