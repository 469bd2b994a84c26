"""The pages on marks and collectors, true because their code is run here."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from cycle_inspector import checks, finding_checks, history, record
from cycle_inspector.records import HIDDEN, Cycle, is_mark

HOW_TO = Path(__file__).resolve().parent.parent / "docs/how-to"


def blocks(name: str) -> list[str]:
    """Return the Python of a page, block by block."""
    text = (HOW_TO / name).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)


def marked(cycle: Cycle) -> dict[str, Any]:
    """Return what was given to each mark, by its name."""
    both = (*cycle.spans, *cycle.events)
    return {one.name: one.attributes.get("given") for one in both if is_mark(one)}


# Mark your own work


def test_work_is_marked_as_the_page_shows(caplog: pytest.LogCaptureFixture) -> None:
    first, decorated, _ = blocks("mark-your-own-work.md")
    place: dict[str, Any] = {"asyncio": asyncio, "charge": lambda total: f"R-{total}"}
    exec(first + decorated, place)  # noqa: S102 - our own page

    with record() as recording:
        place["pay"]({"id": 7, "card": "4111", "total": 12})
        assert place["search"](["ada"]) == ["Ada"]
        assert asyncio.run(place["fetch_prices"]()) == {"EUR": 1.17}

    assert marked(recording.cycle) == {
        "charge": {"order": 7, "card_number": HIDDEN},
        "paid": {"amount": 12, "receipt": "R-12"},
        "search": None,
        "fetch prices": None,
        "wait": None,
    }


def test_the_id_of_the_cycle_is_logged_as_the_page_shows(caplog: pytest.LogCaptureFixture) -> None:
    *_, logged = blocks("mark-your-own-work.md")

    with caplog.at_level(logging.INFO), record() as recording:
        exec(logged, {"logger": logging.getLogger("shop")})  # noqa: S102

    assert caplog.messages == [f"paid, see cycle {recording.cycle.id}"]


# Write a collector


class Client:
    """A payment client, as the page presumes one."""

    def charge(self, amount: int, **options: Any) -> str:
        return f"R-{amount}"


@pytest.fixture
def page_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the client and the page's collector where its imports and settings look for them."""
    source, _ = blocks("write-a-collector.md")
    payments, shop, inspected = (ModuleType(name) for name in ("payments", "shop", "shop.inspect"))
    payments.Client = Client
    shop.inspect = inspected
    for module in (payments, shop, inspected):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, "/srv/shop/inspect.py", "exec"), inspected.__dict__)  # noqa: S102


@pytest.mark.usefixtures("page_modules")
def test_the_collector_of_the_page_marks_each_charge() -> None:
    _, configured = blocks("write-a-collector.md")
    place: dict[str, Any] = {}
    exec(configured, place)  # noqa: S102
    original = Client.charge

    with override_settings(**place_settings(place)):
        assert checks.check_settings() == []
        with record() as recording:
            assert Client().charge(12, card_number="4111") == "R-12"
    assert Client.charge is original

    assert marked(recording.cycle) == {
        "charge": {"amount": 12, "card_number": HIDDEN},
        "charged": {"receipt": "R-12"},
    }
    (span,) = recording.cycle.spans
    assert span.attributes["caller"]["path"] == __file__


def place_settings(place: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in place.items() if name.isupper()}


def test_the_collector_of_the_page_has_twenty_lines() -> None:
    source, _ = blocks("write-a-collector.md")

    assert len([line for line in source.splitlines() if line]) <= 20


# Write a rule


@pytest.mark.django_db
def test_the_rule_of_the_page_finds_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    source, configured = blocks("write-a-rule.md")
    shop, rules = ModuleType("shop"), ModuleType("shop.rules")
    shop.rules = rules
    for module in (shop, rules):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(source, rules.__dict__)  # noqa: S102
    place: dict[str, Any] = {}
    exec(configured, place)  # noqa: S102

    with override_settings(**place_settings(place)):
        assert finding_checks.check_findings() == []
        history.added_rules.cache_clear()
        with record() as recording, connection.cursor() as cursor:
            cursor.execute("SELECT * FROM (SELECT 1) AS one")
            cursor.execute("SELECT 1")
    history.added_rules.cache_clear()

    assert [one.code for one in recording.cycle.findings] == ["SHOP1"]
    assert recording.cycle.failed_rules == ()
