"""Exceptions that were caught on the way, by whom, and where they were raised."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal
from django.http import Http404
from django.test import RequestFactory
from ninja import NinjaAPI
from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response
from rest_framework.views import APIView

from cycle_inspector import record
from cycle_inspector.records import Cycle, Event

book_sold = Signal()


def caught(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "caught"]


def stumble(**named: Any) -> None:
    raise ValueError("password=hunter2")


def test_what_a_receiver_raises_under_send_robust_is_told() -> None:
    book_sold.connect(stumble)
    try:
        with record() as recording:
            book_sold.send_robust(None)
    finally:
        book_sold.disconnect(stumble)

    (event,) = caught(recording.cycle)
    assert (event.name, event.attributes["by"]) == ("ValueError", "send_robust")
    assert event.attributes["in"] == "stumble"
    assert "hunter2" not in str(event.attributes)
    assert event.attributes["raised_at"]["function"] == "stumble"
    assert event.frames[-1].path != ""


def test_what_comes_out_of_send_is_not_caught() -> None:
    book_sold.connect(stumble)
    try:
        with record() as recording, pytest.raises(ValueError, match="hunter2"):
            book_sold.send(None)
    finally:
        book_sold.disconnect(stumble)

    assert caught(recording.cycle) == []


@pytest.mark.django_db(transaction=True)
def test_what_a_robust_callback_raises_is_told() -> None:
    with record() as recording:
        with transaction.atomic():
            transaction.on_commit(stumble, robust=True)
        transaction.on_commit(stumble, robust=True)  # at once, outside of a transaction

    assert [
        (one.name, one.attributes["by"], one.attributes["in"]) for one in caught(recording.cycle)
    ] == [("ValueError", "on_commit(robust=True)", "stumble")] * 2


class Shelf(APIView):
    authentication_classes = permission_classes = ()

    def get(self, request: Any, how: str) -> Response:
        if how == "refused":
            raise PermissionDenied("not yours")
        if how == "broken":
            raise RuntimeError("broken")
        return Response({})


def test_what_rest_framework_answers_is_told() -> None:
    view = Shelf.as_view()
    with record() as recording:
        response = view(RequestFactory().get("/"), how="refused")

    (event,) = caught(recording.cycle)
    assert response.status_code == 403
    assert event.name == "rest_framework.exceptions.PermissionDenied"
    assert (event.attributes["by"], event.attributes["status"]) == ("Django REST framework", 403)
    assert event.attributes["raised_at"]["path"] == __file__


def test_what_rest_framework_raises_on_is_not_caught() -> None:
    view = Shelf.as_view()
    with record() as recording:
        view(RequestFactory().get("/"), how="fine")
        with pytest.raises(RuntimeError):
            view(RequestFactory().get("/"), how="broken")

    assert caught(recording.cycle) == []


def test_what_ninja_answers_is_told() -> None:
    api = NinjaAPI(urls_namespace="caught")
    with record() as recording:
        response = api.on_exception(RequestFactory().get("/"), Http404("no such shelf"))
        with pytest.raises(KeyError):
            api.on_exception(RequestFactory().get("/"), KeyError("shelf"))

    (event,) = caught(recording.cycle)
    assert (event.attributes["by"], event.attributes["status"]) == ("Django Ninja", 404)
    assert response.status_code == 404
