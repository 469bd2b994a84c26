from __future__ import annotations

import json

import pytest

from cycle_inspector.analysis.search import BadSearch
from cycle_inspector.history import reader
from cycle_inspector.history.trouble import HistoryUnavailable
from cycle_inspector.panel import listing
from tests.panel.sample import make_row

ROW = make_row(method="GET", path="/books/", status=200, duration_ns=84_000_000, query_count=45)


@pytest.fixture
def asked(monkeypatch):
    asked = []
    monkeypatch.setattr(reader, "find", lambda *given: asked.append(given) or [ROW])
    monkeypatch.setattr(reader, "rows_of", lambda ids: asked.append(ids) or [ROW])
    return asked


def test_a_row_of_the_list_says_what_the_panel_shows(asked):
    [shown] = listing.document({})["cycles"]
    assert shown == {
        "id": ROW.id,
        "started_at": ROW.started_at.isoformat(),
        "method": "GET",
        "path": "/books/",
        "status": 200,
        "duration_ms": 84.0,
        "query_count": 45,
        "severity": None,
    }


def test_words_are_searched_for_and_ids_are_looked_up(asked):
    listing.document({"search": "books 200"})
    listing.document({"ids": "a,b"})
    listing.document({"ids": ",".join("a" * 500)})
    assert asked[:2] == [("books 200", 50), ["a", "b"]]
    assert len(asked[2]) == 200


def test_the_list_is_sent_as_json(ask, asked):
    response = ask("cycles.json?search=books")
    assert json.loads(response.content)["cycles"][0]["path"] == "/books/"
    assert asked == [("books", 50)]


def test_a_history_in_trouble_says_so(ask, monkeypatch):
    def broken(*_):
        raise HistoryUnavailable("The disk is full.")

    monkeypatch.setattr(reader, "find", broken)
    response = ask("cycles.json")
    assert response.status_code == 503
    assert json.loads(response.content) == {"error": "The disk is full."}


def test_a_search_that_cannot_be_understood_says_why(monkeypatch):
    def bad(*_):
        raise BadSearch("time:x is no duration.")

    monkeypatch.setattr(reader, "find", bad)
    assert listing.document({"search": "time:x"}) == {
        "cycles": [],
        "error": "time:x is no duration.",
    }
