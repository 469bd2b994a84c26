"""Permission checks: what was asked, for what, the answer, and the same one only once."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser, Permission, PermissionsMixin, User
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template import engines

from cycle_inspector import record
from cycle_inspector.collectors import permissions
from cycle_inspector.records import Cycle, Event, Stage
from tests.shelf.models import Book

pytestmark = pytest.mark.django_db

ADD, CHANGE = "shelf.add_book", "shelf.change_book"


class Backend(ModelBackend):
    """Grants whatever is asked for an object; refuses one permission for all."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if perm == "shelf.refused":
            raise PermissionDenied
        if perm == "shelf.broken":
            raise ZeroDivisionError("no backend")
        return obj is not None or super().has_perm(user_obj, perm)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return app_label == "shelf"


@pytest.fixture
def clerk(settings: Any) -> User:
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Backend"]
    user = User.objects.create(username="clerk")
    user.user_permissions.add(
        Permission.objects.get(content_type__app_label="shelf", codename="add_book")
    )
    return User.objects.get(pk=user.pk)


def checks(cycle: Cycle) -> list[Event]:
    assert cycle.dropped == {}
    return [one for one in cycle.events if one.kind == "permission"]


def facts_of(ask: Any) -> dict[str, Any]:
    """Return what is kept of the one check that `ask` makes, without its time."""
    with record() as recording:
        ask()
    (event,) = checks(recording.cycle)
    facts = dict(event.attributes)
    assert facts.pop("duration_ns") > 0
    return facts


def test_a_check_is_kept_with_its_answer_its_caller_and_its_queries(clerk: User) -> None:
    with record() as recording:
        assert clerk.has_perm(ADD)
        assert not clerk.has_perm(CHANGE)

    first, second = checks(recording.cycle)
    assert (first.name, first.attributes["granted"]) == (ADD, True)
    assert first.attributes["queries"] == 2
    assert first.attributes["user"] == clerk.pk
    assert first.frames[0].path == __file__
    assert (second.name, second.attributes["granted"]) == (CHANGE, False)
    assert "queries" not in second.attributes


def test_a_check_of_a_view_stands_in_its_stage(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(request.user.has_perm(ADD)))

    (event,) = checks(serve(view).get("/").cycle)

    assert (event.stage, event.attributes["granted"]) == (Stage.VIEW, False)
    assert event.attributes["user"] is None
    assert event.frames[0].function.endswith("view")


def test_a_check_of_an_async_view_is_kept_with_its_caller(serve_asgi: Any) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        user = await request.auser()
        return HttpResponse(str(await user.ahas_perms([ADD])))

    (event,) = checks(serve_asgi(view).get("/").cycle)

    assert event.attributes["by"] == "ahas_perms"
    assert event.frames[0].function.endswith("view")


