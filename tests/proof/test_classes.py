"""Views made of classes, those of the admin and of REST framework: found, and mended."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cycle_inspector.records import Cycle, Finding
from tests.conftest import Server
from tests.proof import classes as originals
from tests.proof.conftest import apply
from tests.proof.models import Book


class Classes:
    """A copy of the module of classes, served as it stands."""

    def __init__(self, path: Path, serve: Server) -> None:
        self.path = path
        self._serve = serve

    def cycle(self, url: str) -> Cycle:
        spec = importlib.util.spec_from_file_location("proof_classes", self.path)
        assert spec is not None
        assert spec.loader is not None
        module: Any = importlib.util.module_from_spec(spec)
        sys.modules["proof_classes"] = module
        spec.loader.exec_module(module)
        answer = self._serve(*module.urlpatterns).get(f"/{url}/")
        assert answer.status == 200
        return answer.cycle


@pytest.fixture
def classes(serve_wsgi: Server, shop: str, tmp_path: Path) -> Iterator[Classes]:
    path = tmp_path / "classes.py"
    path.write_text(Path(originals.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    yield Classes(path, serve_wsgi)
    sys.modules.pop("proof_classes", None)


def loops(cycle: Cycle) -> list[Finding]:
    return [one for one in cycle.findings if one.code == "CI101"]


MENDED = {
    # url: how it is said, the call, queries before and after
    "by-queryset": ("the view ByQueryset", '.order_by("pk").select_related("author")', 7, 1),
    "by-model": ("the view ByModel", 'queryset = Book.objects.select_related("author")', 7, 1),
    "by-method": ("the view ByMethod", '.order_by("pk").select_related("author")', 7, 2),
    "late": ("in late", '.order_by("pk").select_related("author")', 7, 1),
    "api/books": (
        "`queryset` or get_queryset() of Books",
        '.select_related("author", "publisher").prefetch_related("genres")',
        19,
        2,
    ),
    "admin/proof/book": ("the change list of BookAdmin", 'list_select_related = ("author",)', 9, 3),
}


@pytest.mark.parametrize("url", MENDED)
def test_the_printed_change_mends_the_class(classes: Classes, url: str) -> None:
    words, call, before, after = MENDED[url]

    cycle = classes.cycle(url)

    found = loops(cycle)
    assert len(cycle.statements) == before
    assert all(words in one.fix for one in found)
    (diff,) = {one.diff for one in found}
    assert diff is not None
    assert call in diff
    apply(diff)
    mended = classes.cycle(url)
    assert loops(mended) == []
    assert len(mended.statements) == after


def test_the_field_of_the_serializer_is_told(classes: Classes) -> None:
    fixes = {one.title: one.fix for one in loops(classes.cycle("api/books"))}

    for field, name in (("author", "writer"), ("publisher", "house"), ("genres", "genres")):
        words = f'It is read for the field "{name}" of BookSerializer.'
        assert words in fixes[f"N+1: 6 × proof.Book.{field}"]


def test_rows_that_are_not_those_of_the_view_change_nothing_of_it(classes: Classes) -> None:
    (finding,) = loops(classes.cycle("of-others"))
    assert finding.title == "N+1: 3 × proof.Book.publisher"
    assert finding.diff is None
    assert "the queryset that proof/of_others.html:1 goes over" in finding.fix


def test_the_relations_of_a_single_object_are_no_loop(classes: Classes) -> None:
    pk = Book.objects.earliest("pk").pk
    assert loops(classes.cycle(f"one/{pk}")) == []
