"""The pieces of source that a cycle keeps."""

from __future__ import annotations

import ast

from cycle_inspector.analysis._sources import Block, Sources, sources_of
from cycle_inspector.records import HIDDEN, TemplateLine
from tests.factories import make_cycle, make_frame

OUTER = {"path": "/a.py", "first": 1, "lines": ["class A:", "    def b(self):", "        pass"]}
INNER = {"path": "/a.py", "first": 2, "lines": ["    def b(self):", "        pass"]}


def test_the_smallest_block_around_a_line_is_taken() -> None:
    block = Sources([OUTER, INNER]).of(make_frame(path="/a.py", line=3))
    assert block is not None
    assert block.first == 2
    assert block.line(3) == "        pass"


def test_another_file_or_line_has_none() -> None:
    sources = Sources([OUTER])
    assert sources.at("/b.py", 1) is None
    assert sources.at("/a.py", 4) is None


def test_lines_of_a_method_are_numbered_as_in_the_file() -> None:
    block = Sources([INNER]).at("/a.py", 2)
    assert block is not None
    tree = block.tree()
    assert tree is not None
    (method,) = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert (method.lineno, method.end_lineno, method.col_offset) == (2, 3, 4)


def test_source_that_is_none_or_hides_something_has_no_tree() -> None:
    assert Block("/a.py", 1, ("def (",)).tree() is None
    assert Block("/a.py", 1, (f"password = '{HIDDEN}'",)).tree() is None
    assert Block("/a.py", 1, ("a = 1",)).tree() is not None


def test_lines_of_templates() -> None:
    sources = Sources([{"template": "list.html", "first": 3, "lines": ["{{ a }}"]}])
    assert sources.line_of(TemplateLine(name="list.html", line=3)) == "{{ a }}"
    assert sources.line_of(TemplateLine(name="list.html", line=4)) == ""


def test_a_cycle_that_keeps_none() -> None:
    assert sources_of(make_cycle()).at("/a.py", 1) is None
