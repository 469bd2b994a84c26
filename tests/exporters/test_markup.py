from __future__ import annotations

import doctest

import pytest

from cycle_inspector.exporters import _markup
from cycle_inspector.exporters._markup import code, fence, text


def test_examples_are_true() -> None:
    assert doctest.testmod(_markup).failed == 0


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("N+1: 40 × catalog.Book.author", "N+1: 40 × catalog.Book.author"),
        ('Add .select_related("author") here.', 'Add .select_related("author") here.'),
        ("<img src=x>", r"\<img src=x\>"),
        ("[a](b)", r"\[a\](b)"),
        ("a|b", r"a\|b"),
        ("a\n# b", r"a \# b"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("12) a", r"12\) a"),
        ("1.5 ms", "1.5 ms"),
        ("__init__", r"\_\_init\_\_"),
        ("a `b`", r"a \`b\`"),
        ("&amp;", r"\&amp;"),
        ("@ada did it", "`@ada did it`"),
        ("see http://example.com", "`see http://example.com`"),
        ("see WWW.example.com", "`see WWW.example.com`"),
        ("\u202eoff", "�off"),
    ],
)
def test_text_is_text(given: str, written: str) -> None:
    assert text(given) == written


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("a", "`a`"),
        ("", "` `"),
        ("a`b", "``a`b``"),
        ("``", "``` `` ```"),
        ("a\n\n```\nb", "````a ``` b````"),
    ],
)
def test_code_is_one_line_of_code(given: str, written: str) -> None:
    assert code(given) == written


@pytest.mark.parametrize("ticks", ["", "`", "```", "`````"])
def test_fence_is_longer_than_any_in_it(ticks: str) -> None:
    written = fence(f"a\n{ticks}\n# b\n{ticks}html", "sql").split("\n")

    assert written[0].endswith("sql")
    assert written[-1] == written[0].removesuffix("sql")
    assert len(written[-1]) > len(ticks)
    assert len(written[-1]) >= 3


def test_fence_keeps_its_lines() -> None:
    assert fence("\na\r\n  b\t\x1b[2J\n") == "```\na\n  b\t�[2J\n```"
