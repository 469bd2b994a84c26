"""The pieces of source that a cycle keeps for its loops, as they were when it ran."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cycle_inspector.records import HIDDEN, Cycle, Frame, Stage, TemplateLine


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of a file."""

    path: str
    first: int
    lines: tuple[str, ...]

    def tree(self) -> ast.AST | None:
        """Return the syntax tree, its lines numbered as in the file; None if it cannot be read."""
        return _tree(self)

    def line(self, number: int) -> str:
        """Return a line by its number in the file."""
        return self.lines[number - self.first]

    def holds(self, path: str, line: int) -> bool:
        """Whether `line` of `path` is among its lines."""
        return path == self.path and self.first <= line < self.first + len(self.lines)


class Sources:
    """The blocks of a cycle, and its lines of templates."""

    def __init__(self, given: Iterable[Mapping[str, Any]]) -> None:
        self._blocks: list[Block] = []
        self._lines: dict[TemplateLine, str] = {}
        for one in given:
            lines = tuple(map(str, one.get("lines") or ()))
            if "template" in one:
                place = TemplateLine(name=str(one["template"]), line=int(one.get("first") or 0))
                self._lines[place] = "\n".join(lines)
            else:
                self._blocks.append(Block(str(one.get("path")), int(one.get("first") or 0), lines))

    def at(self, path: str, line: int) -> Block | None:
        """Return the smallest block around a line."""
        found = [block for block in self._blocks if block.holds(path, line)]
        return min(found, key=lambda block: len(block.lines), default=None)

    def of(self, frame: Frame) -> Block | None:
        """Return the smallest block around the line of a frame."""
        return self.at(frame.path, frame.line)

    def line_of(self, template: TemplateLine) -> str:
        """Return a line of a template, empty if it was not kept."""
        return self._lines.get(template, "")


def sources_of(cycle: Cycle) -> Sources:
    """Return the sources that `cycle` keeps."""
    given = cycle.stage(Stage.MODELS).facts.get("sources")
    return Sources(one for one in given or () if isinstance(one, Mapping))


@lru_cache(maxsize=100)
def _tree(block: Block) -> ast.AST | None:
    text = "\n".join(block.lines)
    if HIDDEN in text:
        return None
    is_indented = block.lines and block.lines[0][:1] in (" ", "\t")
    try:
        tree = ast.parse(f"if 1:\n{text}\n" if is_indented else text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return ast.increment_lineno(tree, block.first - (2 if is_indented else 1))


@lru_cache(maxsize=400)
def nodes_of(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes below `tree`, and itself, the outer ones first; walked once for each."""
    return tuple(ast.walk(tree))
