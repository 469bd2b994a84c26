"""Operations of django-ninja, sync and async, several behind one path."""

from __future__ import annotations

from typing import Any

from django.urls import path
from ninja import NinjaAPI

from tests.shelf.models import Book
from tests.shelf.views import decorate

api = NinjaAPI(docs_url=None, openapi_url=None)


@api.get("/shelf")
def read(request: Any) -> dict[str, int]:
    return {"n": Book.objects.count()}


@api.post("/shelf")
@decorate
def write(request: Any) -> dict[str, int]:
    return {}


@api.get("/async")
async def aread(request: Any) -> dict[str, int]:
    return {"n": await Book.objects.acount()}


urlpatterns = [path("api/", api.urls)]
