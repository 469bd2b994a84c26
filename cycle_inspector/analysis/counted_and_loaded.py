"""CI106: a queryset was asked for its number, and then for its rows."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.analysis.whole_table import whole_tables
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI106",
    severity=Severity.INFO,
    title="A queryset was asked for its number, and then for its rows",
    django="topics/db/optimization/#don-t-overuse-count-and-exists",
)


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each queryset that was counted though its rows were loaded as well.

    If few of these rows were wanted, they need not be loaded: that is told as CI107.
    """
    told = whole_tables(cycle, thresholds)
    queries = queries_of(cycle)
    for one in cycle.stage(Stage.MODELS).facts.get("loads") or ():
        if not one.get("asked") or one.get("times") != 1 or one.get("for") or one.get("limited"):
            continue
        loaded = queries(one.get("queries"))
        asked = queries([at for _, at in one["asked"]])
        if not asked or not loaded or loaded[0].caller is None or loaded[0].id in told:
            continue
        what = one["asked"][0][0]
        cost_ns = sum(query.duration_ns for query in asked)
        yield CODE.about_queries(
            [*asked, *loaded],
            f"{what}() of a queryset of {one.get('model')} whose rows are loaded anyway",
            "Load the rows first: once a queryset holds them, "
            + ("bool() of it" if what == "exists" else "len() of it")
            + " asks the database nothing.",
            cost_ns=cost_ns,
            saved_ns=cost_ns,
        )


RULE = Rule(find, (CODE,))
