"""Calls of storages: each once, with the name of the file, and the storage as it is without us."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import (
    FileSystemStorage,
    InMemoryStorage,
    Storage,
    default_storage,
    storages,
)
from django.http import HttpRequest, HttpResponse

from cycle_inspector import record
from cycle_inspector.collectors import storage
from cycle_inspector.records import HIDDEN, Cycle, Event, Stage

_IN_MEMORY = "django.core.files.storage.memory.InMemoryStorage"


@pytest.fixture(autouse=True)
def _storages(settings: Any) -> None:
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
        "covers": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }


def calls(cycle: Cycle) -> list[Event]:
    return [one for one in cycle.events if one.kind == "storage"]


def told(call: Any) -> tuple[str, dict[str, Any]]:
    """Return the operation of the one call that `call` makes, and what is kept of it."""
    with record() as recording:
        call()
    (event,) = calls(recording.cycle)
    facts = dict(event.attributes)
    assert facts.pop("duration_ns") >= 0
    return event.name, facts


def test_a_call_is_kept_with_its_caller_and_its_stage(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        default_storage.save("a.txt", ContentFile(b"1234"))
        return HttpResponse("ok")

    (event,) = calls(serve(view).get("/").cycle)

    assert (event.name, event.stage) == ("save", Stage.VIEW)
    assert next(one for one in event.frames if one.is_project).path == __file__


def test_each_operation_tells_what_it_did() -> None:
    common = {"alias": "default", "backend": _IN_MEMORY, "name": "a.txt"}
    content = ContentFile(b"1234")

    assert told(lambda: default_storage.exists("a.txt")) == ("exists", {**common, "found": False})
    assert told(lambda: default_storage.save("a.txt", content)) == ("save", {**common, "size": 4})
    assert told(lambda: default_storage.exists("a.txt")) == ("exists", {**common, "found": True})
    assert told(lambda: default_storage.size("a.txt")) == ("size", {**common, "size": 4})
    assert told(lambda: default_storage.open("a.txt")) == ("open", {**common, "mode": "rb"})
    assert told(lambda: default_storage.url("a.txt")) == ("url", common)
    assert told(lambda: default_storage.delete("a.txt")) == ("delete", common)
    assert told(lambda: default_storage.listdir("")) == ("listdir", {**common, "name": ""})


def test_a_name_that_was_taken_is_told_with_the_other(settings: Any) -> None:
    default_storage.save("a.txt", ContentFile(b"1"))

    _, facts = told(lambda: default_storage.save("a.txt", ContentFile(b"2")))

    assert facts["name"] == "a.txt"
    assert facts["saved_as"].startswith("a_")


def test_the_alias_is_that_of_the_storage() -> None:
    assert told(lambda: storages["covers"].exists("a"))[1]["alias"] == "covers"
    assert told(lambda: InMemoryStorage().exists("a"))[1]["alias"] == ""


def test_calls_of_another_storage_are_calls_of_their_own() -> None:
    class Mirrored(InMemoryStorage):
        def exists(self, name: str) -> bool:
            return super().exists(name) or default_storage.exists(name)

    with record() as recording:
        assert not Mirrored().exists("a.txt")

    assert sorted(one.attributes["alias"] for one in calls(recording.cycle)) == ["", "default"]


def test_a_size_that_would_have_to_be_found_out_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"1234")
    with path.open("rb") as file:
        content = File(file, "a.txt")
        _, facts = told(lambda: default_storage.save("a.txt", content))

    assert "size" not in facts


def test_an_error_is_told_and_raised(tmp_path: Path) -> None:
    with record() as recording, pytest.raises(FileNotFoundError):
        FileSystemStorage(tmp_path).open("absent.txt")

    (event,) = calls(recording.cycle)
    assert event.attributes["error"].startswith("FileNotFoundError")


def test_a_secret_in_a_name_is_hidden() -> None:
    assert told(lambda: default_storage.exists("token=abc"))[1]["name"] == f"token={HIDDEN}"


def test_a_storage_that_a_thread_of_the_view_uses_is_seen(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        thread = threading.Thread(target=default_storage.exists, args=("a.txt",))
        thread.start()
        thread.join()
        return HttpResponse("ok")

    assert [one.name for one in calls(serve(view).get("/").cycle)] == ["exists"]


def test_a_storage_of_the_projects_own_is_seen() -> None:
    class Plain(Storage):
        def exists(self, name: str) -> bool:
            return True

    assert told(lambda: Plain().exists("a"))[1]["found"] is True


def test_the_storages_are_what_they_were() -> None:
    before = [dict(vars(one)) for one in (Storage, FileSystemStorage)]
    with storage.collect():
        assert "exists" not in vars(default_storage)

    if "__wrapped__" not in vars(Storage.open):
        assert [dict(vars(one)) for one in (Storage, FileSystemStorage)] == before


def test_nothing_is_recorded_outside_of_a_cycle() -> None:
    with storage.collect():
        assert default_storage.exists("a.txt") is False
        assert storage.running.get() is None
