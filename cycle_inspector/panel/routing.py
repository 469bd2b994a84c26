"""The routing stage as it is shown: the route beside the path, its name, what nearly matched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cycle_inspector.panel import side_events
from cycle_inspector.records import HIDDEN, Cycle, Stage

Row = tuple[str, str, str | None]
"""A pattern that was tried: its text, its mark, its name if known."""

_PARAMETER = re.compile(r"<(?:[^>:]+:)?([^>]+)>")
_CODE = re.compile(r"`([^`]*)`")


def context(cycle: Cycle) -> dict[str, Any]:
    """Return what the template of the stage needs beside the facts."""
    facts = cycle.stage(Stage.ROUTING).facts
    near = [_miss(one) for one in facts.get("near") or []]
    tried = [str(one) for one in facts.get("tried") or []]
    count = max(facts.get("tried_count") or 0, len(tried))
    is_match = facts.get("route") is not None
    return {
        # That no pattern matched is told in a better way than by Django's exception.
        "events": [
            one
            for one in side_events.others(cycle)
            if one.stage is Stage.ROUTING and one.kind != "not_found"
        ],
        "near": near,
        "tried": rows(tried, near={one["pattern"] for one in near}, is_match=is_match),
        "tried_count": count,
        # Of a match the last ones are kept, of a 404 the first.
        "tried_from": count - len(tried) + 1 if is_match else 1,
        "untold": 0 if is_match else count - len(tried),
        "fits": _fits(facts) if is_match else [],
        "names": _names(facts),
        "captured": captured(facts),
        "path": facts.get("path_info") or cycle.request.get("path"),
        "status": cycle.response.get("status"),
    }


def rows(tried: list[str], *, near: set[str], is_match: bool) -> list[Row]:
    """Return each pattern with its mark: "near", "matched" or none."""
    listed: list[Row] = [(one, "near" if one in near else "", None) for one in tried]
    if is_match and listed:
        listed[-1] = (listed[-1][0], "matched", None)  # Django counts it among those it tried
    return listed


def pieces(sentence: str) -> list[tuple[str, bool]]:
    """Return a sentence in pieces; those that stood between backticks are code.

    >>> pieces("`a/` matched.")
    [('a/', True), (' matched.', False)]
    """
    found = [(text, bool(at % 2)) for at, text in enumerate(_CODE.split(sentence))]
    return [(text, is_code) for text, is_code in found if text]


def captured(facts: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the arguments of the view: name or position, value, and where it came from."""
    given = set(facts.get("extra_kwargs") or [])
    listed: list[tuple[Any, ...]] = [
        (str(at), value, "") for at, value in enumerate(facts.get("args") or [])
    ]
    for name, value, converter in facts.get("kwargs") or []:
        listed.append((name, value, "given in the URLconf" if name in given else converter or ""))
    return listed


def _miss(one: Mapping[str, Any]) -> dict[str, Any]:
    return {**one, "said": pieces(str(one.get("sentence") or ""))}


def _fits(facts: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """Return the parts of a route of `path()` beside those of the path, and which are variable."""
    route, path = str(facts.get("route")), facts.get("path_info")
    names = _PARAMETER.findall(route)
    if not names or not isinstance(path, str):
        return []
    split = _PARAMETER.split(route)  # literal text and names of parameters, in turns
    inside = "".join("(.+?)" if at % 2 else f"({re.escape(text)})" for at, text in enumerate(split))
    found = re.fullmatch(inside, path.removeprefix("/"))
    if found is None:  # a regular expression
        return []
    hidden = {name for name, value, _ in facts.get("kwargs") or [] if value == HIDDEN}
    given = [one[0] for one in _PARAMETER.finditer(route)]
    fits = []
    for at, text in enumerate(split):
        if at % 2:
            value = HIDDEN if text in hidden else found[at + 1]
            fits.append((given[at // 2], value, True))
        elif text:
            fits.append((text, text, False))
    return fits


def _names(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return how to write the address by its name: in Python, and in a template."""
    if not facts.get("url_name"):
        return []
    name = _literal(facts.get("view_name"))
    given = set(facts.get("extra_kwargs") or [])
    kwargs = {
        str(key): _literal(value) for key, value, _ in facts.get("kwargs") or [] if key not in given
    }
    args = [] if kwargs else [_literal(one) for one in facts.get("args") or []]
    in_python, in_template = name, name
    if kwargs:
        in_python += ", kwargs={" + ", ".join(f'"{k}": {v}' for k, v in kwargs.items()) + "}"
        in_template += "".join(f" {key}={value}" for key, value in kwargs.items())
    elif args:
        in_python += f", args=[{', '.join(args)}]"
        in_template += "".join(f" {one}" for one in args)
    return [("In Python", f"reverse({in_python})"), ("In a template", f"{{% url {in_template} %}}")]


def _literal(value: Any) -> str:
    """Return a value as Python and a template's tag both take it; secrets and objects as dots."""
    if value == HIDDEN or (isinstance(value, str) and value.startswith("<")):
        return "..."
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value) if isinstance(value, int | float) else "..."
