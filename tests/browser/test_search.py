"""The search in a real browser."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.browser import sample_site


def search(page, text):
    page.keyboard.press("/")
    page.keyboard.type(text)


def test_a_slash_searches_and_a_link_leads_to_the_stage(page):
    page.goto(f"/__cycle__/{sample_site.RICH.id}/")
    page.locator("cycle-search input").wait_for()
    search(page, "table:author")
    expect(page.locator(".found tbody tr").first).to_contain_text("catalog_author")
    expect(page.locator(".view:visible")).to_have_count(0)
    page.locator(".found a").first.click()
    expect(page.locator("#database h2")).to_be_visible()
    expect(page.locator(".found")).to_have_count(0)


def test_escape_leaves_the_search_and_then_the_drawer(page):
    page.goto("/books/")
    page.locator("cycle-panel .line").click()
    drawer = page.locator("cycle-panel .drawer")
    drawer.locator(".timeline").wait_for()
    search(page, "time:>0")
    expect(drawer.locator(".found tbody tr").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer.locator(".found")).to_have_count(0)
    expect(drawer.locator("#overview")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def test_an_answer_that_comes_after_the_search_was_left_is_not_shown(page):
    page.goto(f"/__cycle__/{sample_site.RICH.id}/")
    page.locator("cycle-search input").wait_for()
    held = []
    page.route("**/search?q=*", lambda route: held.append(route))
    with page.expect_request("**/search?q=*"):
        search(page, "table:author")
    page.keyboard.press("Escape")
    [route] = held
    with suppress(PlaywrightError):  # the page has given it up
        route.continue_()
    page.unroute("**/search?q=*")
    page.wait_for_timeout(200)
    assert page.locator(".found").count() == 0
    expect(page.locator("#overview")).to_be_visible()


def test_a_slash_in_a_field_of_the_page_is_the_pages_own(page):
    page.goto("/books/")
    page.locator("cycle-panel .line").click()
    page.locator("cycle-panel .drawer .timeline").wait_for()
    field = page.locator("body > input").first
    field.focus()
    page.keyboard.press("/")
    expect(field).to_have_value("/")


def test_a_search_that_cannot_be_understood_says_why(page):
    page.goto(f"/__cycle__/{sample_site.RICH.id}/")
    page.locator("cycle-search input").wait_for()
    search(page, "stage:sql")
    expect(page.locator(".found-list")).to_contain_text("none of the stages: client, gateway")
