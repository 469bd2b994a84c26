"""The history in the admin, through the real handler and with real permissions."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from cycle_inspector.history import reader, writer
from cycle_inspector.models import Cycle
from cycle_inspector.panel import exports
from tests.shelf.models import Book
from tests.site import Site

LIST = "/admin/cycle_inspector/cycle/"


@pytest.fixture
def client(switched_on: Any) -> Client:
    """Give a client that a superuser has logged in with."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def kept(path: str = "/hello/") -> str:
    """Visit a page and return the id of its cycle, once it is kept."""
    cycle_id = Site("wsgi").get(path).cycle_id
    assert writer.flush(10)
    return cycle_id


def listed(client: Client, query: str = "") -> list[str]:
    response = client.get(LIST + query)
    assert response.status_code == 200
    return [row.path for row in response.context["cl"].result_list]


def test_the_list_shows_each_cycle_with_its_columns(client: Client) -> None:
    kept("/queries/2/")

    html = client.get(LIST).content.decode()

    assert "GET /queries/2/" in html
    assert 'title="tests.shelf.views.queries">views.<wbr>queries<' in html
    assert re.search(r'<span title="[\d.]+ ms">2</span>', html)


def test_the_newest_cycle_is_listed_at_once(client: Client) -> None:
    Site("wsgi").get("/hello/")

    assert listed(client) == ["/hello/"]


def test_the_list_has_a_date_hierarchy(client: Client) -> None:
    kept()
    moment = Cycle.objects.get().started_at

    assert listed(client, f"?started_at__year={moment.year}") == ["/hello/"]
    assert listed(client, f"?started_at__year={moment.year - 1}") == []


def test_a_cycle_is_shown_with_the_views_of_all_stages(client: Client) -> None:
    Book.objects.create(title="one")
    cycle_id = kept("/in-template/")

    html = client.get(f"{LIST}{cycle_id}/change/").content.decode()

    assert "<cycle-embed>" in html
    assert "shelf/books.html" in html
    assert "shelf_book" in html
    assert f"{LIST}assets/report.js" in html


def test_what_caused_a_cycle_is_listed_and_linked_to(client: Client) -> None:
    sent, final = kept("/redirect/"), kept("/hello/")
    outer = kept("/nested/")

    html = client.get(LIST).content.decode()

    assert f'<a href="{LIST}{sent}/change/">redirect</a>' in html
    assert f'<a href="{LIST}{outer}/change/">inside another</a>' in html
    assert f'<a href="{LIST}{final}/change/">redirect</a>' not in html
    assert len(re.findall('class="field-cause"><a', html)) == 2


def test_a_fetch_is_listed_as_one(client: Client) -> None:
    page, fetched = kept("/hello/"), kept("/data/")
    writer.put_beacon(page, {}, (fetched,))
    assert writer.flush(10)

    assert f'<a href="{LIST}{page}/change/">fetch</a>' in client.get(LIST).content.decode()


def test_a_cycle_leads_to_those_it_belongs_together_with(client: Client) -> None:
    sent, final = kept("/redirect/"), kept("/hello/")

    html = {one: client.get(f"{LIST}{one}/change/").content.decode() for one in (sent, final)}

    assert "Redirected here from" in html[final]
    assert f'<a href="{LIST}{sent}/change/" data-cycle="{sent}">GET /redirect/</a>' in html[final]
    assert "Led to" in html[sent]
    assert f'href="{LIST}{final}/change/"' in html[sent]


def test_the_assets_are_served_to_staff_only(client: Client) -> None:
    assert (
        client.get(f"{LIST}assets/report.js").headers["Content-Type"].startswith("text/javascript")
    )
    assert "N+1" in client.get(f"{LIST}assets/findings/CI101.html").content.decode()
    assert client.get(f"{LIST}assets/../../models.py").status_code in (302, 404)
    assert Client().get(f"{LIST}assets/report.js").status_code == 302
    assert Client().get(f"{LIST}assets/findings/CI101.html").status_code == 302


def test_an_unknown_cycle_leads_back_to_the_list(client: Client) -> None:
    response = client.get(f"{LIST}019aaa00-0000-7000-8000-00000000ffff/change/")

    assert (response.status_code, response.headers["Location"]) == (302, LIST)


