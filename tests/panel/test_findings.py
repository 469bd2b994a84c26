"""The findings in the overview: where, what to change, what to read."""

from __future__ import annotations

from dataclasses import replace

from cycle_inspector.panel import findings, pages
from tests.factories import make_cycle, make_finding, make_frame, make_query, make_render
from tests.panel.sample import failed_cycle, rich_cycle

URLS = pages.Urls(root="/__cycle__/", assets="/__cycle__/assets/")


def test_a_finding_leads_to_what_it_is_about() -> None:
    cycle = make_cycle(
        queries=(make_query(id=10),),
        renders=(make_render(id=30),),
        findings=(
            make_finding(evidence=(10,)),
            make_finding(evidence=(30,)),
            make_finding(evidence=()),
        ),
    )
    assert [one.stage for one in findings.lay_out(cycle)] == ["database", "templates", ""]


def test_the_line_to_be_changed_is_named_where_it_is_another() -> None:
    place = make_frame(line=7)
    same, other, unknown = findings.lay_out(
        make_cycle(
            findings=(
                make_finding(caller=place, mend=place),
                make_finding(caller=place, mend=make_frame(line=8)),
                make_finding(caller=place),
            )
        )
    )
    told = [one.is_mended_elsewhere for one in (same, other, unknown)]
    assert told == [False, True, False]


def test_a_code_of_the_project_has_no_page_of_django() -> None:
    ours, theirs = findings.lay_out(
        make_cycle(findings=(make_finding(code="CI101"), make_finding(code="SHOP1")))
    )
    assert str(ours.django_url).startswith("https://docs.djangoproject.com/en/stable/")
    assert theirs.django_url is None


def test_a_finding_leads_to_our_page_about_it() -> None:
    cycle = make_cycle(findings=(make_finding(code="CI101"), make_finding(code="SHOP1")))
    shown = pages.overview(cycle, URLS)
    assert '<a href="/__cycle__/assets/findings/CI101.html"' in shown
    assert ">CI101</a>" in shown
    assert "SHOP1</a>" not in shown


def test_the_overview_shows_the_change_and_what_it_saves() -> None:
    shown = pages.overview(rich_cycle(), URLS)
    assert '<span class="removed">-    books = Book.objects.all()' in shown
    assert "saves 30" in shown
    assert "To be changed:" in shown
    assert 'href="https://docs.djangoproject.com/en/stable/topics/db/' in shown
    assert "To be changed:" not in pages.overview(failed_cycle(), URLS)


def test_the_overview_says_what_is_silenced_and_what_failed() -> None:
    cycle = replace(rich_cycle(), silenced_count=2, failed_rules=("shop.rules.find",))
    shown = pages.overview(cycle, URLS)
    assert "2 more findings are silenced" in shown
    assert "The rule shop.rules.find failed" in shown
    plain = pages.overview(rich_cycle(), URLS)
    assert "silenced" not in plain
    assert "The rule" not in plain
