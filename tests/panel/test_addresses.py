from __future__ import annotations

import pytest

from cycle_inspector.panel.addresses import Urls
from cycle_inspector.records import Stage

ROOT = Urls(root="/shop/__cycle__/", assets="/shop/__cycle__/")
ADMIN = Urls(
    assets="/admin/assets/",
    cycle=lambda cycle_id: f"/admin/{cycle_id}/change/",
    exports=lambda cycle_id: f"/admin/{cycle_id}/exports/",
)
NOWHERE = Urls(assets="/static/")


def test_addresses_of_the_panel_stand_below_its_root() -> None:
    assert ROOT.page("a") == ROOT.link("a") == "/shop/__cycle__/a/"
    assert ROOT.stage("a", Stage.VIEW) == "/shop/__cycle__/a/stages/view"
    assert ROOT.events("a") == "/shop/__cycle__/a/events"
    assert ROOT.comparison("a", "b") == "/shop/__cycle__/a/compare/b"
    assert ROOT.pin("a") == "/shop/__cycle__/a/pin"


@pytest.mark.parametrize(
    ("urls", "name", "address"),
    [
        (ROOT, "json", "/shop/__cycle__/a.json"),
        (ROOT, "har", "/shop/__cycle__/a/exports/har"),
        (ADMIN, "json", "/admin/a/exports/json"),
        (ADMIN, "har", "/admin/a/exports/har"),
        (NOWHERE, "har", None),
    ],
)
def test_exports_stand_where_they_are_served(urls: Urls, name: str, address: str | None) -> None:
    assert urls.export("a", name) == address


def test_what_is_served_nowhere_has_no_address() -> None:
    assert ADMIN.link("a") == "/admin/a/change/"
    assert ADMIN.pin("a") is None
    assert ADMIN.comparison("a", "b") is None
    assert NOWHERE.link("a") is None
