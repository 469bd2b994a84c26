"""What is different between two settings snapshots: a comparison of their facts, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cycle_inspector.records import Facts, Json

Change = dict[str, Json]
"""`what` has changed (as in "setting"), its `name`, and how it was `before` and is `after`: only
one of them where it was added or removed."""


def compare(before: Facts, after: Facts) -> list[Change]:
    """Return the changes from one snapshot to another, settings first."""
    changes: list[Change] = []
    for what, key, named in _PARTS:
        old, new = (dict(named(facts.get(key))) for facts in (before, after))
        changes.extend(_changes(what, old, new))
    if not changes and before.get("apps") != after.get("apps"):
        changes.append({"what": "apps", "name": "their order"})
    return changes


def _changes(what: str, old: dict[str, Json], new: dict[str, Json]) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield {"what": what, "name": name, "before": old[name]}
        elif name not in old:
            yield {"what": what, "name": name, "after": new[name]}
        elif old[name] != new[name]:
            yield {"what": what, "name": name, "before": old[name], "after": new[name]}


def _pairs(given: Any) -> Iterator[tuple[str, Json]]:
    yield from ((str(one[0]), one[1]) for one in given or () if _is_pair(one))


def _names(given: Any) -> Iterator[tuple[str, Json]]:
    yield from ((str(one), "installed") for one in given or ())


def _engines(given: Any) -> Iterator[tuple[str, Json]]:
    for one in given or ():
        if isinstance(one, dict):
            alias = str(one.get("alias"))
            yield alias, one.get("engine")
            for option, value in _pairs(one.get("options")):
                yield f"{alias} {option}", value


def _single(given: Any) -> Iterator[tuple[str, Json]]:
    if given is not None:
        yield "", given


def _is_pair(given: Any) -> bool:
    return isinstance(given, list | tuple) and len(given) == 2


_PARTS: tuple[tuple[str, str, Callable[[Any], Iterator[tuple[str, Json]]]], ...] = (
    ("settings module", "module", _single),
    ("setting", "differs", _pairs),
    ("app", "apps", _names),
    ("Python", "python", _single),
    ("Django", "django", _single),
    ("package", "versions", _pairs),
    ("database", "databases", _engines),
    ("cache", "caches", _engines),
)
