"""Views made of classes, whose rows Django's own code reads; copied, and changed, as well."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import include, path
from django.views.generic import DetailView, ListView
from rest_framework import serializers, viewsets
from rest_framework.renderers import JSONRenderer
from rest_framework.routers import SimpleRouter

from tests.proof.models import Author, Book


class ByQueryset(ListView):
    queryset = Book.objects.order_by("pk")
    template_name = "proof/object_list.html"


class ByModel(ListView):
    model = Book
    template_name = "proof/object_list.html"


class ByMethod(ListView):
    template_name = "proof/object_list.html"
    paginate_by = 5

    def get_queryset(self) -> Any:
        return Book.objects.filter(price__gt=0).order_by("pk")


class OfOthers(ListView):
    queryset = Book.objects.order_by("pk")
    template_name = "proof/of_others.html"

    def get_context_data(self, **given: Any) -> Any:
        return super().get_context_data(rest=Author.objects.get(name="author 0").books, **given)


class One(DetailView):
    queryset = Book.objects.all()
    template_name = "proof/book.html"


def late(request: HttpRequest) -> Any:
    books = Book.objects.order_by("pk")
    return TemplateResponse(request, "proof/authors.html", {"books": books})


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ("name",)


class BookSerializer(serializers.ModelSerializer):
    writer = AuthorSerializer(source="author")
    house = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = ("title", "writer", "house", "genres")

    def get_house(self, book: Book) -> str:
        return str(book.publisher.code)


class Books(viewsets.ReadOnlyModelViewSet):
    renderer_classes = (JSONRenderer,)
    permission_classes = ()
    authentication_classes = ()
    serializer_class = BookSerializer
    queryset = Book.objects.order_by("pk")


class BookAdmin(admin.ModelAdmin):
    list_display = ("title", "author_name")

    def author_name(self, book: Book) -> str:
        return str(book.author.name)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    has_change_permission = has_add_permission = has_delete_permission = has_view_permission


class OpenSite(admin.AdminSite):
    def has_permission(self, request: HttpRequest) -> bool:
        return True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"is_popup": True, "has_permission": True}


site = OpenSite("proof")
site.register(Book, BookAdmin)

router = SimpleRouter()
router.register("books", Books)

urlpatterns = [
    path("by-queryset/", ByQueryset.as_view()),
    path("by-model/", ByModel.as_view()),
    path("by-method/", ByMethod.as_view()),
    path("of-others/", OfOthers.as_view()),
    path("one/<int:pk>/", One.as_view()),
    path("late/", late),
    path("api/", include(router.urls)),
    path("admin/", site.urls),
]
