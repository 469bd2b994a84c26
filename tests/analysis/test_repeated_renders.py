"""Templates rendered in a loop."""

from __future__ import annotations

from typing import Any

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.repeated_renders import find
from cycle_inspector.records import Finding, TemplateLine
from tests.factories import MS, make_cycle, make_render

LINE = TemplateLine(name="list.html", line=3)


def found(count: int, **given: Any) -> list[Finding]:
    values = {"name": "_book.html", "template": LINE, "duration_ns": MS, **given}
    renders = tuple(make_render(id=at, **values) for at in range(count))
    return list(find(make_cycle(renders=renders), Thresholds()))


def test_finds_a_template_in_a_loop() -> None:
    (finding,) = found(100)
    assert (finding.code, finding.count, finding.cost_ns) == ("CI301", 100, 100 * MS)
    assert finding.template == LINE
    assert finding.title == "_book.html was rendered 100 times"


def test_does_not_find_fewer_or_those_of_forms_and_of_python() -> None:
    assert found(99) == []
    assert found(200, how="folded") == []
    assert found(200, template=None) == []
