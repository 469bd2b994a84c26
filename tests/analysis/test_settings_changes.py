"""Two settings snapshots are told apart by what has changed between them."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis._settings_changes import compare

DATABASE = {"alias": "default", "engine": "sqlite3", "options": [["name", "a.db"]]}
BEFORE = {
    "module": "shop.settings",
    "python": "3.13.0",
    "django": "6.1.3",
    "apps": ["django.contrib.auth", "shop"],
    "versions": [["Django", "6.1.3"], ["psycopg", "3.2.3"]],
    "databases": [DATABASE],
    "caches": [{"alias": "default", "engine": "locmem", "options": []}],
    "differs": [["DEBUG", True], ["USE_TZ", None]],
}


def changes(**after: Any) -> list[tuple[Any, ...]]:
    """Return them as (what, name, before, after), "-" for what is not there."""
    return [
        (one["what"], one["name"], one.get("before", "-"), one.get("after", "-"))
        for one in compare(BEFORE, {**BEFORE, **after})
    ]


def test_the_same_settings_have_no_changes() -> None:
    assert changes() == []


@pytest.mark.parametrize(
    ("differs", "found"),
    [
        ([["DEBUG", False], ["USE_TZ", None]], [("setting", "DEBUG", True, False)]),
        ([["DEBUG", True]], [("setting", "USE_TZ", None, "-")]),
        ([*BEFORE["differs"], ["SITE_ID", None]], [("setting", "SITE_ID", "-", None)]),
        ([["USE_TZ", None], ["DEBUG", True]], []),
    ],
)
def test_settings_are_added_removed_and_changed(differs: Any, found: Any) -> None:
    assert changes(differs=differs) == found


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ({"module": "shop.live"}, ("settings module", "", "shop.settings", "shop.live")),
        ({"python": "3.13.1"}, ("Python", "", "3.13.0", "3.13.1")),
        ({"django": "6.1.4"}, ("Django", "", "6.1.3", "6.1.4")),
        ({"apps": ["django.contrib.auth"]}, ("app", "shop", "installed", "-")),
        ({"apps": [*BEFORE["apps"], "blog"]}, ("app", "blog", "-", "installed")),
        ({"apps": ["shop", "django.contrib.auth"]}, ("apps", "their order", "-", "-")),
        ({"versions": [["Django", "6.1.3"]]}, ("package", "psycopg", "3.2.3", "-")),
        (
            {"databases": [{**DATABASE, "engine": "postgresql"}]},
            ("database", "default", "sqlite3", "postgresql"),
        ),
        (
            {"databases": [{**DATABASE, "options": [["name", "b.db"]]}]},
            ("database", "default name", "a.db", "b.db"),
        ),
        ({"caches": []}, ("cache", "default", "locmem", "-")),
    ],
)
def test_whatever_else_differs_is_found(after: Any, found: Any) -> None:
    assert changes(**after) == [found]


def test_settings_come_before_packages() -> None:
    found = changes(versions=[], differs=[], django="7.0")

    assert [what for what, *_ in found] == ["setting", "setting", "Django", "package", "package"]


@pytest.mark.parametrize(
    "before", [{}, {"databases": [["default", "sqlite3"]], "differs": [7, []], "versions": None}]
)
def test_a_snapshot_of_another_shape_raises_nothing(before: Any) -> None:
    assert compare(before, BEFORE)
    assert compare(BEFORE, before)
