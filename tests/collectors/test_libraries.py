"""Libraries: hooked if imported, and once they are; never imported by us."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

from cycle_inspector.collectors import _libraries

NAME = "a_library_of_the_tests"


@pytest.fixture
def hooked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    seen: list[str] = []

    @contextmanager
    def hook(module: ModuleType) -> Iterator[None]:
        seen.append(module.__name__)
        yield
        seen.append("undone")

    monkeypatch.delitem(sys.modules, NAME, raising=False)
    with _libraries.hooked(NAME, hook):
        yield seen


def test_what_is_absent_is_not_hooked(hooked: list[str]) -> None:
    _libraries.look()

    assert hooked == []
    assert NAME not in sys.modules


def test_what_is_imported_later_is_hooked_once(
    hooked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, NAME, ModuleType(NAME))
    _libraries.look()
    _libraries.look()

    assert hooked == [NAME]


def test_what_is_being_imported_is_left_until_it_is(
    hooked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ModuleType(NAME)
    module.__spec__ = type("Spec", (), {"_initializing": True})()
    monkeypatch.setitem(sys.modules, NAME, module)
    _libraries.look()
    assert hooked == []

    module.__spec__ = None
    _libraries.look()
    assert hooked == [NAME]


def test_what_is_hooked_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    @contextmanager
    def hook(module: ModuleType) -> Iterator[None]:
        seen.append("done")
        yield
        seen.append("undone")

    monkeypatch.setitem(sys.modules, NAME, ModuleType(NAME))
    with _libraries.hooked(NAME, hook):
        assert seen == ["done"]

    assert seen == ["done", "undone"]
