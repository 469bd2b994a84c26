"""Pages that ask row by row. They are copied, and the copy is changed as the findings say.

A page whose finding can only be told in words has its mended form beside it.
"""

from __future__ import annotations

from typing import Any

from asgiref.sync import async_to_sync
from django.core.paginator import Paginator
from django.db import connections, router
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_list_or_404, render

from tests.proof.models import Author, Book, Cover, Genre, Tag


def forward(request: HttpRequest) -> Any:
    return [book.author.name for book in Book.objects.all()]


def forward_by_a_name(request: HttpRequest) -> Any:
    books = Book.objects.filter(price__gt=0)
    books = books.order_by("title")
    names = []
    for book in books[:10]:
        names.append(book.author.name)
    return names


def forward_in_lines(request: HttpRequest) -> Any:
    books = (
        Book.objects.filter(price__gt=0)
        .exclude(title="")
        .order_by("title")[:10]
    )  # fmt: skip
    return [book.author.name for book in books]


def forward_of_a_manager(request: HttpRequest) -> Any:
    return [book.author.name for book in Book.objects.iterator()]


def forward_in_a_shortcut(request: HttpRequest) -> Any:
    return [book.author.name for book in get_list_or_404(Book, price=1)]


def names_of(books: Any) -> list[str]:
    return [name_of(book) for book in books]


def name_of(book: Book) -> str:
    return str(book.author.name)


def forward_across_functions(request: HttpRequest) -> Any:
    return names_of(Book.objects.order_by("pk"))


def forward_in_template(request: HttpRequest) -> Any:
    books = Book.objects.all()
    others = Book.objects.filter(price=2)
    return render(request, "proof/authors.html", {"books": books, "others": others})


def forward_of_a_page(request: HttpRequest) -> Any:
    page = Paginator(Book.objects.order_by("pk"), 4).get_page(1)
    return render(request, "proof/authors.html", {"books": page})


def key_of_another_name(request: HttpRequest) -> Any:
    return [book.publisher.code for book in Book.objects.all() if book.publisher]


def nullable(request: HttpRequest) -> Any:
    return [book.editor.name for book in Book.objects.all() if book.editor]


def one_to_one(request: HttpRequest) -> Any:
    return [cover.book.title for cover in Cover.objects.all()]


def one_to_one_reverse(request: HttpRequest) -> Any:
    return [book.cover.colour for book in Book.objects.all()]


def chain(request: HttpRequest) -> Any:
    return [book.author.country.name for book in Book.objects.all()]


def chain_of_joined(request: HttpRequest) -> Any:
    return [book.author.country.name for book in Book.objects.select_related("author")]


def chain_of_prefetched(request: HttpRequest) -> Any:
    authors = Author.objects.prefetch_related("books")
    return [book.publisher for author in authors for book in author.books.all()]


def several(request: HttpRequest) -> Any:
    found = []
    for book in Book.objects.all():
        found.append(book.author.name)
        found.append(book.publisher)
        found.extend(genre.name for genre in book.genres.all())
    return found


def reverse(request: HttpRequest) -> Any:
    return [[book.title for book in author.books.all()] for author in Author.objects.all()]


def reverse_in_template(request: HttpRequest) -> Any:
    return render(request, "proof/books.html", {"authors": Author.objects.order_by("name")})


def reverse_in_a_method(request: HttpRequest) -> Any:
    return [author.titles() for author in Author.objects.all()]


def reverse_of_an_iterator(request: HttpRequest) -> Any:
    return [list(author.books.all()) for author in Author.objects.iterator()]


def reverse_without_name(request: HttpRequest) -> Any:
    publishers = {book.publisher for book in Book.objects.select_related("publisher")}
    return [list(publisher.book_set.all()) for publisher in publishers]


def many_to_many(request: HttpRequest) -> Any:
    return [[genre.name for genre in book.genres.all()] for book in Book.objects.all()]


def many_to_many_reverse(request: HttpRequest) -> Any:
    return [[book.title for book in genre.books.all()] for genre in Genre.objects.all()]


def generic_key(request: HttpRequest) -> Any:
    return [tag.subject.title for tag in Tag.objects.all()]


def generic_relation(request: HttpRequest) -> Any:
    return [[tag.word for tag in book.tags.all()] for book in Book.objects.all()]


def of_related(request: HttpRequest) -> Any:
    author = Author.objects.get(name="author 0")
    return [book.publisher for book in author.books.all()]


def deferred(request: HttpRequest) -> Any:
    return [book.blurb for book in Book.objects.defer("blurb")]


def deferred_among_others(request: HttpRequest) -> Any:
    return [book.blurb for book in Book.objects.defer("price", "blurb")]


def not_among_only(request: HttpRequest) -> Any:
    return [book.blurb for book in Book.objects.only("title")]


def counted(request: HttpRequest) -> Any:
    return [author.books.count() for author in Author.objects.all()]


def counted_mended(request: HttpRequest) -> Any:
    authors = Author.objects.annotate(books_count=Count("books", distinct=True))
    return [author.books_count for author in authors]


def many_counted(request: HttpRequest) -> Any:
    return [book.genres.count() for book in Book.objects.all()]


