"""The search of the admin's list, through the real handler."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from cycle_inspector.history import lookup, writer
from tests.site import Site

LIST = "/admin/cycle_inspector/cycle/"


@pytest.fixture
def client(switched_on: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    for path in ("/hello/", "/queries/2/", "/nowhere/"):
        Site("wsgi").get(path)
    assert writer.flush(10)
    return client


def search(client: Client, text: str) -> tuple[list[str], list[str]]:
    """Return the paths that are listed, and what is said besides."""
    response = client.get(LIST, {"q": text})
    assert response.status_code == 200
    said = [str(one) for one in response.context["messages"]]
    return sorted(row.path for row in response.context["cl"].result_list), said


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("hello", ["/hello/"]),
        ("path:queries", ["/queries/2/"]),
        ("status:404", ["/nowhere/"]),
        ("sql:select table:shelf_book", ["/queries/2/"]),
        ("time:>100s", []),
    ],
)
def test_each_part_of_the_grammar_is_understood(
    client: Client, text: str, paths: list[str]
) -> None:
    assert search(client, text) == (paths, [])


def test_what_cannot_be_understood_is_said_and_finds_nothing(client: Client) -> None:
    paths, said = search(client, "status:lost")

    assert paths == []
    assert said == ["status:lost is no status. Write status:404, status:5xx or status:>=400."]


def test_that_older_cycles_were_not_looked_into_is_said(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MOST_READ", 2)

    paths, said = search(client, "sql:select")

    assert paths == ["/queries/2/"]
    assert said == ["Only the newest 2 cycles were looked into."]


def test_the_field_says_what_can_be_asked(client: Client) -> None:
    assert "sql:, table:, file:" in client.get(LIST).content.decode()
