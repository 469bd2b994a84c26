"""CI108: much text came from the database, and little of it can be in the response."""

from __future__ import annotations

from collections.abc import Iterable

from cycle_inspector.analysis._queries import queries_of
from cycle_inspector.analysis._rules import Code, Rule
from cycle_inspector.analysis._thresholds import Thresholds
from cycle_inspector.records import Cycle, Finding, Severity, Stage

CODE = Code(
    code="CI108",
    severity=Severity.INFO,
    title="Wide columns were loaded, and little of them can be in the response",
    django="ref/models/querysets/#defer",
)

# Of what was loaded, the response could hold so little at most: what is cut or compressed counts.
_SHARE = 20


def find(cycle: Cycle, thresholds: Thresholds) -> Iterable[Finding]:
    """Yield a finding for each place that loads far more text than the response has bytes.

    Whether the view worked with the text cannot be seen, so this is said with care, and of a
    response that is a success alone. One that nobody waited for has no size.
    """
    size = cycle.response.get("size_bytes")
    if not isinstance(size, int) or cycle.response.get("status") != 200:
        return
    limit = max(thresholds.wide_kb, 1) * 1024
    queries_by = queries_of(cycle)
    for one in cycle.stage(Stage.MODELS).facts.get("loads") or ():
        wide: dict[str, int] = one.get("wide") or {}
        loaded = sum(wide.values())
        if loaded < limit or loaded < size * _SHARE or one.get("for"):
            continue
        queries = queries_by(one.get("queries"))
        if queries and queries[0].caller is not None:
            names = sorted(wide, key=lambda name: -wide[name])
            asked = ", ".join(f'"{name}"' for name in names)
            yield CODE.about_queries(
                queries,
                f"{one.get('rows')} rows of {one.get('model')} brought about {_kb(loaded)} in "
                f"{' and '.join(names)}, for a response of {_kb(size)}",
                f"If the page shows nothing of it, leave it in the database: .defer({asked}), or "
                ".only() with the fields that are shown. Where the view works with it, nothing is "
                "to be done.",
                cost_ns=sum(query.duration_ns for query in queries),
            )


def _kb(count: int) -> str:
    return f"{count / 1024:.0f} KB" if count < 1024**2 else f"{count / 1024**2:.1f} MB"


RULE = Rule(find, (CODE,))
