"""The bookshop in the admin."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin

from demo_site.shop.models import Author, Book, Genre, Order, OrderLine, Publisher, Review


@admin.register(Publisher)
class PublisherAdmin(admin.ModelAdmin):
    """Publishers, found by name or city."""

    list_display = ("name", "city")
    search_fields = ("name", "city")


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    """Authors, found by name."""

    list_display = ("name", "born")
    search_fields = ("name",)


@admin.register(Genre)
class GenreAdmin(admin.ModelAdmin):
    """Genres."""

    list_display = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    """Books, with author and publisher joined into the list."""

    list_display = ("title", "author", "publisher", "price", "published_on", "is_featured")
    list_filter = ("is_featured", "genres")
    list_select_related = ("author", "publisher")
    search_fields = ("title", "author__name", "isbn")
    date_hierarchy = "published_on"
    autocomplete_fields = ("author", "publisher")
    filter_horizontal = ("genres",)


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    """Reviews, with the book joined into the list."""

    list_display = ("book", "reader", "rating", "written_on")
    list_filter = ("rating",)
    list_select_related = ("book",)
    search_fields = ("reader", "text")
    autocomplete_fields = ("book",)


class OrderLineInline(admin.TabularInline):
    """The lines of an order, inside it."""

    model = OrderLine
    extra = 0
    autocomplete_fields = ("book",)


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders with their lines."""

    list_display = ("__str__", "customer", "email", "created_at")
    search_fields = ("customer", "email")
    date_hierarchy = "created_at"
    readonly_fields = ("created_at",)
    inlines = (OrderLineInline,)
