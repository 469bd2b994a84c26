"""Chains of calls on a queryset, and what they are called on the way."""

from __future__ import annotations

from cycle_inspector.analysis._chains import Queryset
from cycle_inspector.analysis._querysets import Wanted, at_line
from cycle_inspector.analysis._sources import Block


def found(*lines: str) -> Queryset:
    code = Block("/views.py", 1, ("def view():", *(f"    {line}" for line in lines)))
    queryset = at_line(code, len(lines) + 1, "view", Wanted(frozenset({"Book"})), None)
    assert queryset is not None
    return queryset


def test_calls_in_their_order() -> None:
    queryset = found("return list(Book.objects.filter(a=1).order_by('b')[:3])")
    assert [step.name for step in queryset.steps] == ["filter", "order_by"]
    assert queryset.later == ()


def test_calls_by_a_name_that_come_later() -> None:
    queryset = found("books = Book.objects.all()", "return list(books.only('a').iterator())")
    assert [step.name for step in queryset.steps] == ["all"]
    assert [step.name for step in queryset.later] == ["only", "iterator"]
    assert [step.name for step in queryset.calls("iterator", "all")] == ["all", "iterator"]


def test_labels_are_names_and_keys_on_the_way() -> None:
    queryset = found(
        "books = Book.objects.all()", "context = {'new': books}", "return page(given=context)"
    )
    assert queryset.labels == {"books", "new", "context", "given"}


def test_a_shortcut_begins_with_the_class() -> None:
    queryset = found("return get_list_or_404(Book, a=1)")
    assert queryset.is_shortcut
    assert queryset.steps == ()
