"""What was loaded for its number alone, on real querysets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group

from cycle_inspector import record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def groups() -> None:
    Group.objects.bulk_create(Group(name=str(at)) for at in range(100))


def codes(work: Callable[[], Any]) -> list[str]:
    with record() as recording:
        work()
    return [one.code for one in recording.cycle.findings if one.code == "CI105"]


@pytest.mark.parametrize("ask", [len, bool])
def test_finds_rows_that_are_only_counted(ask: Callable[[Any], Any]) -> None:
    assert codes(lambda: ask(Group.objects.all())) == ["CI105"]


def test_does_not_find_rows_that_are_read() -> None:
    assert codes(lambda: [one.name for one in Group.objects.all()]) == []


def test_does_not_find_the_number_of_few_rows() -> None:
    assert codes(lambda: len(Group.objects.filter(name__lt="2"))) == []
