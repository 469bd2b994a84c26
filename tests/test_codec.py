"""The codec: what goes in comes out, whatever it is made of, and damage is told as such."""

from __future__ import annotations

import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cycle_inspector import codec
from cycle_inspector.records import (
    Cycle,
    Event,
    Frame,
    Query,
    Render,
    Span,
    Stage,
    StageSummary,
    TemplateLine,
)
from tests.factories import (
    make_cycle,
    make_event,
    make_finding,
    make_frame,
    make_query,
    make_render,
    make_span,
    make_stage,
    with_repeated_queries,
)

# With lone surrogates and NUL: whatever is captured must be kept.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
COUNTS = st.integers(0, 2**63)
IDS = st.integers(1, 10**6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=12,
)
FACTS = st.dictionaries(TEXTS, JSON, max_size=3)
STAGES = st.sampled_from(Stage)
FRAMES = st.lists(
    st.builds(Frame, path=TEXTS, line=COUNTS, function=TEXTS, is_project=st.booleans()), max_size=3
).map(tuple)
LINES = st.none() | st.builds(TemplateLine, name=TEXTS, line=COUNTS)
SPANS = st.builds(
    Span,
    id=IDS,
    parent=st.none() | IDS,
    stage=STAGES,
    name=TEXTS,
    start_ns=COUNTS,
    duration_ns=COUNTS,
    thread=TEXTS,
    attributes=FACTS,
)
QUERIES = st.builds(
    Query,
    id=IDS,
    parent=st.none() | IDS,
    sql=TEXTS,
    params=st.none() | st.lists(JSON, max_size=3).map(tuple) | FACTS,
    alias=TEXTS,
    vendor=TEXTS,
    start_ns=COUNTS,
    duration_ns=COUNTS,
    fetch_ns=COUNTS,
    rows=st.none() | COUNTS,
    executions=COUNTS,
    is_transaction=st.booleans(),
    frames=FRAMES,
    template=LINES,
    relation=st.none() | TEXTS,
    error=st.none() | TEXTS,
    thread=TEXTS,
)
RENDERS = st.builds(
    Render,
    id=IDS,
    parent=st.none() | IDS,
    name=TEXTS,
    origin=TEXTS,
    how=st.sampled_from(["template", "extends", "partial", "folded"]),
    start_ns=COUNTS,
    duration_ns=COUNTS,
    own_ns=COUNTS,
    count=COUNTS,
    template=LINES,
    error=st.none() | TEXTS,
    thread=TEXTS,
)
EVENTS = st.builds(
    Event,
    parent=st.none() | IDS,
    stage=STAGES,
    kind=TEXTS,
    name=TEXTS,
    at_ns=COUNTS,
    frames=FRAMES,
    attributes=FACTS,
)
SUMMARIES = st.tuples(
    *(
        st.builds(
            StageSummary,
            stage=st.just(stage),
            start_ns=COUNTS,
            duration_ns=COUNTS,
            count=COUNTS,
            facts=FACTS,
        )
        for stage in Stage
    )
)
CYCLES = st.builds(
    Cycle,
    id=TEXTS,
    parent=st.none() | TEXTS,
    cause=st.none() | TEXTS,
    kind=st.sampled_from(["request", "block"]),
    started_at=st.datetimes(timezones=st.just(UTC)),
    duration_ns=COUNTS,
    request=FACTS,
    response=FACTS,
    stages=SUMMARIES,
    spans=st.lists(SPANS, max_size=2).map(tuple),
    queries=st.lists(QUERIES, max_size=3).map(tuple),
    renders=st.lists(RENDERS, max_size=2).map(tuple),
    events=st.lists(EVENTS, max_size=2).map(tuple),
    dropped=st.dictionaries(TEXTS, COUNTS, max_size=2),
    settings=st.none() | TEXTS,
)


def stored(cycle: Cycle) -> Any:
    return json.loads(zlib.decompress(codec.encode(cycle)))


def damaged(**changes: Any) -> bytes:
    document = {**stored(make_cycle(queries=(make_query(),))), **changes}
    return zlib.compress(json.dumps(document).encode())


@settings(deadline=None, max_examples=60, database=None)
@given(CYCLES)
def test_cycle_comes_back_as_it_was(cycle: Cycle) -> None:
    assert codec.decode(codec.encode(cycle)) == cycle


