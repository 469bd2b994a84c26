"""An error in the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.logged_error import find
from cycle_inspector.records import Finding

_log = logging.getLogger("shop.orders")


def found(serve: Any, log: Callable[[], Any]) -> list[Finding]:
    def view(request: HttpRequest) -> HttpResponse:
        log()
        return HttpResponse("ok")

    return list(find(serve(view).get("/").cycle, Thresholds()))


@pytest.mark.parametrize("level", [logging.ERROR, logging.CRITICAL])
def test_finds_an_error_in_the_log(serve: Any, level: int) -> None:
    (finding,) = found(serve, lambda: _log.log(level, "no stock"))
    assert (finding.code, finding.title) == ("CI601", "Logged as an error: no stock")
    assert finding.caller is not None
    assert finding.caller.path == __file__


def test_does_not_find_lesser_records(serve: Any) -> None:
    assert found(serve, lambda: _log.warning("little stock")) == []


def test_does_not_find_what_django_logs_about_an_exception(serve: Any) -> None:
    def fail() -> None:
        raise ValueError("no such shelf")

    assert found(serve, fail) == []