def test_the_object_is_told_by_its_class_and_key(
    clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> str:
        raise AssertionError

    monkeypatch.setattr(Book, "__str__", fail)
    told = facts_of(lambda: clerk.has_perm(CHANGE, Book(pk=7)))["object"]
    assert told == {"class": "shelf.Book", "pk": 7}
    assert facts_of(lambda: clerk.has_perm(CHANGE, obj=Book()))["object"]["pk"] is None
    told = facts_of(lambda: clerk.has_perm(CHANGE, Path()))["object"]
    assert (told["class"].startswith("pathlib."), told["pk"]) == (True, None)


def test_a_superuser_is_asked_no_backend_and_said_to_be_one(clerk: User) -> None:
    clerk.is_superuser = True
    facts = facts_of(lambda: clerk.has_perm("shelf.refused"))

    assert (facts["granted"], facts["superuser"]) == (True, True)
    clerk.is_active = False
    assert "superuser" not in facts_of(lambda: clerk.has_perm("shelf.refused"))


def test_the_same_check_from_the_same_place_is_one_and_counted(clerk: User) -> None:
    with record() as recording:
        for _ in range(5):
            clerk.has_perm(ADD)
            clerk.has_perm(CHANGE)
        clerk.has_perm(ADD)

    assert [(one.name, one.attributes["count"]) for one in checks(recording.cycle)] == [
        (ADD, 5),
        (CHANGE, 5),
        (ADD, 1),
    ]


def test_another_object_or_answer_is_another_check(clerk: User) -> None:
    with record() as recording:
        for obj in (None, Book(pk=1), Book(pk=2), Book(pk=2)):
            clerk.has_perm(CHANGE, obj)

    assert [one.attributes["count"] for one in checks(recording.cycle)] == [1, 1, 2]


def test_several_permissions_are_one_check_each(clerk: User) -> None:
    with record() as recording:
        assert not clerk.has_perms([ADD, CHANGE, "shelf.view_book"])

    found = checks(recording.cycle)
    assert [(one.name, one.attributes["by"]) for one in found] == [
        (ADD, "has_perms"),
        (CHANGE, "has_perms"),
    ]
    assert all(one.frames[0].path == __file__ for one in found)


def test_a_generator_of_the_project_asks_by_itself(clerk: User) -> None:
    assert facts_of(lambda: all(clerk.has_perm(one) for one in [ADD]))["by"] == "has_perm"


def test_an_app_is_asked_for_by_its_label(clerk: User) -> None:
    with record() as recording:
        assert clerk.has_module_perms(app_label="shelf")
        assert not AnonymousUser().has_module_perms(module="other")

    first, second = checks(recording.cycle)
    assert (first.name, first.attributes["by"]) == ("shelf", "has_module_perms")
    assert (second.name, second.attributes["granted"]) == ("other", False)


def test_a_template_that_asks_has_its_line(clerk: User) -> None:
    request = HttpRequest()
    request.user = clerk
    source = (
        "{% if perms.shelf %}\n"
        "{% for _ in 'abc' %}{{ perms.shelf.add_book }}{% endfor %}\n"
        "{{ perms.shelf.change_book }}{% endif %}"
    )
    template = engines["django"].from_string(source)
    with record() as recording:
        assert "TrueTrueTrue\nFalse" in template.render({}, request)

    told = [
        (one.name, one.attributes["count"], one.attributes["template"]["line"])
        for one in checks(recording.cycle)
    ]
    assert told == [("shelf", 1, 1), (ADD, 3, 2), (CHANGE, 1, 3)]


def test_async_checks_are_kept(clerk: User) -> None:
    async def ask() -> Any:
        async with record() as recording:
            assert not await AnonymousUser().ahas_perm(ADD)
            assert not await AnonymousUser().ahas_module_perms("other")
        return recording.cycle

    found = checks(async_to_sync(ask)())

    assert [(one.name, one.attributes["by"]) for one in found] == [
        (ADD, "ahas_perm"),
        ("other", "ahas_module_perms"),
    ]


def test_a_check_that_a_backend_refuses_is_denied(clerk: User) -> None:
    assert facts_of(lambda: clerk.has_perm("shelf.refused"))["granted"] is False


def test_a_check_that_raises_is_told_and_raised(clerk: User) -> None:
    with record() as recording, pytest.raises(ZeroDivisionError, match="no backend"):
        clerk.has_perm("shelf.broken")

    (event,) = checks(recording.cycle)
    assert event.attributes["error"] == "ZeroDivisionError: no backend"
    assert "granted" not in event.attributes


def test_an_async_check_that_raises_is_told_and_raised(clerk: User) -> None:
    async def ask() -> Any:
        async with record() as recording:
            with pytest.raises(TypeError):
                await AnonymousUser().ahas_perm()  # type: ignore[call-arg]
        return recording.cycle

    (event,) = checks(async_to_sync(ask)())

    assert "TypeError" in event.attributes["error"]


class Guest(AnonymousUser):
    """A user of a project's own making, which overrides what is wrapped in its base class."""

    answer: Any = None

    def has_perm(self, perm: str, obj: Any = None) -> Any:
        return super().has_perm(perm, obj) if self.answer is None else self.answer


@pytest.fixture
def guest(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guest]:
    monkeypatch.setattr("django.contrib.auth.get_user_model", lambda: Guest)
    with permissions.collect():
        yield Guest()


def test_an_override_that_asks_its_base_class_is_one_check(guest: Guest) -> None:
    assert facts_of(lambda: guest.has_perm(ADD))["granted"] is False


def test_no_code_of_an_answer_is_run(guest: Guest) -> None:
    class Odd:
        def __bool__(self) -> bool:
            raise AssertionError

    guest.answer = Odd()

    assert facts_of(lambda: guest.has_perm(ADD))["granted"].startswith("<tests.")


def test_a_project_without_a_user_model_has_its_anonymous_users_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> Any:
        raise ImproperlyConfigured

    monkeypatch.setattr("django.contrib.auth.get_user_model", fail)
    before = AnonymousUser.has_perm
    with permissions.collect():
        assert AnonymousUser.has_perm is not before


def test_the_methods_are_what_they_were() -> None:
    names = ("has_perm", "ahas_perm", "has_module_perms", "ahas_module_perms")
    before = [getattr(PermissionsMixin, name) for name in names]
    with permissions.collect():
        assert PermissionsMixin.has_perm is not before[0]
        assert inspect.iscoroutinefunction(PermissionsMixin.ahas_perm)
        assert inspect.signature(PermissionsMixin.has_perm) == inspect.signature(before[0])

    assert [getattr(PermissionsMixin, name) for name in names] == before


def test_nothing_is_recorded_outside_of_a_cycle(clerk: User) -> None:
    with permissions.collect():
        assert clerk.has_perm(ADD)
        assert async_to_sync(AnonymousUser().ahas_perm)(ADD) is False


_WITHOUT_AUTH = """
import sys
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["cycle_inspector"], DEBUG=True)
django.setup()
from cycle_inspector.collectors import hooks
hooks.hold()
print([name for name in sys.modules if name.startswith("django.contrib.auth.")])
"""


def test_where_auth_is_not_installed_it_is_not_imported() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WITHOUT_AUTH],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )

    assert told.stdout.strip() == "[]"
