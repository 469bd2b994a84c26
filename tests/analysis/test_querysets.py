"""The expression that made a queryset, found by the line that ran it, or not found at all."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from cycle_inspector.analysis._chains import Queryset
from cycle_inspector.analysis._querysets import (
    Wanted,
    at_line,
    class_at,
    in_class,
    passed_at,
    returned_by,
)
from cycle_inspector.analysis._sources import Block

BOOK = Wanted(frozenset({"Book"}), frozenset({"books"}))


def block(source: str) -> Block:
    return Block("/views.py", 1, tuple(dedent(source).strip("\n").split("\n")))


def shown(found: Queryset | None) -> str | None:
    return None if found is None else ast.unparse(found.root)


def at(source: str, words: frozenset[str] | None = None) -> Queryset | None:
    """Look from the line that is marked `# here`."""
    code = block(source)
    line = next(number for number, text in enumerate(code.lines, 1) if "# here" in text)
    return at_line(code, line, "view", BOOK, words)


FOUND = {
    "in the line": """
        def view():
            for book in Book.objects.all():  # here
                print(book)
        """,
    "by a name": """
        def view():
            books = Book.objects.filter(a=1)
            books = books.order_by("b")
            return [book for book in books]  # here
        """,
    "in a context": """
        def view():
            context = {"books": Book.objects.all()}
            context["other"] = 1
            return render(context)  # here
        """,
    "put into a context": """
        def view():
            context = {}
            context["books"] = Book.objects.all()
            return page(context)  # here
        """,
    "by another module's name": """
        def view():
            return list(models.Book.objects.all())  # here
        """,
    "of a related manager": """
        def view(author):
            return list(author.books.all())  # here
        """,
    "the one of two models": """
        def view():
            authors = Author.objects.all()
            return list(Book.objects.filter(author__in=authors))  # here
        """,
    "in a coroutine": """
        async def view():
            return [book async for book in Book.objects.all()]  # here
        """,
    "beside a count": """
        def view():
            books = Book.objects.all()
            total = Book.objects.count()
            return total, list(books)  # here
        """,
}


@pytest.mark.parametrize("source", FOUND.values(), ids=list(FOUND))
def test_finds_the_queryset(source: str) -> None:
    found = at(source, frozenset({"books"}))
    assert shown(found) in ("Book.objects", "models.Book.objects", "author.books")


NOT_FOUND = {
    "one of two": """
        def view(a):
            books = Book.objects.all() if a else Book.objects.filter(a=1)
            return list(books)  # here
        """,
    "assigned in two ways": """
        def view(a):
            if a:
                books = Book.objects.all()
            else:
                books = Book.objects.filter(a=1)
            return list(books)  # here
        """,
    "given by the caller": """
        def view(books):
            return list(books)  # here
        """,
    "made after the line": """
        def view(books):
            first = list(books)  # here
            books = Book.objects.all()
        """,
    "no rows of the model": """
        def view():
            return list(Book.objects.values("a"))  # here
        """,
    "made no rows of the model later": """
        def view():
            books = Book.objects.all()
            books = books.values_list("a")
            return list(books)  # here
        """,
    "in another function": """
        def other():
            return list(Book.objects.all())  # here
        """,
    "of another model": """
        def view():
            return list(Author.objects.all())  # here
        """,
    "a manager that is not asked": """
        def view():
            return show(Book.objects)  # here
        """,
}


@pytest.mark.parametrize("source", NOT_FOUND.values(), ids=list(NOT_FOUND))
def test_does_not_find_what_is_not_certain(source: str) -> None:
    assert at(source) is None


RENDERED = """
    def view(request):
        new = Book.objects.filter(new=True)
        return render(request, "x.html", {"all": Book.objects.all(), "new": new})  # here
    """


def test_of_what_a_template_is_given_the_line_of_the_template_says_which() -> None:
    found = at(RENDERED, frozenset({"for", "book", "in", "new"}))
    assert found is not None
    assert found.steps[0].name == "filter"


def test_what_the_line_of_the_template_does_not_name_is_not_found() -> None:
    assert at(RENDERED, frozenset({"for", "book", "in", "shop", "featured"})) is None
    assert at(RENDERED, frozenset()) is None


def test_what_a_function_was_given() -> None:
    code = block("""
        def view():
            return show(Book.objects.all(), names(Book.objects.filter(a=1)))
        """)
    found = passed_at(code, 2, "view", "names", BOOK)
    assert found is not None
    assert found.steps[0].name == "filter"
    assert passed_at(code, 2, "view", "others", BOOK) is None


def test_what_a_function_returns() -> None:
    code = block("""
        def view(request):
            return TemplateResponse(request, "x.html", {"books": Book.objects.all()})
        """)
    assert shown(returned_by(code, 1, BOOK, frozenset({"books"}))) == "Book.objects"
    assert returned_by(code, 1, BOOK, frozenset({"others"})) is None


CLASSES = {
    "Book.objects": """
        class Books(ListView):
            def get_queryset(self):
                return Book.objects.filter(a=1)
        """,
    "super().get_queryset()": """
        class Books(ListView):
            queryset = Book.objects.all()

            def get_queryset(self):
                return super().get_queryset().filter(a=1)
        """,
    "models.Book.objects": """
        class Books(ListView):
            queryset = models.Book.objects.order_by("a")
        """,
    "Book": """
        class Books(ListView):
            model = Book
        """,
}


@pytest.mark.parametrize("root", CLASSES)
def test_what_a_class_reads(root: str) -> None:
    assert shown(in_class(block(CLASSES[root]), 2, BOOK)) == root


@pytest.mark.parametrize(
    "body",
    [
        "model = Author",
        "template_name = 'x.html'",
        "queryset = make_queryset()",
        "def get_queryset(self):\n        return self.books",
    ],
)
def test_does_not_find_what_a_class_does_not_say(body: str) -> None:
    assert in_class(block(f"class Books(ListView):\n    {body}"), 2, BOOK) is None


def test_the_class_around_a_line() -> None:
    code = block("""
        @decorated
        class A:
            def b(self):
                pass
        """)
    for line in (1, 4):
        found = class_at(code, line)
        assert found is not None
        assert found.name == "A"
