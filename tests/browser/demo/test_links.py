"""Cycles that belong together, as a person in the bookshop meets them."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect


def line(page: Page) -> Locator:
    return page.locator("cycle-panel cycle-line .line")


def drawer(page: Page) -> Locator:
    return page.locator("cycle-panel cycle-drawer")


def head(page: Page) -> Locator:
    return drawer(page).locator(".bar-head")


def overview(page: Page) -> Locator:
    return drawer(page).locator(".views > [data-view=overview]")


def place_an_order(page: Page) -> None:
    page.goto("/orders/new/")
    form = page.locator("form[method=post]")
    form.locator("[name=customer]").fill("Ada Lovelace")
    form.locator("[name=email]").fill("ada@example.com")
    form.locator("[name=book]").select_option(index=1)
    form.locator("[name=quantity]").fill("1")
    form.locator("button").click()
    page.wait_for_url("**/thanks/")


def cycle_of(page: Page, address: str = "") -> dict[str, Any]:
    """Return the document of the page's own cycle, or of what its script has fetched."""
    cycle_id = page.evaluate(
        """(address) => performance.getEntriesByType(address ? "resource" : "navigation")
            .find((one) => one.name.includes(address))
            .serverTiming.find((one) => one.name === "cycle").description""",
        address,
    )
    document: dict[str, Any] = page.request.get(f"/__cycle__/{cycle_id}.json").json()
    return document


def test_the_page_after_a_form_offers_the_cycle_of_the_post(page: Page) -> None:
    place_an_order(page)
    expect(line(page)).to_contain_text("GET shop:thanks")
    expect(line(page)).to_contain_text("after POST 302")

    line(page).click()
    expect(overview(page)).to_contain_text("Redirected here from POST /orders/new/ 302")
    overview(page).locator("a[data-cycle]", has_text="POST /orders/new/").click()

    expect(head(page)).to_contain_text("POST /orders/new/")
    expect(overview(page)).to_contain_text("Led to GET /orders/")
    assert page.url.endswith("/thanks/")  # it is shown in the drawer; the page stays


def test_the_list_offers_the_redirect_and_the_page(page: Page) -> None:
    place_an_order(page)
    line(page).click()
    button = drawer(page).locator("cycle-list > button")
    expect(button).to_contain_text("1 redirect")

    button.click()
    items = drawer(page).locator(".cycle-popup > .cycles li")
    expect(items).to_have_count(2)
    expect(items.nth(0)).to_contain_text("redirect302POST /orders/new/")
    expect(items.nth(1)).to_contain_text("page200GET /orders/")
    items.nth(0).locator("button").click()
    expect(head(page)).to_contain_text("POST /orders/new/")

    button.click()
    items.nth(1).locator("button").click()
    expect(head(page)).to_contain_text("/thanks/")


def test_a_page_that_is_loaded_again_was_not_redirected_to(page: Page) -> None:
    place_an_order(page)
    expect(line(page)).to_contain_text("after POST 302")

    page.reload()

    expect(line(page)).to_contain_text("GET shop:thanks")
    expect(line(page)).not_to_contain_text("after")
    assert cycle_of(page)["cause"] is None


def test_a_fetch_has_its_page_for_a_parent(page: Page) -> None:
    page.goto("/top-rated/")
    expect(line(page)).to_contain_text("1 fetch")
    own = cycle_of(page)["id"]

    for _ in range(100):
        fetched = cycle_of(page, "/api/top-rated/")
        if fetched["parent"]:
            break
        page.wait_for_timeout(100)
    assert (fetched["parent"], fetched["cause"]) == (own, "fetch")

    line(page).click()
    expect(overview(page)).to_contain_text("Fetched by this page")
    overview(page).locator("a[data-cycle]", has_text="/api/top-rated/").click()
    expect(overview(page)).to_contain_text("Fetched by GET /top-rated/")


def test_a_later_fetch_is_told_without_leaving_the_page(page: Page) -> None:
    page.goto("/top-rated/")
    expect(line(page)).to_contain_text("1 fetch")
    page.wait_for_timeout(1000)  # the first beacon has left

    page.evaluate("() => fetch('/books.csv?late').then((response) => response.text())")

    for _ in range(100):
        fetched = cycle_of(page, "?late")
        if fetched["parent"]:
            break
        page.wait_for_timeout(100)
    assert fetched["cause"] == "fetch"


def test_a_link_to_another_cycle_opens_on_its_page_where_there_is_no_drawer(page: Page) -> None:
    place_an_order(page)
    page.goto(f"/__cycle__/{cycle_of(page)['id']}/")

    page.locator(".ways a", has_text="POST /orders/new/").click()

    expect(page.locator("cycle-report .head")).to_contain_text("POST /orders/new/")
