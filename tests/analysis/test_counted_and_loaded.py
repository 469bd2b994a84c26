"""What was counted and then loaded, on real querysets."""

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
    return [one.code for one in recording.cycle.findings if one.code == "CI106"]


def count_then_load() -> None:
    found = Group.objects.all()
    assert found.count() == 100
    assert [one.name for one in found]


def count_then_page() -> None:
    found = Group.objects.order_by("pk")
    assert found.count() == 100
    assert [one.name for one in found[:20]]


def test_finds_a_count_of_what_is_loaded_anyway() -> None:
    assert codes(count_then_load) == ["CI106"]


def test_does_not_find_the_count_of_a_page() -> None:
    assert codes(count_then_page) == []