def test_nobody_adds_or_edits_a_cycle(client: Client) -> None:
    cycle_id = kept()

    assert client.get(f"{LIST}add/").status_code == 403
    client.post(f"{LIST}{cycle_id}/change/", {"path": "/other/"})
    assert Cycle.objects.get(pk=cycle_id).path == "/hello/"


def test_a_cycle_is_deleted_alone_or_with_others(client: Client) -> None:
    ids = [kept() for _ in range(3)]

    client.post(f"{LIST}{ids[0]}/delete/", {"post": "yes"})
    assert reader.get(ids[0]) is None
    client.post(LIST, {"action": "delete_selected", "_selected_action": ids[1:], "post": "yes"})
    assert not Cycle.objects.exists()


def test_view_and_delete_are_permissions_of_their_own(client: Client) -> None:
    cycle_id = kept()
    visitor = User.objects.create_user("visitor", is_staff=True)
    other = Client()
    other.force_login(visitor)
    assert other.get(LIST).status_code == 403

    visitor.user_permissions.add(Permission.objects.get(codename="view_cycle"))
    assert other.get(LIST).status_code == 200
    assert other.get(f"{LIST}{cycle_id}/change/").status_code == 200
    assert other.post(f"{LIST}{cycle_id}/delete/", {"post": "yes"}).status_code == 403

    visitor.user_permissions.add(Permission.objects.get(codename="delete_cycle"))
    other.post(f"{LIST}{cycle_id}/delete/", {"post": "yes"})
    assert not Cycle.objects.exists()


def test_looking_at_the_history_does_not_add_to_it(client: Client) -> None:
    cycle_id = kept()

    client.get(LIST)
    response = client.get(f"{LIST}{cycle_id}/change/")

    assert "Cycle-Id" not in response.headers
    assert writer.flush(10)
    assert Cycle.objects.count() == 1


def test_other_pages_of_the_admin_are_recorded(client: Client) -> None:
    assert "Cycle-Id" in client.get("/admin/auth/user/").headers


def test_the_history_is_not_in_the_admin_while_switched_off(
    client: Client, switched_on: Any
) -> None:
    kept()
    assert b"Cycles" in client.get("/admin/").content

    switched_on(ENABLED=False)

    assert b"Cycles" not in client.get("/admin/").content
    assert client.get(LIST).status_code == 403


def test_a_history_that_cannot_be_read_is_explained(
    client: Client, switched_on: Any, tmp_path: Any
) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database, and it is long enough to be told from one" * 20)
    switched_on(HISTORY_PATH=broken)

    response = client.get(LIST)

    assert response.status_code in (200, 503)
    assert str(broken) in response.content.decode()


def test_a_query_is_explained_to_whoever_may_view_cycles(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    Book.objects.create(title="one")
    cycle_id = kept("/queries/2/")
    html = client.get(f"{LIST}{cycle_id}/change/").content.decode()
    found = re.search(rf'<cycle-explain src="({LIST}{cycle_id}/queries/\d+/explain)"', html)
    assert found is not None
    own = {"sec-fetch-site": "same-origin"}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies

    shown = strict.post(found[1], headers=own)

    assert (shown.status_code, "data-part" in shown.content.decode()) == (200, True)
    assert client.post(found[1], headers={"sec-fetch-site": "same-site"}).status_code == 403
    assert client.get(found[1]).status_code == 405
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", is_staff=True))
    assert clerk.post(found[1], headers=own).status_code == 403
    assert Client().post(found[1], headers=own).status_code == 302
    settings.DEBUG = False
    assert client.post(found[1], headers=own).status_code == 404


def test_a_cycle_is_exported_to_those_who_may_view_it(client: Client) -> None:
    cycle_id = kept()
    html = client.get(f"{LIST}{cycle_id}/change/").content.decode()
    found = re.findall(rf'"({LIST}{cycle_id}/exports/([\w-]+))"', html)
    assert [name for _, name in found] == [one.name for one in exports.ALL]
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", is_staff=True))

    for address, _ in found:
        assert client.get(address).status_code == 200
        assert client.post(address).status_code == 405
        assert clerk.get(address).status_code == 403
        assert Client().get(address).status_code == 302
    assert client.get(f"{LIST}{cycle_id}/exports/pdf").status_code == 404
    assert "<cycle-pin" not in html
