"""How much of a list is used, as the source of its function says."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis._lists import part_of
from cycle_inspector.analysis._sources import Sources
from tests.factories import make_frame

PATH = "/srv/shop/views.py"


def part(*lines: str, line: int = 2) -> int | None:
    """Return the part of the list that the first line of a function makes."""
    source = ["def view(request):", *(f"    {one}" for one in lines)]
    sources = Sources([{"path": PATH, "first": 1, "lines": source}])
    return part_of(make_frame(path=PATH, line=line, function="view"), sources)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("return list(books)[:20]",), 20),
        (("return list(books)[0]",), 1),
        (("return get_list_or_404(Book)[:5]",), 5),
        (("shown = list(books)", "return shown[:20]"), 20),
        (("return Paginator(list(books), 20).get_page(1)",), 20),
        (("paginator = Paginator(list(books), 20)", "return paginator.page(1)"), 20),
    ],
)
def test_a_part_is_told(lines: tuple[str, ...], expected: int) -> None:
    assert part(*lines) == expected


@pytest.mark.parametrize(
    "lines",
    [
        ("return list(books)",),
        ("return list(books)[20:]",),
        ("return list(books)[:-20]",),
        ("return list(books)[::2]",),
        ("return list(books)[:count]",),
        ("return list(books)[:0]",),
        ("shown = list(books)", "return shown[:20], shown[20:]"),
        ("shown = list(books)", "shown = sorted(shown)[:20]"),
        ("shown = other = list(books)", "return shown[:20]"),
        ("shown[0] = list(books)", "return shown[:20]"),
        ("shown = list(books)",),
        ("return Paginator(list(books), size).get_page(1)",),
        ("return Paginator(list(books)).get_page(1)",),
        ("return Paginator(books, list(sizes)).get_page(1)",),
        ("return Paginator(list(books), 20)",),
        ("pages = Paginator(list(books), 20)", "return pages.page(1), pages.page(2)"),
        ("pages = Paginator(list(books), 20)", "return pages.page(1), pages.page_range"),
        ("return list(books)[:20], list(others)[:20]",),
        ("return sorted(list(books))[:20]",),
        ("return books[:20]",),
    ],
)
def test_what_is_not_certain_is_not_told(lines: tuple[str, ...]) -> None:
    assert part(*lines) is None


def test_nothing_is_told_of_code_that_is_not_known() -> None:
    assert part("return (", line=2) is None
    assert part_of(make_frame(path=PATH, line=2, function="view"), Sources(())) is None
    assert part("return list(books)[:20]", line=1) is None
