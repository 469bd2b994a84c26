from __future__ import annotations

from cycle_inspector.panel import renders
from cycle_inspector.panel.layout import Axis
from cycle_inspector.records import TemplateLine
from tests.factories import MS, make_cycle, make_render
from tests.panel.sample import rich_cycle

LINE = TemplateLine(name="list.html", line=14)


def names(*given: object) -> list[tuple[str, int, int]]:
    found = renders.branches(make_cycle(renders=given))
    return [(one.first.name, one.depth, one.count) for one in found]


def test_the_same_include_in_a_loop_is_one_branch() -> None:
    found = renders.branches(rich_cycle())

    assert [(one.first.name, one.depth, one.count) for one in found] == [
        ("catalog/book_list.html", 0, 1),
        ("base.html", 1, 1),
        ("catalog/_book.html", 2, 40),
        ("django/forms/div.html", 2, 6),
    ]


def test_includes_of_one_template_from_two_lines_are_two_branches() -> None:
    root = make_render(id=1, parent=None, name="list.html")
    other = TemplateLine(name="list.html", line=20)
    inside = [
        make_render(id=at, parent=1, name="_book.html", template=line, start_ns=at)
        for at, line in enumerate((LINE, other, LINE), start=2)
    ]

    assert names(root, *inside) == [("list.html", 0, 1), ("_book.html", 1, 2), ("_book.html", 1, 1)]


def test_what_is_inside_alike_renders_is_gathered_too() -> None:
    rows = [make_render(id=at, parent=None, name="_row.html", start_ns=at) for at in (1, 2)]
    cells = [
        make_render(id=10 * at, parent=at, name="_cell.html", start_ns=at, template=LINE)
        for at in (1, 2)
    ]

    assert names(*rows, *cells) == [("_row.html", 0, 2), ("_cell.html", 1, 2)]


def test_parents_come_before_what_began_inside_them_and_after_what_began_first() -> None:
    first = make_render(id=1, parent=None, name="first", start_ns=0)
    second = make_render(id=2, parent=None, name="second", start_ns=5)
    inside = make_render(id=3, parent=1, name="inside", start_ns=1)

    assert names(second, inside, first) == [("first", 0, 1), ("inside", 1, 1), ("second", 0, 1)]


def test_a_template_with_a_lost_parent_is_a_root() -> None:
    assert names(make_render(parent=999)) == [("catalog/book_list.html", 0, 1)]


def test_the_times_of_a_branch_are_the_sums_of_its_renders() -> None:
    alike = [
        make_render(id=at, parent=None, own_ns=1 * MS, duration_ns=3 * MS, start_ns=at * 10 * MS)
        for at in (1, 2)
    ]

    [branch] = renders.branches(make_cycle(renders=alike))

    assert (branch.own_ns, branch.duration_ns) == (2 * MS, 6 * MS)
    assert len(branch.bars) == 2


def test_the_errors_of_a_branch_are_told_once_each() -> None:
    errors = ("KeyError: a", None, "KeyError: a", "KeyError: b")
    alike = [make_render(id=at, parent=None, error=one) for at, one in enumerate(errors)]

    [branch] = renders.branches(make_cycle(renders=alike))

    assert branch.errors == ("KeyError: a", "KeyError: b")


def test_bars_stand_over_the_time_of_the_templates_alone() -> None:
    render = make_render(start_ns=20 * MS, duration_ns=20 * MS)

    [branch] = renders.branches(make_cycle(renders=(render,)))

    assert [(one.x, one.width) for one in branch.bars] == [("0.000%", "100.000%")]


def test_bars_stand_over_the_whole_cycle_where_its_axis_is_given() -> None:
    render = make_render(start_ns=20 * MS, duration_ns=20 * MS)

    [branch] = renders.branches(make_cycle(renders=(render,)), Axis(80 * MS))

    assert [(one.x, one.width) for one in branch.bars] == [("25.000%", "25.000%")]


def test_without_templates_there_is_no_tree() -> None:
    assert renders.branches(make_cycle()) == []
