"""Changes of a line of source: where the calls go, and where there is none."""

from __future__ import annotations

import pytest

from cycle_inspector.analysis._edits import Needs, diff_of
from cycle_inspector.analysis._querysets import Wanted, at_line, in_class
from cycle_inspector.analysis._sources import Block

AUTHOR = Needs(select=("author",))
GENRES = Needs(prefetch=("genres",))
WANTED = Wanted(frozenset({"Book"}))


def change(line: str, needs: Needs = AUTHOR, objects: str | None = "objects") -> str | None:
    """Return the changed line, or None."""
    block = Block("/views.py", 7, ("def view():", *(f"    {one}" for one in line.split("\n"))))
    queryset = at_line(block, 8, "view", WANTED, None)
    assert queryset is not None
    diff = diff_of(queryset, needs, objects)
    if diff is None:
        return None
    return "\n".join(one[5:] for one in diff.split("\n")[3:] if one[0] == "+")


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("list(Book.objects.all())", 'list(Book.objects.all().select_related("author"))'),
        (
            "list(Book.objects.filter(a=1)[:5])",
            'list(Book.objects.filter(a=1).select_related("author")[:5])',
        ),
        (
            "list(Book.objects.iterator())",
            'list(Book.objects.select_related("author").iterator())',
        ),
        (
            "list(Book.objects.filter(a=1).published())",
            'list(Book.objects.filter(a=1).select_related("author").published())',
        ),
        (
            'list(Book.objects.select_related("shop").all())',
            'list(Book.objects.select_related("shop", "author").all())',
        ),
        (
            "get_list_or_404(Book, a=1)",
            'get_list_or_404(Book.objects.select_related("author"), a=1)',
        ),
        (
            'list(Book.objects.only("title", "author"))',
            'list(Book.objects.only("title", "author").select_related("author"))',
        ),
        ('show("é", Book.objects.all())', 'show("é", Book.objects.all().select_related("author"))'),
    ],
)
def test_the_call_goes_where_it_works(line: str, changed: str) -> None:
    assert change(line) == changed


@pytest.mark.parametrize(
    "line",
    [
        "list(Book.objects.published())",  # may be anything
        "list(Book.objects.newest()[:5])",
        'list(Book.objects.only("title"))',  # a field cannot be deferred and joined
        'list(Book.objects.defer("author"))',
        "list(Book.objects.only(*names))",
        "list(Book.objects.select_related(None))",
        "list(Book.objects.select_related())",
    ],
)
def test_there_is_no_change_that_might_not_work(line: str) -> None:
    assert change(line) is None


def test_a_row_that_may_be_missing_is_not_joined_to_be_locked() -> None:
    line = "list(Book.objects.select_for_update())"
    assert change(line, Needs(select=("author",), is_nullable=True)) is None
    assert change(line) is not None


def test_a_prefetch_needs_the_size_of_chunks() -> None:
    assert change("list(Book.objects.iterator())", GENRES) == (
        'list(Book.objects.prefetch_related("genres").iterator(chunk_size=2000))'
    )
    assert change("list(Book.objects.iterator(chunk_size=5))", GENRES) == (
        'list(Book.objects.prefetch_related("genres").iterator(chunk_size=5))'
    )


def test_several_calls_are_one_change() -> None:
    needs = Needs(select=("author", "shop"), prefetch=("genres",))
    assert change("list(Book.objects.all())", needs) == (
        'list(Book.objects.all().select_related("author", "shop").prefetch_related("genres"))'
    )


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ('list(Book.objects.defer("blurb"))', "list(Book.objects.all())"),
        ('list(Book.objects.all().defer("blurb"))', "list(Book.objects.all())"),
        ('list(Book.objects.defer("a", "blurb"))', 'list(Book.objects.defer("a"))'),
        ('list(Book.objects.only("a"))', 'list(Book.objects.only("a", "blurb"))'),
    ],
)
def test_a_deferred_column(line: str, changed: str) -> None:
    assert change(line, Needs(columns=("blurb",))) == changed


@pytest.mark.parametrize(
    "line",
    [
        "list(Book.objects.all())",  # deferred by whom?
        "list(Book.objects.defer(*names))",
        'list(Book.objects.only("blurb"))',
        'list(Book.objects.defer("a"))',
        'list(Book.objects.defer("blurb").only("a"))',
    ],
)
def test_a_column_that_something_else_deferred_has_no_change(line: str) -> None:
    assert change(line, Needs(columns=("blurb",))) is None


def test_a_chain_in_lines_gets_a_line_more() -> None:
    block = Block(
        "/views.py",
        1,
        (
            "def view():",
            "    return list(",
            "        Book.objects.filter(a=1)",
            '        .order_by("b")',
            "    )",
        ),
    )
    queryset = at_line(block, 2, "view", WANTED, None)
    assert queryset is not None
    assert diff_of(queryset, AUTHOR, "objects") == (
        "--- /views.py\n"
        "+++ /views.py\n"
        "@@ -4 +4,2 @@\n"
        '-        .order_by("b")\n'
        '+        .order_by("b")\n'
        '+        .select_related("author")'
    )


def test_a_model_of_a_view_gets_a_queryset_beside_it() -> None:
    block = Block("/views.py", 1, ("class Books(ListView):", "    model = Book"))
    queryset = in_class(block, 1, WANTED)
    assert queryset is not None
    diff = diff_of(queryset, AUTHOR, "objects")
    assert diff is not None
    assert diff.endswith('\n+    queryset = Book.objects.select_related("author")')
    assert diff_of(queryset, AUTHOR, None) is None


def test_a_shortcut_of_a_model_without_manager_has_no_change() -> None:
    assert change("get_list_or_404(Book)", AUTHOR, objects=None) is None


def test_nothing_that_is_needed_is_no_change() -> None:
    assert not Needs()
    assert change("list(Book.objects.all())", Needs()) is None
