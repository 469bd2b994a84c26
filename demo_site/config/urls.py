"""The bookshop at the root, the admin beside it."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("demo_site.shop.urls")),
    # runserver serves static files without this; gunicorn, uvicorn and the like do not.
    *staticfiles_urlpatterns(),
]
