"""The addresses below `/__cycle__/`: a URLconf of its own, independent of ROOT_URLCONF."""

from __future__ import annotations

from django.urls import path

from cycle_inspector.panel import views

_root = views.PREFIX.removeprefix("/")

urlpatterns = [
    path(_root, views.index),
    path(f"{_root}latest/", views.latest),
    path(f"{_root}latest.json", views.latest_document),
    path(f"{_root}cycles.json", views.cycles),
    path(f"{_root}<uuid:cycle_id>/", views.page),
    path(f"{_root}<uuid:cycle_id>.json", views.document),
    path(f"{_root}<uuid:cycle_id>/exports/<str:name>", views.export),
    path(f"{_root}<uuid:cycle_id>/compare/<uuid:other>", views.compare),
    path(f"{_root}<uuid:cycle_id>/pin", views.pin),
    path(f"{_root}<uuid:cycle_id>/report", views.report),
    path(f"{_root}<uuid:cycle_id>/summary.json", views.summary),
    path(f"{_root}<uuid:cycle_id>/stages/<str:stage>", views.stage),
    path(f"{_root}<uuid:cycle_id>/events", views.events),
    path(f"{_root}<uuid:cycle_id>/search", views.search),
    path(f"{_root}<uuid:cycle_id>/patterns", views.patterns),
    path(f"{_root}<uuid:cycle_id>/templates/<int:render>", views.template),
    path(f"{_root}<uuid:cycle_id>/queries", views.queries),
    path(f"{_root}<uuid:cycle_id>/browser", views.browser),
    path(f"{_root}<uuid:cycle_id>/queries/<int:number>/explain", views.explain),
    path(f"{_root}<path:name>", views.asset),
]
