"""The panel in the pages of the demo, driven by mouse and keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from cycle_inspector.records import Stage

STAGES = [stage.value for stage in Stage]


def line(page: Page) -> Locator:
    return page.locator("cycle-panel cycle-line .line")


def drawer(page: Page) -> Locator:
    return page.locator("cycle-panel cycle-drawer")


def tab(page: Page, view: str) -> Locator:
    return drawer(page).locator(f".rail [data-view={view}]")


def section(page: Page, view: str) -> Locator:
    return drawer(page).locator(f".views > [data-view={view}]")


def test_the_closed_line_says_what_the_page_did(page: Page) -> None:
    page.goto("/books/one-by-one/")

    expect(line(page)).to_contain_text("200")
    expect(line(page)).to_contain_text("GET shop:one-by-one")
    expect(line(page)).to_contain_text("51 SQL")
    expect(line(page)).to_contain_text("N+1: 25 × shop.Book.")
    expect(drawer(page)).to_have_count(0)


def test_the_mouse_opens_and_closes_the_drawer(page: Page) -> None:
    page.goto("/books/one-by-one/")

    line(page).click()

    expect(drawer(page)).to_be_visible()
    expect(drawer(page)).to_contain_text("2 findings")
    expect(line(page)).to_be_hidden()

    drawer(page).locator("button.close").click()

    expect(drawer(page)).to_be_hidden()
    expect(line(page)).to_be_visible()


def test_the_keyboard_opens_walks_and_closes_the_drawer(page: Page) -> None:
    page.goto("/books/one-by-one/")
    expect(line(page)).to_be_visible()

    page.keyboard.press("Control+Backquote")
    expect(tab(page, "overview")).to_be_focused()
    for view in STAGES[:3]:
        page.keyboard.press("ArrowDown")
        expect(tab(page, view)).to_be_focused()
        expect(section(page, view)).to_be_visible()
    page.keyboard.press("End")
    expect(section(page, "events")).to_be_visible()  # of the static files that the page names

    page.keyboard.press("Escape")
    expect(section(page, "overview")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()


def test_enter_on_the_line_opens_the_drawer(page: Page) -> None:
    page.goto("/books/one-by-one/")
    line(page).focus()

    page.keyboard.press("Enter")

    expect(drawer(page)).to_be_visible()


def test_the_database_view_shows_each_query_of_the_page(page: Page) -> None:
    page.goto("/books/one-by-one/")
    line(page).click()

    tab(page, "database").click()

    shown = section(page, "database")
    expect(shown).to_contain_text("51 queries")
    expect(shown.locator("table.queries tbody tr")).to_have_count(51)
    expect(shown).to_contain_text("shop/one_by_one.html:19")
    shown.locator("table.queries summary").nth(1).click()
    expect(shown.locator("table.queries details[open] pre.sql")).to_be_visible()


@pytest.mark.parametrize("view", STAGES)
def test_each_stage_has_a_view(page: Page, view: str) -> None:
    page.goto("/books/")
    line(page).click()

    tab(page, view).click()

    shown = section(page, view)
    expect(shown).to_be_visible()
    expect(shown.locator("p").first).to_be_visible()
    expect(shown).not_to_contain_text("cannot be shown")


def test_a_fetch_of_the_page_is_listed_and_can_be_looked_at(page: Page) -> None:
    page.goto("/top-rated/")
    expect(line(page)).to_contain_text("1 fetch")
    line(page).click()
    expect(drawer(page).locator(".bar-head")).to_contain_text("/top-rated/")

    drawer(page).locator("cycle-list > button").click()
    drawer(page).locator(".cycle-popup > .cycles li", has_text="/api/top-rated/").locator(
        "button"
    ).click()

    expect(drawer(page).locator(".bar-head")).to_contain_text("/api/top-rated/")
    expect(tab(page, "database").locator(".rail-count")).to_have_text(re.compile("2"))


def test_a_new_fetch_is_counted_but_never_switched_to(page: Page) -> None:
    page.goto("/top-rated/")
    expect(line(page)).to_contain_text("1 fetch")
    line(page).click()

    page.evaluate("() => fetch('/books/').then((response) => response.text())")

    expect(drawer(page).locator("cycle-list > button")).to_contain_text("2 fetch")
    expect(drawer(page).locator(".bar-head")).to_contain_text("/top-rated/")


def test_the_drawer_of_a_failure_opens_at_the_exception(page: Page) -> None:
    page.goto("/staff-pick/")

    line(page).click()

    expect(section(page, "overview")).to_contain_text("ZeroDivisionError: division by zero")
    expect(section(page, "overview")).to_contain_text("recommendations.py:18")


def test_the_browser_sends_its_timings(page: Page) -> None:
    page.goto("/books/")
    expect(line(page)).to_be_visible()
    cycle_id = page.evaluate(
        "() => performance.getEntriesByType('navigation')[0].serverTiming"
        ".find((one) => one.name === 'cycle').description"
    )

    def load_ms() -> float:
        document = page.request.get(f"/__cycle__/{cycle_id}.json").json()
        return document["stages"][10]["facts"].get("load_ms", 0)

    for _ in range(100):
        if load_ms():
            break
        page.wait_for_timeout(100)
    assert load_ms() > 0


def test_a_streamed_page_has_the_panel(page: Page) -> None:
    page.goto("/report/")

    expect(line(page)).to_contain_text("3 SQL")


def test_a_form_sent_with_faults_shows_the_cycle_of_the_post(page: Page) -> None:
    page.goto("/orders/new/")

    page.locator("form[method=post] button").click()

    expect(line(page)).to_contain_text("POST shop:order")


def test_after_a_redirect_the_final_page_shows_its_own_cycle(page: Page) -> None:
    page.goto("/admin/")

    expect(line(page)).to_contain_text("GET admin:login")


def test_the_page_itself_is_left_alone(page: Page) -> None:
    page.goto("/books/")
    expect(line(page)).to_be_visible()

    assert page.evaluate("() => document.body.querySelectorAll('cycle-panel').length") == 0
    assert page.evaluate("() => document.querySelectorAll('[style]').length") == 0
    own_scripts = page.locator("body script[src*='__cycle__']")
    expect(own_scripts).to_have_count(1)


def test_the_stand_alone_page_shows_the_same(page: Page) -> None:
    page.goto("/books/one-by-one/")
    expect(line(page)).to_be_visible()
    cycle_url = page.evaluate(
        "() => fetch('').then((response) => response.headers.get('Cycle-Url'))"
    )

    page.goto(cycle_url)

    expect(page.locator("cycle-report .head")).to_contain_text("/books/one-by-one/")
    page.locator(".rail [data-view=database]").click()
    expect(page.locator("#database table.queries tbody tr")).to_have_count(51)
    expect(page.locator("cycle-panel")).to_have_count(0)


def test_a_click_explains_a_query_below_its_button(page: Page) -> None:
    page.goto("/books/one-by-one/")
    line(page).click()
    tab(page, "database").click()
    query = section(page, "database").locator(".queries details").first
    query.locator("summary").first.click()

    query.get_by_role("button", name="Explain").click()

    shown = query.locator("cycle-explain .plan")
    expect(shown).to_contain_text("It was not run.")
    expect(shown.locator(".plan-steps li").first).to_be_visible()
    query.get_by_role("button", name="Explain").click()
    expect(shown).to_have_count(1)
