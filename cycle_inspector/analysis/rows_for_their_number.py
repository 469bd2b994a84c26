"""CI105: rows were loaded for their number alone."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI105",
    severity=Severity.WARNING,
    title="Rows were loaded for their number alone",
    django="topics/db/optimization/#don-t-overuse-count-and-exists",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each queryset that was loaded to be counted, or to see if it is empty.

    What Django loads for a purpose of its own, as to delete it, is left out, and so are slices.
    """
    queries_by = queries_of(cycle)
    for one in cycle.stage(Stage.MODELS).facts.get("loads") or ():
        ways, rows = set(one.get("ways") or ()), one.get("rows") or 0
        is_unread = one.get("taken") == 0 and rows >= max(thresholds.unread_rows, 1)
        if not is_unread or not ways or not ways <= {"len", "bool"}:
            continue
        is_left_out = one.get("for") or one.get("limited")
        queries = [] if is_left_out else queries_by(one.get("queries"))
        if queries and queries[0].caller is not None:
            asks = "exists()" if ways == {"bool"} else "count()"
            cost_ns = sum(query.duration_ns for query in queries)
            yield CODE.about_queries(
                queries,
                f"{rows} rows of {one.get('model')} were loaded, and only their number was asked "
                "for",
                f"Ask the database instead: .{asks} on the queryset.",
                cost_ns=cost_ns,
                saved_ns=cost_ns,
            )


RULE = Rule(find, (CODE,))
