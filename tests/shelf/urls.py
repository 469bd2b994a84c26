"""One address for each page."""

from __future__ import annotations

from django.urls import include, path

from tests.shelf import views

urlpatterns = [
    path("hello/", views.hello, name="hello"),
    path("ahello/", views.ahello),
    path("data/", views.data),
    path("queries/<int:count>/", views.queries, name="queries"),
    path("aqueries/<int:count>/", views.aqueries),
    path("gathered/<int:count>/", views.gathered),
    path("in-template/", views.in_template),
    path("form/", views.form),
    path("deferred-render/", views.deferred_render),
    path("missing-template/", views.missing_template),
    path("stream/", views.stream),
    path("astream/", views.astream),
    path("broken-stream/", views.broken_stream),
    path("download/", views.download),
    path("redirect/", views.redirect),
    path("raises/", views.raises),
    path("araises/", views.araises),
    path("forbidden/", views.forbidden),
    path("absent/", views.absent),
    path("statements/", views.statements),
    path("faulty-sql/", views.faulty_sql),
    path("secret/", views.secret),
    path("reads-post/", views.reads_post),
    path("reads-nothing/", views.reads_nothing),
    path("reads-body/", views.reads_body),
    path("uses-session/", views.uses_session),
    path("nested/", views.nested),
    path("in-thread/", views.in_thread),
    path("through-threads/", views.through_threads),
    path("decorated/", views.decorated),
    path("partial/", views.partial_view),
    path("class/", views.Shelf.as_view(), name="class"),
    path("async-class/", views.AsyncShelf.as_view()),
    path("marked/", views.marked),
    path("side-events/", views.side_events),
    path("callable/", views.Callable()),
    path("included/", include(([path("hello/", views.hello, name="hello")], "inner"))),
]
