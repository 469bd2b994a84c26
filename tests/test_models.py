"""The row of a cycle, and what Django makes of the models."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cycle_inspector import codec
from cycle_inspector.models import (
    BrowserTiming,
    Cycle,
    Fetch,
    Redirect,
    SettingsSnapshot,
    cycle_row,
)
from cycle_inspector.records import Severity, Stage
from tests.factories import (
    MS,
    make_cycle,
    make_event,
    make_finding,
    make_query,
    make_render,
    make_stage,
)


def test_row_has_a_value_for_every_column() -> None:
    assert cycle_row(make_cycle()).keys() == {one.attname for one in Cycle._meta.concrete_fields}


def test_row_of_a_page() -> None:
    cycle = make_cycle(
        stages={
            Stage.ROUTING: make_stage(Stage.ROUTING, facts={"route": "books/"}),
            Stage.VIEW: make_stage(Stage.VIEW, facts={"name": "catalog.views.book_list"}),
        },
        request={"method": "GET", "path": "/books/", "host": "testserver", "user": "ada"},
        parent="019aaa00-0000-7000-8000-000000000009",
        cause="inside",
        settings="abc",
        queries=(
            make_query(id=1, is_transaction=True),
            make_query(id=2, duration_ns=2 * MS),
            make_query(id=3, duration_ns=3 * MS),
        ),
        renders=(make_render(), make_render(how="folded", count=4)),
        events=(make_event(kind="fault", name="OSError"), make_event(name="ValueError")),
    )
    row = cycle_row(cycle)
    document = row.pop("document")
    assert codec.decode(document) == cycle
    assert row == {
        "id": cycle.id,
        "started_at": cycle.started_at,
        "kind": "request",
        "method": "GET",
        "host": "testserver",
        "path": "/books/",
        "route": "books/",
        "view": "catalog.views.book_list",
        "status": 200,
        "duration_ns": 40 * MS,
        "query_count": 2,
        "query_ns": 5 * MS,
        "render_count": 5,
        "response_bytes": 1234,
        "user": "ada",
        "finding_codes": "",
        "severity": "",
        "exception": "ValueError",
        "pinned": False,
        "parent": "019aaa00-0000-7000-8000-000000000009",
        "settings_digest": "abc",
    }


def test_row_of_a_block_has_no_request() -> None:
    row = cycle_row(make_cycle(kind="block", request={}, response={}))
    assert (row["method"], row["path"], row["status"], row["response_bytes"]) == (
        "",
        "",
        None,
        None,
    )
    assert (row["parent"], row["settings_digest"], row["exception"]) == ("", "", "")


def test_codes_stand_between_commas_once_each_with_the_worst_severity() -> None:
    findings = (
        make_finding(code="CI101"),
        make_finding(code="CI001", severity=Severity.ERROR),
        make_finding(code="CI101"),
    )
    row = cycle_row(replace(make_cycle(), findings=findings))
    assert (row["finding_codes"], row["severity"]) == (",CI101,CI001,", "error")


def test_no_code_is_cut_in_two() -> None:
    findings = tuple(make_finding(code=f"CI{number:03}") for number in range(100))
    codes = cycle_row(replace(make_cycle(), findings=findings))["finding_codes"]
    assert len(codes) <= 255
    assert codes.startswith(",CI000,")
    assert all(len(code) == 5 for code in codes.strip(",").split(","))


def test_long_text_is_cut_to_its_column() -> None:
    row = cycle_row(make_cycle(request={"method": "M" * 99, "path": "/" * 9999, "user": "u" * 999}))
    assert [len(row[name]) for name in ("method", "path", "user")] == [16, 500, 255]


def test_text_that_no_database_takes_is_written_out() -> None:
    row = cycle_row(make_cycle(request={"path": "/\ud800\0İ/"}))
    assert row["path"] == "/\\ud800\\0İ/"


@pytest.mark.parametrize(
    ("use_tz", "expected"),
    [(True, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)), (False, datetime(2026, 1, 2, 4, 4, 5))],  # noqa: DTZ001 - naive is the point
)
def test_times_are_kept_as_the_project_keeps_times(
    settings: Any, use_tz: bool, expected: datetime
) -> None:
    settings.USE_TZ = use_tz
    settings.TIME_ZONE = "Europe/Berlin"
    started_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert cycle_row(make_cycle(started_at=started_at))["started_at"] == expected


def test_permissions_are_to_view_and_to_delete_cycles() -> None:
    assert Cycle._meta.default_permissions == ("view", "delete")
    for model in (BrowserTiming, Fetch, Redirect):
        assert model._meta.default_permissions == ()
    assert SettingsSnapshot._meta.default_permissions == ()


def test_rows_say_what_they_are() -> None:
    assert str(Cycle(id="a", method="GET", path="/books/", status=200)) == "GET /books/ 200"
    assert str(Cycle(id="a")) == "a"
    assert str(SettingsSnapshot(digest="abc")) == "abc"
    for model in (BrowserTiming, Fetch, Redirect):
        assert str(model(cycle_id="a")) == "a"
