"""Who asked, once more: a loop sends one statement a hundred times, always the same way.

A walk up the stack (see `_frames`) makes an object of each frame it passes, which is most of what a
query costs. The second time that a statement is sent inside of an open span or render, it is noted
what told its place: the project's frames, the node of the template, the descriptor, the method, and
the frame of ours where the walk ended, each with its depth. From then on those few are looked at;
where they are the same, at the same depths, the place is. `sys._getframe(depth)` passes the frames
between without making objects of them.

The frame where the walk ended runs for as long as that span or render is open, so its identity is
nobody else's meanwhile.
"""

from __future__ import annotations

import sys
from types import CodeType, FrameType
from typing import Any

from cycle_inspector.collectors import _frames
from cycle_inspector.collectors._places import Place
from cycle_inspector.collectors._sources import KEEP, rule_of
from cycle_inspector.recorder import Opened

# Statements that are remembered inside of one span or render; those of a loop are among the first.
_MOST = 100

# How many of our own frames stand between `look_up`, or `_is_same`, and whoever called the hook.
_TO_CALLER = 3
_FROM_CHECK = _TO_CALLER + 1


class _Way:
    """What told the place of a statement; depths count from the caller of the hook, that being 0.

    `checks` are a depth, the code there, and its offset; or, in the place of that, None and what
    stands in the frame's `self`, and the type of what stands in its `instance`.
    """

    __slots__ = ("checks", "end", "end_code", "end_depth", "place")

    def __init__(
        self,
        place: Place,
        checks: list[tuple[int, CodeType, int | None, Any, type | None]],
        end: FrameType,
        end_depth: int,
    ) -> None:
        self.place = place
        self.checks = tuple(checks)
        self.end = id(end)
        self.end_code = end.f_code
        self.end_depth = end_depth


def look_up(inside: Opened | None, sql: Any) -> Place:
    """Return where the statement `sql` was asked for.

    Called by what the hook calls: the walk begins at the caller of that. `inside` is the innermost
    open span or render.
    """
    if inside is None or type(sql) is not str:
        return _frames.look_up(sys._getframe(_TO_CALLER), inside)
    ways: dict[str, _Way | bool] | None = inside.ways
    if ways is None:
        ways = inside.ways = {}
    way = ways.get(sql)
    if type(way) is _Way and _is_same(way):
        return way.place
    frame = sys._getframe(_TO_CALLER)
    place = _frames.look_up(frame, inside)
    if way is True:  # it has been sent once
        ways[sql] = _way(place, frame, inside) or False
    elif way is None and len(ways) < _MOST:
        ways[sql] = True
    return place


def _is_same(way: _Way) -> bool:
    try:
        end = sys._getframe(way.end_depth + _FROM_CHECK)
        if id(end) != way.end or end.f_code is not way.end_code:
            return False
        for depth, code, offset, owner, model in way.checks:
            frame = sys._getframe(depth + _FROM_CHECK)
            if frame.f_code is not code:
                return False
            if offset is not None:
                if frame.f_lasti != offset:
                    return False
            else:
                names = frame.f_locals
                if names.get("self") is not owner:
                    return False
                if model is not None and type(names.get("instance")) is not model:
                    return False
    except ValueError:  # the stack is not that deep
        return False
    return True


def _way(place: Place, frame: FrameType | None, inside: Opened) -> _Way | None:
    """Return what told `place`, by the same steps as `_frames.look_up`.

    None if the walk ended at no frame of ours, or went on in the stack of another thread.
    """
    checks: list[tuple[int, CodeType, int | None, Any, type | None]] = []
    is_node_found = is_descriptor_found = is_kept = False
    method: list[tuple[int, CodeType, int | None, Any, type | None]] = []
    depth = 0
    while frame is not None:
        code = frame.f_code
        role = _frames.role_of(code)
        if rule_of(code) == KEEP:
            is_kept = True
            checks.append((depth, code, frame.f_lasti, None, None))
        elif role is _frames.METHOD and not is_kept and not is_node_found:
            method = [(depth, code, frame.f_lasti, None, None)]  # the outermost
        elif role is _frames.NODE and not is_node_found:
            is_node_found = True
            checks.append((depth, code, None, frame.f_locals.get("self"), None))
        elif role is _frames.DESCRIPTOR and not is_descriptor_found:
            names = frame.f_locals
            if (instance := names.get("instance")) is not None:
                is_descriptor_found = True
                checks.append((depth, code, None, names.get("self"), type(instance)))
        elif role is _frames.STOP or (role is _frames.RENDER and hasattr(inside, "above")):
            return _Way(place, checks + method, frame, depth)
        elif role is _frames.HAND_OVER:
            return None
        frame = frame.f_back
        depth += 1
    return None