def many_counted_mended(request: HttpRequest) -> Any:
    books = Book.objects.annotate(genres_count=Count("genres", distinct=True))
    return [book.genres_count for book in books]


def existing(request: HttpRequest) -> Any:
    return [author.books.exists() for author in Author.objects.all()]


def existing_mended(request: HttpRequest) -> Any:
    books = Book.objects.filter(author=OuterRef("pk"))
    return [author.has_books for author in Author.objects.annotate(has_books=Exists(books))]


def aggregated(request: HttpRequest) -> Any:
    return [author.books.aggregate(total=Sum("price")) for author in Author.objects.all()]


def aggregated_mended(request: HttpRequest) -> Any:
    authors = Author.objects.annotate(books_sum=Sum("books__price"))
    return [author.books_sum for author in authors]


def filtered(request: HttpRequest) -> Any:
    return [list(author.books.filter(price__gt=0)) for author in Author.objects.all()]


def filtered_mended(request: HttpRequest) -> Any:
    books = Prefetch("books", queryset=Book.objects.filter(price__gt=0), to_attr="chosen_books")
    return [author.chosen_books for author in Author.objects.prefetch_related(books)]


def first_of_each(request: HttpRequest) -> Any:
    return [author.books.order_by("title").first() for author in Author.objects.all()]


def first_of_each_mended(request: HttpRequest) -> Any:
    books = Prefetch("books", queryset=Book.objects.order_by("title")[:1], to_attr="chosen_books")
    return [author.chosen_books for author in Author.objects.prefetch_related(books)]


def past_a_prefetch(request: HttpRequest) -> Any:
    authors = Author.objects.prefetch_related("books")
    return [list(author.books.filter(price__gt=0)) for author in authors]


def past_a_prefetch_mended(request: HttpRequest) -> Any:
    authors = Author.objects.prefetch_related("books")
    return [[book for book in author.books.all() if book.price > 0] for author in authors]


def by_key(request: HttpRequest) -> Any:
    keys = list(Book.objects.values_list("pk", flat=True))
    return [Book.objects.get(pk=key) for key in keys]


def by_key_mended(request: HttpRequest) -> Any:
    keys = list(Book.objects.values_list("pk", flat=True))
    return [Book.objects.in_bulk(keys)[key] for key in keys[:1]]


def by_column(request: HttpRequest) -> Any:
    return [Book.objects.filter(title=f"book {at} 0").first() for at in range(4)]


def by_column_mended(request: HttpRequest) -> Any:
    titles = [f"book {at} 0" for at in range(4)]
    return {book.title: book for book in Book.objects.filter(title__in=titles)}


def by_cursor(request: HttpRequest) -> Any:
    found = []
    with connections[router.db_for_read(Book)].cursor() as cursor:
        for at in range(4):
            cursor.execute("SELECT title FROM proof_book WHERE price > %s", [at])
            found.append(cursor.fetchall())
    return found


def by_cursor_mended(request: HttpRequest) -> Any:
    with connections[router.db_for_read(Book)].cursor() as cursor:
        cursor.execute("SELECT title, price FROM proof_book WHERE price > %s", [0])
        return cursor.fetchall()


def updated(request: HttpRequest) -> Any:
    for book in Book.objects.all():
        book.price = 1
        book.save()
    return HttpResponse()


def updated_mended(request: HttpRequest) -> Any:
    Book.objects.update(price=F("price"))
    return HttpResponse()


def created(request: HttpRequest) -> Any:
    for at in range(4):
        Genre.objects.create(name=f"new {at}")
    return HttpResponse()


def created_mended(request: HttpRequest) -> Any:
    Genre.objects.bulk_create([Genre(name=f"new {at}") for at in range(4)])
    return HttpResponse()


def deleted(request: HttpRequest) -> Any:
    for tag in Tag.objects.filter(word="new"):
        tag.delete()
    return HttpResponse()


def deleted_mended(request: HttpRequest) -> Any:
    Tag.objects.filter(word="new").delete()
    return HttpResponse()


def got_or_created(request: HttpRequest) -> Any:
    for at in range(4):
        Genre.objects.get_or_create(name=f"genre {at} 0")
    return HttpResponse()


def got_or_created_mended(request: HttpRequest) -> Any:
    names = [f"genre {at} 0" for at in range(4)]
    known = set(Genre.objects.filter(name__in=names).values_list("name", flat=True))
    missing = [Genre(name=name) for name in names if name not in known]
    Genre.objects.bulk_create(missing, ignore_conflicts=True)
    return HttpResponse()


def added(request: HttpRequest) -> Any:
    book = Book.objects.get(title="book 1 0")
    for genre in Genre.objects.exclude(name__startswith="new"):
        book.genres.add(genre)
    return HttpResponse()


def added_mended(request: HttpRequest) -> Any:
    book = Book.objects.get(title="book 1 0")
    book.genres.add(*Genre.objects.exclude(name__startswith="new"))
    return HttpResponse()


async def _reverse_of_coroutines() -> Any:
    found = []
    async for author in Author.objects.order_by("pk"):
        found.append([book.title async for book in author.books.all()])
    return found


def reverse_of_coroutines(request: HttpRequest) -> Any:
    return async_to_sync(_reverse_of_coroutines)()
