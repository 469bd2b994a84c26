"""Text that is not packed."""

from __future__ import annotations

from typing import Any

import pytest

from cycle_inspector.analysis import Thresholds
from cycle_inspector.analysis.uncompressed_text import find
from cycle_inspector.records import Finding
from tests.analysis._responses import cycle_with


def found(*args: Any, **given: Any) -> list[Finding]:
    return list(find(cycle_with(*args, **given), Thresholds()))


def test_finds_much_text_that_is_not_packed() -> None:
    (finding,) = found(size=150_000)
    assert (finding.code, finding.title) == (
        "CI502",
        "150 kB of text were sent without compression",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"size": 99_999},
        {"size": 150_000, "sent": {"Content-Encoding": "gzip"}},
        {"size": 150_000, "asked": "identity"},
        {"size": 150_000, "url": "http://shop.example/"},
        {"size": 150_000, "url": "https://localhost:8000/"},
        {"size": 150_000, "url": "https://127.0.0.1/"},
    ],
)
def test_does_not_find_text_that_is_small_packed_or_of_development(given: Any) -> None:
    assert found(**given) == []
