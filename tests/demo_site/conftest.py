"""One seeded demo that serves all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.demo_site.process import Demo
from tests.server import Visitor


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the demo."""
    demo = Demo(folder=tmp_path_factory.mktemp("demo"))
    demo.run("seed")
    with demo.serve() as url:
        yield url


@pytest.fixture
def visitor(demo_url: str) -> Visitor:
    """Return a visitor of the demo who has no cookies yet."""
    return Visitor(demo_url)
