"""The elements in a real browser, on sample cycles: what a person sees and does."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from cycle_inspector.records import Stage
from tests.browser import sample_site


def line(page):
    return page.locator("cycle-panel .line")


def drawer(page):
    return page.locator("cycle-panel .drawer")


def open_drawer(page, path="/books/"):
    page.goto(path)
    line(page).click()
    drawer(page).locator(".timeline").wait_for()


def focused(page):
    return page.evaluate(
        """() => {
            let focused = document.activeElement;
            while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
            return focused.dataset.view ?? focused.className;
        }"""
    )


def test_the_closed_line_says_what_the_page_cost(page):
    page.goto("/books/")
    expect(line(page)).to_contain_text("200")
    expect(line(page)).to_contain_text("GET catalog:book-list")
    expect(line(page)).to_contain_text("57 SQL")
    expect(line(page)).to_contain_text("N+1: 40 × catalog.Book.author")


def test_every_stage_opens_by_mouse(page):
    open_drawer(page)
    for stage in Stage:
        drawer(page).locator(f".rail [data-view={stage.value}]").click()
        section = drawer(page).locator(f"#{stage.value}")
        expect(section.locator(".about").first).to_be_visible()
    expect(drawer(page).locator(".view:visible")).to_have_count(1)


def test_everything_works_by_keyboard(page):
    page.goto("/books/")
    line(page).wait_for()
    page.keyboard.press("Control+Backquote")
    drawer(page).locator(".timeline").wait_for()
    assert focused(page) == "overview"
    page.keyboard.press("ArrowDown")
    assert focused(page) == "client"
    page.keyboard.press("End")
    assert focused(page) == "browser"
    page.keyboard.press("Escape")
    assert focused(page) == "overview"
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()
    assert focused(page) == "line"
    page.keyboard.press("Enter")
    expect(drawer(page)).to_be_visible()


def test_a_fetch_is_listed_and_shown_only_when_chosen(page):
    open_drawer(page, "/fetch/")
    button = drawer(page).locator("cycle-list > button")
    expect(button).to_contain_text("1 fetch")
    expect(drawer(page).locator(".head-path")).to_have_text("/books/?page=2&order=published")
    button.click()
    drawer(page).locator(".cycles button", has_text="/api/?q=1").click()
    expect(drawer(page).locator(".head-path")).to_have_text("/api/?q=1")


def test_a_failure_is_shown_first(page):
    open_drawer(page)
    drawer(page).locator(".rail [data-view=settings]").click()
    page.goto("/failed/")
    shown = drawer(page).locator("#overview .finding.severity-error")
    expect(shown).to_contain_text("FieldError")


def test_an_open_drawer_stays_open_and_takes_no_focus(page):
    open_drawer(page)
    page.reload()
    page.locator("input").focus()
    expect(drawer(page).locator(".timeline")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "INPUT"


def test_all_patterns_tried_come_into_the_place_of_the_link(page):
    open_drawer(page)
    drawer(page).locator(".rail [data-view=routing]").click()
    routing = drawer(page).locator("#routing")
    routing.locator("cycle-more a").click()
    part = routing.locator("cycle-more [data-part]")
    expect(part).to_contain_text("Patterns tried for /books/novels/")
    expect(part).to_contain_text("as they were recorded")
    expect(part.locator(".tried li")).to_have_count(3)
    expect(routing.locator("cycle-more a")).to_have_count(0)
    assert page.url.endswith("/books/")


def test_queries_come_in_groups_and_a_group_leads_to_its_queries(page):
    open_drawer(page)
    drawer(page).locator(".rail [data-view=database]").click()
    database = drawer(page).locator("#database")
    database.locator(".choices a", has_text="Table").click()
    group = database.locator(".groups tr", has_text="catalog_author")
    expect(group).to_contain_text("40 ×")
    group.locator("a").first.click()
    first = database.locator("[data-part] .queries tbody tr").first
    expect(first.locator(".figure").first).to_have_text("6")
    first.locator("summary").click()
    filled = first.locator(".filled cycle-copy")
    expect(filled.locator("button")).to_be_visible()
    assert str(filled.get_attribute("text")).endswith('"id" = 1 LIMIT 21')
    assert page.url.endswith("/books/")


def test_patterns_that_cannot_be_fetched_leave_the_link(page):
    open_drawer(page)
    drawer(page).locator(".rail [data-view=routing]").click()
    link = drawer(page).locator("#routing cycle-more a")
    page.route("**/patterns", lambda route: route.fulfill(status=503, body="no"))
    link.click()
    expect(drawer(page).locator("#routing cycle-more .problem")).to_contain_text("Try it again")
    page.unroute("**/patterns")
    link.click()
    expect(drawer(page).locator("#routing cycle-more [data-part]")).to_be_visible()


def test_without_the_script_the_patterns_are_a_page(browser, site):
    context = browser.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/__cycle__/{sample_site.RICH.id}/")
    page.locator("#routing cycle-more a").click()
    expect(page.locator("main .tried li")).to_have_count(3)
    page.get_by_text("Back to the cycle").click()
    expect(page).to_have_url(f"{site.address}/__cycle__/{sample_site.RICH.id}/#routing")
    context.close()


@pytest.mark.parametrize("path", ["/strict/", "/rough/"])
def test_neither_a_strict_policy_nor_rough_styles_matter(page, path):
    open_drawer(page, path)
    box = line(page).bounding_box() or drawer(page).bounding_box()
    assert box["width"] == 1280
    size = drawer(page).evaluate("element => getComputedStyle(element).fontSize")
    assert size == "13px"


def test_a_frame_has_no_panel_of_its_own(page):
    page.goto("/frame/")
    line(page).wait_for()
    page.wait_for_timeout(500)
    assert page.frames[1].locator("cycle-panel").count() == 0


def test_the_page_is_left_alone(page):
    page.goto("/books/")
    line(page).wait_for()
    assert page.evaluate("document.body.children.length") == 3
    assert page.evaluate("document.documentElement.lastElementChild.tagName") == "CYCLE-PANEL"
    page.emulate_media(media="print")
    expect(line(page)).to_be_hidden()


def test_the_browser_sends_its_timings(page, site):
    site.beacons.clear()
    page.goto("/books/")
    line(page).wait_for()
    page.wait_for_timeout(1500)
    [(cycle_id, facts, fetched)] = site.beacons
    assert fetched == ()
    assert cycle_id == sample_site.RICH.id
    assert 0 < facts["first_byte_ns"] <= facts["response_end_ns"] <= facts["load_ns"]
    assert facts["navigation_type"] == "navigate"


def test_hostile_text_is_text(page):
    open_drawer(page, "/hostile/")
    for stage in Stage:
        drawer(page).locator(f".rail [data-view={stage.value}]").click()
        expect(drawer(page).locator(f"#{stage.value}")).to_contain_text("<script>alert")
    assert drawer(page).locator("img, script").count() == 0


@pytest.mark.parametrize("path", ["/books/", f"/__cycle__/{sample_site.RICH.id}/#database"])
def test_nothing_sticks_out_of_a_narrow_screen(page, path):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(path)
    if path == "/books/":
        line(page).click()
        drawer(page).locator(".timeline").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    report = page.locator("cycle-report")
    wide = report.evaluate(
        "report => [...report.querySelectorAll('.views, table, pre')]"
        ".filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)"
        ".map(one => one.className)"
    )
    assert wide == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_of_cycles_stays_on_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    open_drawer(page, "/fetch/")
    drawer(page).locator("cycle-list > button").click()
    shown = drawer(page).locator(".cycle-popup")
    expect(shown.get_by_role("list", name="Cycles of this page").locator("button")).to_have_count(2)
    expect(shown.locator(".latest button").first).to_be_visible()
    box = shown.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] >= drawer(page).bounding_box()["y"]
    assert box["y"] + box["height"] <= 800


@pytest.mark.parametrize("view", ["overview", *(stage.value for stage in Stage)])
def test_no_view_sticks_out_of_a_narrow_screen(page, view):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/__cycle__/{sample_site.FAILED.id}/#{view}")
    expect(page.locator(f"#{view}")).to_be_visible()
    outside = page.locator(f"#{view}").evaluate(
        "view => [...view.querySelectorAll('*')]"
        ".filter(one => one.checkVisibility() && !one.closest('svg, .unseen'))"
        ".filter(one => one.getBoundingClientRect().right > 390)"
        ".map(one => `${one.tagName}.${one.className}`)"
    )
    assert outside == []


def test_a_report_can_be_read_without_scripts(browser, site):
    context = browser.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/__cycle__/{sample_site.RICH.id}/")
    for stage in Stage:
        expect(page.locator(f"#{stage.value} h2")).to_be_visible()
    context.close()


def test_the_address_of_a_page_names_its_stage(page):
    page.goto(f"/__cycle__/{sample_site.RICH.id}/#database")
    expect(page.locator("#database h2")).to_be_visible()
    page.locator(".rail [data-view=templates]").click()
    assert page.url.endswith("#templates")
