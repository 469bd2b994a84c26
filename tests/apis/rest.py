"""Views made with Django REST framework, one of each kind."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import generics, permissions, serializers, viewsets
from rest_framework.decorators import action, api_view, permission_classes, renderer_classes
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.views import APIView

from tests.shelf.models import Book
from tests.shelf.views import decorate


class Plain(APIView):
    renderer_classes = (JSONRenderer,)
    permission_classes = (permissions.AllowAny,)

    @method_decorator(never_cache)
    def get(self, request: Any) -> Response:
        return Response({"n": Book.objects.count()})


class Titles(serializers.Serializer):
    title = serializers.CharField()


class BookList(generics.ListAPIView):
    renderer_classes = (JSONRenderer,)
    serializer_class = Titles

    def get_queryset(self) -> Any:
        return Book.objects.order_by("pk")


class Books(viewsets.ReadOnlyModelViewSet):
    renderer_classes = (JSONRenderer,)
    serializer_class = Titles
    queryset = Book.objects.order_by("pk")

    def get_serializer_context(self) -> Any:
        return super().get_serializer_context()

    @action(detail=False)
    def newest(self, request: Any) -> Response:
        return Response([])


@api_view(["GET", "POST"])
@permission_classes([permissions.AllowAny])
@renderer_classes([JSONRenderer])
@decorate
def function(request: Any) -> Response:
    return Response({})


@api_view(["GET"])
@renderer_classes([JSONRenderer])
def broken(request: Any) -> Response:
    raise LookupError("no such shelf")


router = SimpleRouter()
router.register("books", Books)

urlpatterns = [
    path("plain/", Plain.as_view()),
    path("list/", BookList.as_view()),
    path("function/", function),
    path("broken/", broken),
    path("set/", include(router.urls)),
]
