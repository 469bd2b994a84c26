"""The records: frozen, in order, and older than everything else."""

from __future__ import annotations

import dataclasses
import pickle
from copy import deepcopy
from typing import Any

import pytest

from cycle_inspector import records
from cycle_inspector.records import Severity, Stage, TemplateLine
from tests.factories import (
    make_cycle,
    make_event,
    make_finding,
    make_frame,
    make_query,
    make_render,
    make_span,
    make_stage,
)

RECORDS = [
    make_cycle(queries=(make_query(),)),
    make_event(),
    make_finding(),
    make_frame(),
    make_query(),
    make_render(),
    make_span(),
    make_stage(Stage.VIEW),
]


def asdict(record: Any) -> dict[str, Any]:
    is_tuple = isinstance(record, tuple)
    return record._asdict() if is_tuple else dataclasses.asdict(record)


def test_stages_are_eleven_in_the_order_of_a_request() -> None:
    assert [stage.value for stage in Stage] == [
        "client",
        "gateway",
        "settings",
        "middleware",
        "routing",
        "view",
        "models",
        "database",
        "templates",
        "response",
        "browser",
    ]


def test_severities_are_ranked_the_least_first() -> None:
    assert Severity.INFO.rank < Severity.WARNING.rank < Severity.ERROR.rank


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_cannot_be_changed(record: Any) -> None:
    name = next(iter(asdict(record)))
    with pytest.raises(AttributeError):  # FrozenInstanceError is one
        setattr(record, name, None)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_takes_no_other_attribute(record: Any) -> None:
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_can_be_pickled_copied_and_turned_into_a_dict(record: Any) -> None:
    assert pickle.loads(pickle.dumps(record)) == record  # noqa: S301
    assert deepcopy(record) == record
    assert asdict(record)


def test_caller_is_the_innermost_frame_of_the_project() -> None:
    library = make_frame(path="/site-packages/rest/serializers.py", is_project=False)
    inner, outer = make_frame(line=1), make_frame(line=2)
    assert make_query(frames=(library, inner, outer)).caller is inner


def test_query_without_a_frame_of_the_project_has_no_caller() -> None:
    assert make_query(frames=(make_frame(is_project=False),)).caller is None
    assert make_query(frames=()).caller is None


def test_stage_of_a_cycle_is_found_by_its_name() -> None:
    cycle = make_cycle(stages={Stage.VIEW: make_stage(Stage.VIEW, count=7)})
    assert cycle.stage(Stage.VIEW).count == 7
    assert all(cycle.stage(stage).stage is stage for stage in Stage)


def test_statements_leave_transactions_out() -> None:
    statement = make_query()
    cycle = make_cycle(queries=(make_query(is_transaction=True, sql="BEGIN"), statement))
    assert cycle.statements == (statement,)


def test_mark_of_a_secret_is_that_of_django() -> None:
    from django.views.debug import SafeExceptionReporterFilter

    of_django = SafeExceptionReporterFilter.cleansed_substitute
    assert of_django == records.HIDDEN


def test_caller_of_an_event_is_the_innermost_frame_of_the_project() -> None:
    library, own = make_frame(is_project=False), make_frame(line=3)
    assert make_event(frames=(library, own)).caller is own
    assert make_event(frames=(library,)).caller is None


def test_event_tells_the_line_of_its_template() -> None:
    told = make_event(attributes={"template": {"name": "a.html", "line": 7}})
    assert told.template == TemplateLine(name="a.html", line=7)
    assert make_event(attributes={"template": "a.html"}).template is None
    assert make_event().template is None
