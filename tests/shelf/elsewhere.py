"""A URLconf that a middleware may set for a request."""

from __future__ import annotations

from django.urls import path

from tests.shelf import views

urlpatterns = [path("elsewhere/", views.hello, name="elsewhere")]
