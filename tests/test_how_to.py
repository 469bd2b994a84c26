"""The pages on marks and collectors, true because their code is run here."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector import record
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
