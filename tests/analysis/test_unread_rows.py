"""What is loaded and not read, on real querysets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from cycle_inspector import record

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups() -> None:
    kind = ContentType.objects.create(app_label="a", model="b")
    permission = Permission.objects.create(name="p", codename="p", content_type=kind)
    made = Group.objects.bulk_create(Group(name=str(at)) for at in range(100))
    for one in made[:2]:
        one.permissions.add(permission)


def codes(work: Callable[[], Any]) -> list[str]:
    with record() as recording:
        work()
    mine = ("CI104", "CI105", "CI106")
    return [one.code for one in recording.cycle.findings if one.code in mine]


def read_prefetched() -> None:
    for group in Group.objects.prefetch_related("permissions"):
        list(group.permissions.all())


def count_then_load() -> None:
    found = Group.objects.all()
    assert found.count() == 100
    assert [one.name for one in found]


def count_then_page() -> None:
    found = Group.objects.order_by("pk")
    assert found.count() == 100
    assert [one.name for one in found[:20]]


@pytest.mark.usefixtures("groups")
def test_finds_what_is_not_read() -> None:
    assert codes(lambda: [g.name for g in Group.objects.prefetch_related("permissions")]) == [
        "CI104"
    ]
    assert codes(lambda: len(Group.objects.all())) == ["CI105"]
    assert codes(lambda: bool(Group.objects.all())) == ["CI105"]
    assert codes(count_then_load) == ["CI106"]


@pytest.mark.usefixtures("groups")
def test_does_not_find_what_is_read() -> None:
    assert codes(read_prefetched) == []
    assert codes(lambda: [one.name for one in Group.objects.all()]) == []
    assert codes(count_then_page) == []


@pytest.mark.usefixtures("groups")
def test_does_not_find_the_number_of_few_rows() -> None:
    assert codes(lambda: len(Group.objects.filter(name__lt="2"))) == []


def test_does_not_find_a_prefetch_that_found_nothing() -> None:
    Group.objects.create(name="empty")
    assert codes(lambda: [g.name for g in Group.objects.prefetch_related("permissions")]) == []
