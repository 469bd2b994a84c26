"""What the list of cycles in the admin can be filtered by."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cycle_inspector.history.pins import pin
from tests.test_admin import kept, listed


@pytest.fixture
def client(switched_on: Any) -> Client:
    """Give a client that a superuser has logged in with."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?status_class=2", ["/statements/", "/hello/"]),
        ("?status_class=5", ["/raises/"]),
        ("?status_class=3", []),
        ("?method=GET", ["/raises/", "/statements/", "/hello/"]),
        ("?method=POST", []),
        ("?raised=yes", ["/raises/"]),
        ("?raised=no", ["/statements/", "/hello/"]),
        ("?slow=2000", []),
        ("?q=hello", ["/hello/"]),
        ("?q=ValueError", ["/raises/"]),
        ("?q=nothing", []),
        ("?view=tests.shelf.views.hello", ["/hello/"]),
        ("?status_class=nonsense", ["/raises/", "/statements/", "/hello/"]),
    ],
)
def test_the_list_filters_and_searches(client: Client, query: str, found: list[str]) -> None:
    for path in ("/hello/", "/statements/", "/raises/"):
        kept(path)

    assert listed(client, query) == found


def test_the_list_finds_pages_with_duplicate_queries(client: Client) -> None:
    kept("/hello/")
    kept("/nested/")

    assert "/nested/" in listed(client, "?duplicates=yes")
    assert "/hello/" not in listed(client, "?duplicates=yes")
    assert "/hello/" in listed(client, "?duplicates=no")


def test_the_list_finds_pages_by_their_findings(client: Client) -> None:
    kept("/hello/")
    kept("/raises/")

    assert listed(client, "?finding=CI001") == ["/raises/"]
    assert listed(client, "?finding=CI501") == []
    assert listed(client, "?finding=CI00") == []


def test_the_list_finds_pinned_cycles(client: Client) -> None:
    kept("/hello/")
    pin(kept("/statements/"), pinned=True)

    assert listed(client, "?pinned__exact=1") == ["/statements/"]
    assert listed(client, "?pinned__exact=0") == ["/hello/"]
