"""What the panel costs the page, measured by the browser: what it loads, and how long it blocks.

How long a task ran is told as time of the processor: on a machine that does much else, the clock
tells of that.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cycle_inspector.panel.grouped import PAGE
from tests.browser import queries_site
from tests.server import served

ROOT = Path(__file__).resolve().parents[2]
QUERIES = 1000

MOST_BYTES = 25 * 1024  # gzipped
MOST_MS = 50.0  # of one task, as browsers define a long one

# The page is never idle until the test says so.
HOLD = "window.requestIdleCallback = (task) => { window.beIdle = task; }"
LOADED = """() => performance.getEntriesByType("resource")
    .map(({name}) => new URL(name).pathname).filter((path) => path.startsWith("/__cycle__/"))"""
TRACED = ["devtools.timeline", "disabled-by-default-devtools.timeline"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = [sys.executable, "-W", "error", str(queries_site.__file__)]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with served(command, tmp_path_factory.mktemp("queries"), environ) as url:
        yield url


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def longest_ms(browser: Browser, page: Page, act: Callable[[], None]) -> float:
    """Return how long the longest task of the page's main thread ran meanwhile."""
    browser.start_tracing(page=page, categories=TRACED)
    act()
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    main = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        one.get("tdur", 0) / 1000
        for one in events
        if one["name"] == "RunTask" and (one["pid"], one["tid"]) in main
    ]
    assert len(tasks) > 5
    return max(tasks)


def test_until_the_browser_is_idle_one_module_is_loaded(page: Page) -> None:
    page.add_init_script(HOLD)
    page.goto("/1/")
    page.wait_for_function("() => 'beIdle' in window")

    assert page.evaluate(LOADED) == ["/__cycle__/panel.js"]
    page.evaluate("beIdle()")

    expect(page.locator("cycle-panel .line")).to_contain_text("1 SQL")
    assert len(page.evaluate(LOADED)) > 5


def test_what_is_loaded_before_it_is_opened_is_small(page: Page) -> None:
    page.goto("/1/", wait_until="networkidle")
    page.locator("cycle-panel .line").wait_for()

    loaded = {path for path in page.evaluate(LOADED) if not path.endswith("/browser")}
    sizes = {path: len(gzip.compress(page.request.get(path).body())) for path in loaded}

    assert {"/__cycle__/panel.js", "/__cycle__/panel.css"} <= loaded
    assert not any(path.endswith("/report") for path in loaded)
    assert sum(sizes.values()) < MOST_BYTES, sizes


def test_opening_a_cycle_of_a_thousand_queries_blocks_nothing(browser: Browser, page: Page) -> None:
    page.goto(f"/{QUERIES}/")
    expect(page.locator("cycle-panel .line")).to_contain_text(f"{QUERIES} SQL")

    def open_drawer() -> None:
        page.locator("cycle-panel .line").click()
        page.locator("cycle-panel .timeline").wait_for()

    assert longest_ms(browser, page, open_drawer) < MOST_MS


def test_the_list_of_a_thousand_queries_blocks_nothing(browser: Browser, page: Page) -> None:
    page.goto(f"/{QUERIES}/")
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .timeline").wait_for()
    rows = page.locator("cycle-panel #database .queries tbody tr")

    def show_queries() -> None:
        page.locator("cycle-panel .rail [data-view=database]").click()
        expect(rows).to_have_count(PAGE)

    assert longest_ms(browser, page, show_queries) < MOST_MS
    numbers = rows.evaluate_all("rows => rows.map(row => Number(row.cells[0].textContent))")
    assert numbers == list(range(1, PAGE + 1))
