"""The public JSON document: its names are a promise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cycle_inspector.codec import SCHEMA_VERSION
from cycle_inspector.exporters.json_document import export, in_milliseconds, milliseconds
from cycle_inspector.records import Cycle, Stage, TemplateLine
from tests.factories import (
    MS,
    make_cycle,
    make_event,
    make_finding,
    make_query,
    make_render,
    make_span,
    make_stage,
)


def full_cycle() -> Cycle:
    return make_cycle(
        parent="019aaa00-0000-7000-8000-000000000000",
        cause="inside",
        request={"method": "GET", "wait_ns": 1_500_000},
        stages={
            Stage.VIEW: make_stage(
                Stage.VIEW,
                start_ns=3 * MS,
                duration_ns=30 * MS,
                count=1,
                facts={"own_ns": 2 * MS, "deep": [{"inner_ns": 1}], "name": "book_list"},
            )
        },
        spans=(make_span(attributes={"out_ns": MS}),),
        queries=(make_query(relation="catalog.Book.author"), make_query(params={"id": 7})),
        renders=(make_render(template=TemplateLine(name="base.html", line=3)),),
        events=(make_event(attributes={"waited_ns": 2 * MS}),),
        findings=(make_finding(),),
        dropped={"queries": 3},
        settings="ab12",
    )


def keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_document_has_these_names() -> None:
    assert list(export(full_cycle())) == [
        "schema",
        "id",
        "parent",
        "cause",
        "kind",
        "started_at",
        "duration_ms",
        "request",
        "response",
        "stages",
        "spans",
        "queries",
        "groups",
        "renders",
        "events",
        "findings",
        "silenced_count",
        "failed_rules",
        "dropped",
        "settings",
    ]


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("stages", "name start_ms duration_ms count facts"),
        ("spans", "id parent stage name start_ms duration_ms thread attributes"),
        (
            "queries",
            "id parent sql params alias vendor start_ms duration_ms fetch_ms rows executions "
            "is_transaction frames template relation relation_kind error thread model method",
        ),
        (
            "renders",
            "id parent name origin how start_ms duration_ms own_ms count template error thread",
        ),
        ("events", "parent stage kind name at_ms frames attributes"),
        (
            "findings",
            "code severity title caller template count cost_ms evidence fix "
            "mend mend_template diff saved_ms model_field page django_url",
        ),
    ],
)
def test_parts_have_these_names(part: str, names: str) -> None:
    assert list(export(full_cycle())[part][0]) == names.split()


def test_a_finding_names_what_to_read_about_it_unless_it_is_of_a_rule_of_the_project() -> None:
    found = (make_finding(code="CI101"), make_finding(code="SHOP1"))

    ours, theirs = export(make_cycle(findings=found))["findings"]

    assert ours["page"] == "findings/CI101.html"
    assert ours["django_url"].startswith("https://docs.djangoproject.com/en/stable/")
    assert (theirs["page"], theirs["django_url"]) == (None, None)


def test_queries_are_grouped_by_what_they_share() -> None:
    same = (make_query(id=1), make_query(id=2), make_query(id=3, params=(8,)))

    groups = export(make_cycle(queries=same))["groups"]

    assert list(groups) == ["same", "shape", "table", "caller", "template"]
    assert [(one["queries"], one["count"]) for one in groups["same"]] == [([1, 2], 2)]
    assert [(one["queries"], one["duration_ms"]) for one in groups["shape"]] == [([1, 2, 3], 0.75)]
    assert [one["key"] for one in groups["table"]] == ["catalog_author"]
    assert [one["key"]["line"] for one in groups["caller"]] == [22]
    assert [one["key"] for one in groups["template"]] == [
        {"name": "catalog/book_list.html", "line": 14}
    ]


def test_frames_and_template_lines_have_these_names() -> None:
    query = export(full_cycle())["queries"][0]
    assert query["frames"] == [
        {
            "path": "/srv/shop/catalog/views.py",
            "line": 22,
            "function": "book_list",
            "is_project": True,
        }
    ]
    assert query["template"] == {"name": "catalog/book_list.html", "line": 14}
    assert (
        export(make_cycle(queries=(make_query(template=None),)))["queries"][0]["template"] is None
    )


def test_values_are_those_of_the_cycle() -> None:
    document = export(full_cycle())
    assert document["schema"] == SCHEMA_VERSION
    assert document["id"] == "019aaa00-0000-7000-8000-000000000001"
    assert document["cause"] == "inside"
    assert document["kind"] == "request"
    assert document["started_at"] == "2026-01-02T03:04:05.678901+00:00"
    assert document["duration_ms"] == 40.0
    assert document["response"]["status"] == 200
    assert document["dropped"] == {"queries": 3}
    assert document["settings"] == "ab12"
    assert document["spans"][0]["stage"] == "view"
    assert document["findings"][0]["severity"] == "warning"
    assert document["findings"][0]["evidence"] == [10, 11, 12]


def test_stages_are_the_eleven_in_order() -> None:
    names = [stage["name"] for stage in export(make_cycle())["stages"]]
    assert names == [stage.value for stage in Stage]
    assert len(names) == 11


def test_every_time_is_in_milliseconds() -> None:
    document = export(full_cycle())
    assert not {key for key in keys(document) if key.endswith("_ns")}
    view = document["stages"][list(Stage).index(Stage.VIEW)]
    assert (view["start_ms"], view["duration_ms"]) == (3.0, 30.0)
    assert view["facts"] == {"own_ms": 2.0, "deep": [{"inner_ms": 0.0}], "name": "book_list"}
    assert document["request"]["wait_ms"] == 1.5
    assert document["spans"][0]["attributes"] == {"out_ms": 1.0}
    assert document["events"][0]["attributes"] == {"waited_ms": 2.0}
    assert document["queries"][0]["duration_ms"] == 0.25
    assert document["findings"][0]["cost_ms"] == 5.0


def test_params_are_a_list_or_a_dict() -> None:
    first, second = export(full_cycle())["queries"]
    assert first["params"] == [7]
    assert second["params"] == {"id": 7}
    assert export(make_cycle(queries=(make_query(params=None),)))["queries"][0]["params"] is None


def test_document_is_json_all_the_way() -> None:
    document = export(full_cycle())
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_cycle_is_not_changed() -> None:
    cycle = full_cycle()
    export(cycle)["response"]["status"] = 500
    assert cycle == full_cycle()


@pytest.mark.parametrize(
    ("nanoseconds", "shown"),
    [(0, 0.0), (1, 0.0), (499, 0.0), (1_234, 0.001), (1_234_567, 1.235), (10**12, 1e6)],
)
def test_milliseconds_have_three_decimals(nanoseconds: int, shown: float) -> None:
    assert milliseconds(nanoseconds) == shown


def test_body_that_the_client_sent_is_left_as_it_is() -> None:
    assert in_milliseconds({"json": {"delay_ns": 5_000_000}, "own_ns": MS}) == {
        "json": {"delay_ns": 5_000_000},
        "own_ms": 1.0,
    }


def test_text_under_the_name_of_a_time_is_left_as_it_is() -> None:
    assert in_milliseconds({"zone_ns": "left", "empty_ns": None}) == {
        "zone_ns": "left",
        "empty_ns": None,
    }
