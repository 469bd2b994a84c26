"""What was prefetched and not read, on real querysets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType

from cycle_inspector import record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def groups() -> None:
    kind = ContentType.objects.create(app_label="a", model="b")
    permission = Permission.objects.create(name="p", codename="p", content_type=kind)
    for number in range(3):
        Group.objects.create(name=str(number)).permissions.add(permission)


def codes(work: Callable[[], Any]) -> list[str]:
    with record() as recording:
        work()
    return [one.code for one in recording.cycle.findings if one.code == "CI104"]


def read_prefetched() -> None:
    for group in Group.objects.prefetch_related("permissions"):
        list(group.permissions.all())


def test_finds_a_prefetch_that_is_not_read() -> None:
    assert codes(lambda: [g.name for g in Group.objects.prefetch_related("permissions")]) == [
        "CI104"
    ]


def test_does_not_find_one_that_is_read() -> None:
    assert codes(read_prefetched) == []


def test_does_not_find_a_prefetch_that_found_nothing() -> None:
    Group.objects.all().delete()
    Group.objects.create(name="empty")
    assert codes(lambda: [g.name for g in Group.objects.prefetch_related("permissions")]) == []
