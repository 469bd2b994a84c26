"""The shop on SQLite and PostgreSQL in turn, and its pages as a copy that may be changed."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest

from cycle_inspector import record
from cycle_inspector.records import Cycle
from tests.databases.conftest import _opened, scratch
from tests.proof import pages as originals
from tests.proof.models import Author, Book, Country, Cover, Genre, Publisher, Tag

__all__ = ["scratch"]

ROWS = 4


class Router:
    """Sends the shop, and the types of its generic relations, to one database."""

    alias = "default"

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return self.alias if model._meta.app_label in ("proof", "contenttypes") else None

    db_for_write = db_for_read


def _models() -> list[Any]:
    return [ContentType, *apps.get_app_config("proof").get_models()]


def _fill() -> None:
    for at in range(ROWS):
        country = Country.objects.create(name=f"country {at}")
        author = Author.objects.create(name=f"author {at}", country=country)
        for number in range(3 if at == 0 else 1):
            publisher = Publisher.objects.create(code=f"p{at}{number}")
            book = Book.objects.create(
                title=f"book {at} {number}", author=author, publisher=publisher, editor=author
            )
            book.genres.add(Genre.objects.create(name=f"genre {at} {number}"))
            Cover.objects.create(book=book, colour="red")
            Tag.objects.create(word="new", subject=book)


@pytest.fixture(scope="session")
def filled(scratch: Any) -> set[str]:
    """Return the databases that the shop is in already."""
    return set()


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(
    request: pytest.FixtureRequest,
    scratch: Any,
    filled: set[str],
    django_db_blocker: Any,
    settings: Any,
) -> Iterator[str]:
    """Let the shop be in a database of one kind, and give its alias."""
    server = request.param
    with django_db_blocker.unblock(), _opened(server, scratch.settings(server)) as database:
        router = Router()
        router.alias = server
        settings.DATABASE_ROUTERS = [router]
        ContentType.objects.clear_cache()
        if server not in filled:
            with database.connection.schema_editor() as editor:
                for model in _models():
                    editor.create_model(model)
            _fill()
            filled.add(server)
        ContentType.objects.get_for_model(Book)  # it is kept from now on
        try:
            yield server
        finally:
            ContentType.objects.clear_cache()


@dataclass(frozen=True)
class Pages:
    """A copy of the pages' module."""

    path: Path

    def run(self, name: str) -> Cycle:
        """Return the cycle of the page called so, as the file stands now."""
        spec = importlib.util.spec_from_file_location("proof_pages", self.path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        page: Callable[[HttpRequest], Any] = getattr(module, name)
        request = HttpRequest()
        request.method = "GET"
        with record() as recording:
            page(request)
        return recording.cycle

    def apply(self, diff: str) -> None:
        """Change the file as `diff` says, and fail where it does not fit."""
        apply(diff)


def apply(diff: str) -> None:
    """Change a file as a diff says: its lines have to stand where it says they do."""
    old_path, new_path, head, *lines = diff.split("\n")
    path = Path(old_path.removeprefix("--- "))
    assert new_path == f"+++ {path}"
    found = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", head)
    assert found is not None
    old = [line[1:] for line in lines if line[0] in "- "]
    new = [line[1:] for line in lines if line[0] in "+ "]
    assert len(old) == int(found[2] or 1)
    assert len(new) == int(found[4] or 1)
    text = path.read_text(encoding="utf-8").split("\n")
    at = int(found[1]) - 1
    assert text[at : at + len(old)] == old
    text[at : at + len(old)] = new
    path.write_text("\n".join(text), encoding="utf-8")


@pytest.fixture
def pages(shop: str, tmp_path: Path) -> Pages:
    """Give a copy of the pages, to be changed at will."""
    path = tmp_path / "pages.py"
    path.write_text(Path(originals.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    return Pages(path)
