"""The work of the rules grows with a cycle, and no faster: counted, not timed.

Each query and event that a rule goes over is a step. Everything in these cycles is distinct: each
query has a statement, a line and a template of its own, and a load, a prefetch and a change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cycle_inspector.analysis import RULES, Rule, Thresholds, analyse
from cycle_inspector.records import Cycle, Stage, TemplateLine
from tests.factories import MS, make_cycle, make_event, make_frame, make_query, make_stage


class Counted(tuple[Any, ...]):
    """Records that count how many of them are gone over."""

    steps = 0

    def __iter__(self) -> Iterator[Any]:
        for one in super().__iter__():
            Counted.steps += 1
            yield one


PATH = "/srv/shop/views.py"
LOOP = ["def view(request):", "    for one in many:", *["        one.save()"] * 50]


TRANSACTION = ("BEGIN", 'SAVEPOINT "a"', "COMMIT")


def distinct(count: int) -> Cycle:
    """Return a cycle in which nothing is like anything else."""
    queries: list[Any] = []
    for at in range(count):
        given: dict[str, Any] = {
            "frames": (make_frame(path=PATH, line=at + 3, function="view"),),
            "template": TemplateLine(name=f"{at}.html", line=at),
        }
        statements = (*TRANSACTION, f"INSERT INTO t{at} VALUES (%s)", f"SELECT a FROM t{at}")
        for inner, sql in enumerate(statements):
            given |= {"id": at * 5 + inner, "start_ns": (at * 5 + inner) * MS}
            queries.append(make_query(sql=sql, is_transaction=sql in TRANSACTION, **given))
    kinds = ("mail", "http", "log", "cache", "warning", "signal", "caught", "task", "form")
    said = {"duration_ns": MS, "level": "ERROR", "state": "enqueued", "valid": False}
    events = [
        make_event(
            kind=kind,
            at_ns=(at * 5 + 1) * MS,
            frames=(make_frame(path=PATH, line=at + 3, function="view"),),
            attributes=said,
        )
        for at in range(count)
        for kind in kinds
    ]
    asked = [{"queries": [at * 5 + 4], "model": "shop.Book", "times": 1} for at in range(count)]
    loaded = {"rows": 500, "kind": "objects", "ways": ["iter"], "taken": 3}
    facts = {
        "loads": [{**one, **loaded, "asked": [["count", one["queries"][0]]]} for one in asked],
        "prefetches": [{**one, "used": False, "children": 3, "lookup": "tags"} for one in asked],
        "changes": [{**one, "what": "save", "times": 5, "query_ns": MS} for one in asked],
        "sources": [{"path": PATH, "first": 1, "lines": LOOP}],
    }
    return make_cycle(
        queries=Counted(queries),
        events=Counted(events),
        stages={Stage.MODELS: make_stage(Stage.MODELS, facts=facts)},
    )


def steps_of(rule: Rule, count: int) -> int:
    cycle = distinct(count)
    Counted.steps = 0
    list(rule.find(cycle, Thresholds()))
    return Counted.steps


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.split(".")[-2])
def test_a_rule_takes_ten_times_the_steps_for_ten_times_the_cycle(rule: Rule) -> None:
    assert steps_of(rule, 300) <= 11 * steps_of(rule, 30)


def test_what_is_distinct_is_found_by_many_rules() -> None:
    failed: list[str] = []
    codes = {one.code for one in analyse(distinct(30), Thresholds(), failed=failed)}
    assert failed == []
    assert codes >= {"CI104", "CI107", "CI111", "CI602", "CI604"}
