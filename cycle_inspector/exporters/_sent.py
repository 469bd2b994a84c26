"""What the client sent, as far as the record has it, for the exporters that repeat a request.

A secret was hidden before it was kept, a long text was cut, and a body that nobody read was never
seen: in the place of a secret stands `PLACEHOLDER`, and `hidden` and `lacks` say what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cycle_inspector.records import HIDDEN, Cycle, Facts, Json, Stage

PLACEHOLDER = "REDACTED"

Pair = tuple[str, Json]

# Cut by the collectors: a text, a list or an object.
_CUT = re.compile(r"… \(\d+ more (?:characters|bytes)\)\Z|… \(\d+ bytes\)\Z")
_LEFT_OUT = re.compile(r"… \d+ more\Z|…\Z|<[\w.]+ of \d+>\Z")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # RFC 9110: the name of a header
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it can be sent again; at most one of `form`, `json` and `text` is there."""

    method: str
    url: str  # empty where the record has none
    headers: tuple[tuple[str, str], ...]  # without the cookies
    cookies: tuple[str, ...]  # their names: their values are never kept
    content_type: str
    user: str | None
    session_keys: tuple[str, ...]
    form: tuple[Pair, ...] = ()
    files: tuple[Facts, ...] = ()  # name, filename, content_type: never what was in them
    json: Json = None
    has_json: bool = False
    text: str | None = None
    hidden: tuple[str, ...]  # where a placeholder stands
    lacks: tuple[str, ...]  # sentences

    @property
    def path(self) -> str:
        """Path and query of the address, whose host may be none that can be parsed."""
        return f"/{self.url.partition('://')[2].partition('/')[2]}"

    @property
    def is_multipart(self) -> bool:
        return self.content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def what_was_sent(cycle: Cycle) -> Sent | None:
    """Return the request of `cycle`; None for a block, and where nothing of it was recorded."""
    facts = cycle.stage(Stage.CLIENT).facts
    method = str(facts.get("method") or cycle.request.get("method") or "")
    if cycle.kind == "block" or not method:
        return None
    headers = list(_pairs(facts.get("headers")))
    cookies = tuple(str(name) for name, _ in _pairs(facts.get("cookies")))
    form = tuple(_pairs(facts.get("form")))
    files = tuple(one for one in facts.get("files") or () if isinstance(one, dict))
    kept = [(name, str(value)) for name, value in headers if _TOKEN.match(name)]
    return Sent(
        method=method,
        url=_shown(str(facts.get("url") or "")),
        headers=tuple((name, _shown(value)) for name, value in kept if name.lower() != "cookie"),
        cookies=cookies,
        content_type=next((v for name, v in kept if name.lower() == "content-type"), ""),
        user=facts.get("user"),
        session_keys=tuple(map(str, facts.get("session_keys") or ())),
        form=tuple((name, _shown(value)) for name, value in form if name != "…"),
        files=files,
        json=_shown(facts.get("json")),
        has_json="json" in facts,
        text=_shown(facts["text"]) if isinstance(facts.get("text"), str) else None,
        hidden=tuple(dict.fromkeys(_hidden(facts, kept, cookies))),
        lacks=tuple(_lacks(facts, form, files)),
    )


def one_line(text: object) -> str:
    """Return `text` without what would end a line or hide a part of it, for a comment."""
    return _CONTROLS.sub(" ", str(text)).strip()


def is_cut(value: Json) -> bool:
    """Whether the record has only a part of `value`."""
    if isinstance(value, str):
        return bool(_CUT.search(value) or _LEFT_OUT.match(value))
    if isinstance(value, dict):
        return "…" in value or any(map(is_cut, value.values()))
    return isinstance(value, list | tuple) and any(map(is_cut, value))


def _pairs(given: Any) -> Iterator[Pair]:
    for one in given or ():
        if isinstance(one, list | tuple) and len(one) == 2:
            yield str(one[0]), one[1]


def _shown(value: Any) -> Any:
    """Return `value` with a placeholder for each secret."""
    if isinstance(value, str):
        return value.replace(HIDDEN, PLACEHOLDER)
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items() if key != "…"}
    return [_shown(one) for one in value] if isinstance(value, list | tuple) else value


def _hidden(
    facts: Facts, headers: Iterable[tuple[str, str]], cookies: Iterable[str]
) -> Iterator[str]:
    for pair in str(facts.get("url") or "").partition("?")[2].split("&"):
        if HIDDEN in pair:
            yield f"the query parameter {pair.partition('=')[0]}"
    for name, value in headers:
        if HIDDEN in value and name.lower() != "cookie":
            yield f"the header {name}"
    yield from (f"the cookie {name}" for name in cookies)
    for name, value in _pairs(facts.get("form")):
        yield from (f"the field {one}" for one in _hidden_in(name, value))
    yield from (f"{one or 'a value'} in the JSON" for one in _hidden_in("", facts.get("json")))
    if HIDDEN in str(facts.get("text") or ""):
        yield "a part of the body"


def _hidden_in(name: str, value: Json) -> Iterator[str]:
    if isinstance(value, str) and HIDDEN in value:
        yield name
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _hidden_in(f"{name}.{key}" if name else key, one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _hidden_in(name, one)


def _lacks(facts: Facts, form: tuple[Pair, ...], files: tuple[Facts, ...]) -> Iterator[str]:
    if is_cut(str(facts.get("url") or "")):
        yield "The address was too long to be kept whole."
    if any(name == "…" or is_cut(value) for name, value in form):
        yield "The fields were too many or too long to be kept whole."
    if files:
        yield "What was in the files is not kept, only their names."
    if is_cut(facts.get("json")):
        yield "The JSON was too long or too deep to be kept whole."
    if is_cut(facts.get("text")):
        yield "The body was too long to be kept whole."
    size = facts.get("body_bytes")
    if size and not form and not files and "json" not in facts and "text" not in facts:
        unread = ", as the project did not read it" if facts.get("body") == "unread" else ""
        yield f"The body of {size} bytes is not in the record{unread}."
