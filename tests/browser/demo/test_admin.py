"""The history in the admin, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect


@pytest.fixture
def admin(page: Page) -> Page:
    """Log in, after a visit that the history can show."""
    page.goto("/books/one-by-one/")
    page.goto("/admin/login/?next=/admin/cycle_inspector/cycle/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "admin")
    page.click("[type=submit]")
    return page


def test_the_list_shows_and_filters_cycles(admin: Page) -> None:
    rows = admin.locator("#result_list tbody tr")
    expect(rows.filter(has_text="GET /books/one-by-one/").first).to_contain_text("51")

    admin.goto("/admin/cycle_inspector/cycle/?status_class=5")

    expect(rows.filter(has_text="/books/one-by-one/")).to_have_count(0)


def test_a_cycle_shows_its_stages_in_styles_of_their_own(admin: Page) -> None:
    admin.locator("#result_list tbody tr", has_text="/books/one-by-one/").first.locator(
        "th a"
    ).first.click()

    report = admin.locator("cycle-embed cycle-report")
    expect(report).to_contain_text("N+1: 25 × shop.Book.")
    expect(report.locator(".rail")).to_have_role("tablist")  # the script is at work
    report.locator(".rail [data-view=templates]").click()
    expect(report.locator("#templates")).to_contain_text("shop/one_by_one.html")
    expect(report.locator("#overview")).to_be_hidden()
