"""The source of a template: files of the record below known roots alone, with what lines cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.panel import template_sources
from cycle_inspector.records import Cycle, TemplateLine
from tests.factories import make_cycle, make_query, make_render


@pytest.fixture
def page(tmp_path: Path, settings: Any) -> Path:
    settings.BASE_DIR = tmp_path / "project"
    settings.BASE_DIR.mkdir()
    path: Path = settings.BASE_DIR / "page.html"
    path.write_text("first\n<script>{{ books }}</script>\nlast")
    return path


def cycle_with(origin: object) -> Cycle:
    render = make_render(id=1, name="page.html", origin=str(origin))
    line = TemplateLine(name="page.html", line=2)
    queries = (make_query(id=2, template=line), make_query(id=3, template=None))
    return make_cycle(renders=(render,), queries=queries)


def test_queries_stand_beside_the_line_they_ran_from(page: Path) -> None:
    source = template_sources.of(cycle_with(page), 1)

    assert source is not None
    assert [len(line.queries) for line in source.lines] == [0, 1, 0]
    assert [line.duration_ns > 0 for line in source.lines] == [False, True, False]


def test_a_line_that_takes_long_is_marked_and_another_is_not(page: Path) -> None:
    cycle = cycle_with(page)

    def marked(duration: int) -> list[bool]:
        longer = make_render(id=1, name="page.html", origin=str(page), duration_ns=duration)
        whole = make_cycle(renders=(longer,), queries=cycle.queries)
        source = template_sources.of(whole, 1)
        assert source is not None
        return [line.is_slow for line in source.lines]

    took = cycle.queries[0].duration_ns
    assert marked(took * 2) == [False, True, False]
    assert marked(took * 100) == [False, False, False]


@pytest.mark.parametrize("way", ["outside", "dots", "link"])
def test_a_file_outside_of_the_roots_is_not_opened(page: Path, tmp_path: Path, way: str) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("secret")
    link = page.parent / "link.html"
    link.symlink_to(secret)
    origins = {"outside": secret, "dots": f"{page.parent}/../secret.html", "link": link}

    source = template_sources.of(cycle_with(origins[way]), 1)

    assert source is not None
    assert source.lines == ()
    assert "outside" in source.problem


def test_a_file_that_is_gone_is_said_to_be(page: Path) -> None:
    page.unlink()

    source = template_sources.of(cycle_with(page), 1)

    assert source is not None
    assert "cannot be read" in source.problem


@pytest.mark.parametrize(("origin", "render"), [("page.html", 1), ("", 1), ("/x.html", 9)])
def test_what_is_no_file_of_the_record_has_no_source(origin: str, render: int) -> None:
    assert template_sources.of(cycle_with(origin), render) is None


def test_the_page_of_a_source_is_text_and_leads_back(ask: Any, history: Any, page: Path) -> None:
    cycle = history.add(cycle_with(page))

    response = ask(f"{cycle.id}/templates/1")

    shown = response.content.decode()
    assert response.status_code == 200
    assert "&lt;script&gt;{{ books }}&lt;/script&gt;" in shown
    assert f'href="/__cycle__/{cycle.id}/#database"' in shown
    assert ask(f"{cycle.id}/templates/7").status_code == 404


def test_who_may_not_look_sees_no_source(ask: Any, history: Any, page: Path, settings: Any) -> None:
    cycle = history.add(cycle_with(page))
    settings.DEBUG = False

    assert ask(f"{cycle.id}/templates/1").status_code == 404
