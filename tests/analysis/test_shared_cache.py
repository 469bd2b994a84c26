"""Pages that are kept for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.shared_cache import find
from cycle_inspector.records import Finding
from tests.analysis._responses import cycle_with


def found(*args: Any, **given: Any) -> list[Finding]:
    return list(find(cycle_with(*args, **given), Thresholds()))


@pytest.mark.parametrize("control", ["public, max-age=60", "s-maxage=60"])
def test_finds_a_page_by_cookie_that_is_kept_for_all(control: str) -> None:
    (finding,) = found(sent={"Vary": "Accept, Cookie", "Cache-Control": control})
    assert finding.code == "CI503"


@pytest.mark.parametrize("control", ["private, max-age=60", "max-age=0", "no-store"])
def test_does_not_find_a_page_by_cookie_that_is_private(control: str) -> None:
    assert found(sent={"Vary": "Cookie", "Cache-Control": control}) == []
    assert found(sent={"Vary": "Accept", "Cache-Control": "public"}) == []
