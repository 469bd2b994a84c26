"""Nothing is found in the pages of Django's own admin, by real requests, sync and async."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from tests.site import Site

TOKEN = "a" * 32


@pytest.fixture
def people(switched_on: Any) -> str:
    """Make a hundred users and groups; return the cookies of one who may see them."""
    # How fast the machine is says nothing about the admin.
    slow = (
        *("SLOW_QUERY_MS", "SLOW_MIDDLEWARE_MS", "SLOW_PROCESSOR_MS"),
        *("SLOW_TEMPLATE_MS", "SAME_RENDERS_MS"),
    )
    switched_on(THRESHOLDS=dict.fromkeys(slow, 60_000))
    root = User.objects.create_superuser("root", password="secret")
    groups = Group.objects.bulk_create(Group(name=f"group {at}") for at in range(100))
    users = User.objects.bulk_create(User(username=f"user{at}") for at in range(100))
    for group in groups[:10]:
        group.permissions.add(*Permission.objects.all()[:5])
    for user in users[:10]:
        user.groups.add(*groups[:5])
    client = Client()
    client.force_login(root)
    return f"sessionid={client.cookies['sessionid'].value}; csrftoken={TOKEN}"


def codes(site: Site, method: str, url: str, cookies: str, **form: str) -> list[str]:
    body = urlencode({"csrfmiddlewaretoken": TOKEN, **form}).encode() if form else b""
    headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
    answer = site.ask(method, url, body=body, headers=headers)
    assert answer.status in (200, 302), answer.text
    cycle = answer.cycle
    assert cycle.failed_rules == ()
    return [f"{one.code} {one.title}" for one in cycle.findings]


@pytest.mark.parametrize(
    "url",
    [
        "/admin/",
        "/admin/login/?next=/admin/auth/",
        "/admin/auth/user/",
        "/admin/auth/user/?q=user1&is_staff__exact=0",
        "/admin/auth/group/",
        "/admin/auth/user/add/",
        "/admin/auth/user/{user}/change/",
        "/admin/auth/user/{user}/delete/",
        "/admin/auth/user/{user}/history/",
        "/admin/auth/user/{user}/password/",
        "/admin/auth/group/{group}/change/",
        "/admin/auth/group/{group}/delete/",
    ],
)
def test_pages_of_the_admin_have_no_findings(site: Site, people: str, url: str) -> None:
    user, group = User.objects.get(username="user1"), Group.objects.get(name="group 1")
    url = url.format(user=user.pk, group=group.pk)
    assert codes(site, "GET", url, people) == []


def test_work_in_the_admin_has_no_findings(site: Site, people: str) -> None:
    group = Group.objects.get(name="group 1")
    change = f"/admin/auth/group/{group.pk}/change/"
    assert codes(site, "POST", change, people, name="renamed", permissions="1") == []
    delete = f"/admin/auth/group/{group.pk}/delete/"
    assert codes(site, "POST", delete, people, post="yes") == []
    assert not Group.objects.filter(pk=group.pk).exists()


def test_a_login_has_no_findings(site: Site, people: str) -> None:
    form = {"username": "root", "password": "secret", "next": "/admin/"}
    assert codes(site, "POST", "/admin/login/", f"csrftoken={TOKEN}", **form) == []
