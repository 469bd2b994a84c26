"""What is going away."""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.utils import deprecation

from cycle_inspector import record
from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.deprecated import find
from cycle_inspector.records import Finding, Severity

pytestmark = pytest.mark.filterwarnings("ignore")


def found(work: Callable[[], Any]) -> list[Finding]:
    with record() as recording:
        work()
    return list(find(recording.cycle, Thresholds()))


def old(category: type[Warning] = DeprecationWarning) -> None:
    warnings.warn("Write new() instead.", category, stacklevel=2)


def test_finds_what_a_view_uses(serve: Any) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        old()
        return HttpResponse("ok")

    (finding,) = find(serve(view).get("/").cycle, Thresholds())

    assert (finding.code, finding.severity, finding.count) == ("CI603", Severity.INFO, 1)
    assert finding.title == "Going away: Write new() instead."
    assert finding.caller is not None
    assert (finding.caller.path, finding.caller.function[-4:]) == (__file__, "view")


def test_finds_what_a_loop_uses_once_with_its_number() -> None:
    def work() -> None:
        for _ in range(4):
            old()

    (finding,) = found(work)
    assert finding.count == 4


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="ast.Num has gone away by then")
@pytest.mark.skipif(sys.version_info < (3, 12), reason="ast.Num is not deprecated before")
def test_finds_what_is_deprecated_in_python() -> None:
    (finding,) = found(lambda: getattr(ast, "Num"))  # noqa: B009 - or mypy looks for it
    assert "ast.Num" in finding.title


def test_finds_what_is_deprecated_in_django() -> None:
    coming = next(one for name, one in vars(deprecation).items() if name.startswith("RemovedIn"))
    (finding,) = found(lambda: old(coming))
    assert finding.fix.startswith(f"A {coming.__name__}: ")


def test_does_not_find_other_warnings() -> None:
    assert found(lambda: old(UserWarning)) == []
    assert found(lambda: old(ResourceWarning)) == []


def test_does_not_find_what_a_package_uses(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "library.py"
    package.parent.mkdir()
    text = "def use(old):\n    old()\n\n\ndef warn(warnings):\n    warnings.warn('x', {})\n"
    package.write_text(text.format("DeprecationWarning"))
    spec = spec_from_file_location("library", package)
    assert spec is not None
    assert spec.loader is not None
    library = module_from_spec(spec)
    spec.loader.exec_module(library)

    assert found(lambda: library.use(old)) == []
    assert found(lambda: library.warn(warnings)) == []