def test_every_field_of_every_record_comes_back() -> None:
    cycle = make_cycle(
        parent="019aaa00-0000-7000-8000-000000000000",
        cause="inside",
        stages={Stage.ROUTING: make_stage(Stage.ROUTING, start_ns=1, count=2, facts={"a": [1]})},
        spans=(make_span(attributes={"hops": 2}),),
        queries=(
            make_query(relation="catalog.Book.author", error="no", rows=None),
            make_query(params=None),
            make_query(params={"id": 7}, frames=()),
        ),
        renders=(make_render(template=TemplateLine(name="base.html", line=3), error="no"),),
        events=(make_event(),),
        dropped={"queries": 3},
        settings="ab12",
    )
    assert codec.decode(codec.encode(cycle)) == cycle


def test_types_come_back_too() -> None:
    cycle = codec.decode(
        codec.encode(
            make_cycle(queries=(make_query(),), spans=(make_span(),), events=(make_event(),))
        )
    )
    assert isinstance(cycle.queries[0].params, tuple)
    assert isinstance(cycle.queries[0].is_transaction, bool)
    assert isinstance(cycle.queries[0].frames[0].is_project, bool)
    assert cycle.spans[0].stage is Stage.VIEW
    assert cycle.events[0].stage is Stage.VIEW
    assert cycle.stages[0].stage is Stage.CLIENT


def test_deep_facts_come_back() -> None:
    deep: Any = "bottom"
    for _ in range(300):
        deep = {"in": [deep]}
    cycle = make_cycle(request={"deep": deep})
    assert codec.decode(codec.encode(cycle)) == cycle


def test_time_zone_of_the_start_comes_back() -> None:
    east = timezone(timedelta(hours=5, minutes=45))
    cycle = make_cycle(started_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=east))
    assert codec.decode(codec.encode(cycle)).started_at.utcoffset() == east.utcoffset(None)


def test_findings_are_not_kept() -> None:
    cycle = make_cycle()
    assert codec.decode(codec.encode(replace(cycle, findings=(make_finding(),)))) == cycle


def test_statements_frames_and_stacks_that_repeat_are_kept_once() -> None:
    frames = (make_frame(), make_frame(line=5))
    cycle = with_repeated_queries(make_cycle(), 50, frames=frames)
    cycle = with_repeated_queries(cycle, 50, frames=(*frames[:1], *frames[1:]))
    document = stored(cycle)
    assert len(document["statements"]) == 1
    assert document["stacks"] == [[0, 1]]
    assert len(document["frames"]) == 2


def test_a_value_that_all_queries_share_is_kept_once() -> None:
    columns = stored(with_repeated_queries(make_cycle(), 50))["queries"]
    assert ["default", 50] in columns


def test_parameters_that_are_equal_and_not_the_same_are_kept_apart() -> None:
    queries = tuple(make_query(id=at, params=(one,)) for at, one in enumerate((1, True, 1.0)))
    kept = codec.decode(codec.encode(make_cycle(queries=queries))).queries
    assert [type(query.params[0]) for query in kept] == [int, bool, float]


def test_decoded_queries_share_their_stack() -> None:
    cycle = codec.decode(codec.encode(with_repeated_queries(make_cycle(), 2)))
    assert cycle.queries[0].frames is cycle.queries[1].frames


def test_document_is_small() -> None:
    frames = tuple(make_frame(line=line) for line in range(12))
    assert len(codec.encode(with_repeated_queries(make_cycle(), 1_000, frames=frames))) < 30_000


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"no zlib",
        codec.encode(make_cycle())[:-9],
        zlib.compress(b"no json"),
        zlib.compress(b"\xff"),
        zlib.compress(b"[" * 100_000),
        damaged(queries=[[0, 1]]),
        damaged(queries=[[9, 1]] * 18),
        damaged(queries=7),
        damaged(stacks=[[7]]),
        damaged(stages=[["no such stage", 0, 0, 0, {}]]),
        damaged(cycle=["too short"]),
        damaged(started_at="yesterday"),
        damaged(frames=None),
    ],
)
def test_damaged_document_is_told_as_such(document: bytes) -> None:
    with pytest.raises(codec.UnreadableCycle, match="damaged"):
        codec.decode(document)


@pytest.mark.parametrize("content", ['{"schema": 99}', "{}", "[]", "null", '{"schema": null}'])
def test_document_of_another_schema_is_told_as_such(content: str) -> None:
    with pytest.raises(codec.UnreadableCycle, match=f"reads schema {codec.SCHEMA_VERSION}"):
        codec.decode(zlib.compress(content.encode()))
