"""What renders have written is compared by its hash, and never kept."""

from __future__ import annotations

from typing import Any

from django.template import Context, Engine

from cycle_inspector import record
from cycle_inspector.records import Stage

PART = "{{ row }}"


class Loud(str):
    """A text of the project's whose own hash must not be asked for."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise AssertionError("asked")


def same(page: str, **names: Any) -> Any:
    engine = Engine(loaders=[("django.template.loaders.locmem.Loader", {"part.html": PART})])
    template = engine.from_string(page)
    with record() as recording:
        template.render(Context(names))
    assert recording.cycle.dropped == {}
    return recording.cycle.stage(Stage.TEMPLATES).facts.get("same")


LOOP = '{% for row in rows %}{% include "part.html" %}{% endfor %}'


def test_each_text_that_was_written_three_times_is_told() -> None:
    (one,) = same(LOOP, rows="aabaa")

    assert one["count"] == 4
    assert len(one["renders"]) == 4
    assert one["repeated_ns"] > 0


def test_what_was_written_twice_or_otherwise_is_not() -> None:
    assert same(LOOP, rows="aabbc") is None


def test_a_page_that_nobody_includes_is_not() -> None:
    assert same("{{ rows }}", rows="a") is None


def test_the_ids_of_a_hundred_are_kept() -> None:
    (one,) = same(LOOP, rows="a" * 150)

    assert (one["count"], len(one["renders"])) == (150, 100)


def test_the_projects_own_hash_is_not_asked_for() -> None:
    (one,) = same(LOOP, rows=[Loud("a")] * 3)

    assert one["count"] == 3
