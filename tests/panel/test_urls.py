from __future__ import annotations

from typing import Any

import pytest
from django.urls import Resolver404, resolve

from cycle_inspector.panel import views

ID = "019aaa00-0000-7000-8000-000000000001"


def view_of(path: str) -> Any:
    return resolve(f"/__cycle__/{path}", "cycle_inspector.panel.urls")


@pytest.mark.parametrize(
    ("path", "view"),
    [
        ("", views.index),
        ("latest/", views.latest),
        ("latest.json", views.latest_document),
        ("cycles.json", views.cycles),
        (f"{ID}/", views.page),
        (f"{ID}.json", views.document),
        (f"{ID}/exports/har", views.export),
        (f"{ID}/compare/{ID}", views.compare),
        (f"{ID}/pin", views.pin),
        (f"{ID}/report", views.report),
        (f"{ID}/summary.json", views.summary),
        (f"{ID}/stages/database", views.stage),
        (f"{ID}/patterns", views.patterns),
        (f"{ID}/queries", views.queries),
        (f"{ID}/browser", views.browser),
        ("panel.js", views.asset),
        ("elements/cycle-panel.js", views.asset),
    ],
)
def test_every_address_leads_to_its_view(path: str, view: Any) -> None:
    assert view_of(path).func is view


@pytest.mark.parametrize("path", ["1/", f"{ID.upper()}/", "latest", f"{ID}/stages/a/b", "..%2f"])
def test_what_has_another_shape_is_at_most_the_name_of_a_file(path: str) -> None:
    assert view_of(path).func is views.asset


def test_nothing_beside_the_prefix_is_ours() -> None:
    with pytest.raises(Resolver404):
        resolve("/books/", "cycle_inspector.panel.urls")


def test_an_id_is_handed_over_as_such() -> None:
    assert str(view_of(f"{ID}/stages/view").kwargs["cycle_id"]) == ID
    assert view_of(f"{ID}/stages/view").kwargs["stage"] == "view"


@pytest.mark.parametrize("urlconf", ["no.such.module", "tests.urls"])
def test_the_projects_urlconf_does_not_matter(
    ask: Any, cycle: Any, settings: Any, urlconf: str
) -> None:
    settings.ROOT_URLCONF = urlconf

    assert ask(f"{cycle.id}/").status_code == 200
