"""What each database says about a plan, read into one kind of tree."""

from __future__ import annotations

from cycle_inspector.explain import plans
from cycle_inspector.explain.plans import Plan


def test_the_rows_of_sqlite_become_a_tree() -> None:
    steps = plans.of_sqlite(
        [
            (3, 0, 0, "CO-ROUTINE sub"),
            (5, 3, 0, "SCAN shelf_book"),
            (9, 0, 0, "SEARCH a USING INTEGER PRIMARY KEY (rowid=?)"),
            (11, 0, 0, "SCAN c USING COVERING INDEX c_title"),
            (12, 0, 0, "SCAN CONSTANT ROW"),
        ]
    )

    assert [one.label for one in steps] == [
        "CO-ROUTINE sub",
        "SEARCH a",
        "SCAN c",
        "SCAN CONSTANT",
    ]
    assert steps[0].children[0].table == "shelf_book"
    plan = Plan(alias="default", vendor="sqlite", steps=steps)
    assert [one.table for one in plan.walk() if one.is_full_scan] == ["shelf_book"]


def test_the_document_of_postgresql_becomes_a_tree() -> None:
    inner = {"Node Type": "Seq Scan", "Relation Name": "book", "Plan Rows": 8, "Total Cost": 1.5}
    measured = {"Actual Rows": 3, "Actual Total Time": 0.5, "Actual Loops": 2}
    (step,) = plans.of_postgresql(
        [{"Plan": {"Node Type": "Sort", "Sort Key": ["a", "b"], "Plans": [{**inner, **measured}]}}]
    )

    assert (step.label, step.detail, step.is_full_scan) == ("Sort", "Sort Key: a, b", False)
    (scan,) = step.children
    assert (scan.label, scan.table, scan.rows, scan.cost) == ("Seq Scan on book", "book", 8, 1.5)
    assert (scan.actual_rows, scan.actual_ms, scan.is_full_scan) == (6, 1.0, True)


def test_the_document_of_mariadb_becomes_a_tree() -> None:
    table = {"table_name": "book", "access_type": "ALL", "rows": 3, "cost": 0.01}
    found = {"table_name": "author", "access_type": "eq_ref", "key": "PRIMARY"}
    (step,) = plans.of_mysql(
        {"query_block": {"select_id": 1, "nested_loop": [{"table": table}, {"table": found}]}}
    )

    assert step.label == "query block"
    full, other = step.children[0].children
    assert (full.label, full.table, full.rows, full.cost) == ("table book", "book", 3, 0.01)
    assert (full.is_full_scan, other.is_full_scan) == (True, False)
    assert other.detail == "access type: eq_ref; key: PRIMARY"


def test_the_costs_of_mysql_are_texts_and_a_derived_table_is_none() -> None:
    table = {
        "table_name": "<derived2>",
        "access_type": "ALL",
        "rows_examined_per_scan": 3,
        "cost_info": {"prefix_cost": "0.55"},
    }
    (step,) = plans.of_mysql({"query_block": {"table": table}})

    (derived,) = step.children
    assert (derived.table, derived.is_full_scan) == (None, False)
    assert (derived.rows, derived.cost, derived.children) == (3, 0.55, ())


def test_the_rows_of_a_plain_explain_become_steps() -> None:
    row = {"table": "book", "type": "ALL", "key": None, "rows": "3", "Extra": "Using where"}
    (step,) = plans.of_mysql_rows([row])

    assert (step.table, step.rows, step.is_full_scan) == ("book", 3, True)
    assert step.detail == "message: Using where; access type: ALL; key: none"
